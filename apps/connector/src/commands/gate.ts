/**
 * Lets an integration's code change nothing at its vendor before the command is claimed. The gate stands between the
 * permit of the account's budget and the wire, so that neither a long wait for that permit nor what was commanded
 * meanwhile lets an old command out.
 */
import type { Http, Link } from '@nabolag/integrations/define'

export type Gate = {
  readonly http: Http
  readonly link: Link
}

/**
 * Counts calls under way that change something: while there are any, each permit leads through the gate. And those that
 * the vendor has taken.
 */
export type Changing = { count: number; taken: number }

/**
 * @param pass resolves when the command may be sent; throws, every time, when it may not
 * @param changing what the one who gives permits looks at
 */
export function guard(
  tools: { readonly http: Http; readonly link: Link },
  pass: () => Promise<void>,
  changing: Changing,
): Gate {
  const { http, link } = tools
  const change = async <T>(call: () => Promise<T>, isTaken = (_: T) => true): Promise<T> => {
    changing.count++
    try {
      const answer = await call()
      if (isTaken(answer)) changing.taken++
      return answer
    } finally {
      changing.count--
    }
  }
  const guarded: Http = {
    get: (path, options) => http.get(path, options),
    post: (path, options) => change(() => http.post(path, options)),
    put: (path, options) => change(() => http.put(path, options)),
    patch: (path, options) => change(() => http.patch(path, options)),
    delete: (path, options) => change(() => http.delete(path, options)),
    exchange: (method, path, options) =>
      method === 'GET'
        ? http.exchange(method, path, options)
        : change(
            () => http.exchange(method, path, options),
            ({ status }) => status < 400,
          ),
  }
  return {
    http: guarded,
    link: {
      ...link,
      http: guarded,
      mqtt: async (connection) => {
        const says = (connection.hello?.length ?? 0) > 0 || connection.beat !== undefined
        const opened = await (says ? change(() => link.mqtt(connection)) : link.mqtt(connection))
        return {
          batches: opened.batches,
          close: () => opened.close(),
          publish: async (message) => {
            await pass()
            await opened.publish(message)
            changing.taken++
          },
        }
      },
    },
  }
}
