/** Faults that only one vendor has, switched over HTTP beside the common ones. */
import type { Question, Reply } from './server.ts'

export type Quirks<Name extends string> = {
  /** The options of a quirk that is on for that account. */
  active(name: Name, account: string | undefined): Readonly<Record<string, unknown>> | undefined
  set(name: Name, options?: Readonly<Record<string, unknown>>): void
  clear(): void
  /** Answers `/_quirks`: `GET` lists, `POST {quirk, on, account?, …}` switches, `DELETE` ends all; else `undefined`. */
  answer(question: Question): Reply | undefined
}

export function makeQuirks<Name extends string>(menu: Readonly<Record<Name, string>>): Quirks<Name> {
  const on = new Map<Name, Readonly<Record<string, unknown>>>()
  const isName = (name: unknown): name is Name => typeof name === 'string' && Object.hasOwn(menu, name)
  return {
    active: (name, account) => {
      const options = on.get(name)
      return options && (options.account === undefined || options.account === account) ? options : undefined
    },
    set: (name, options = {}) => void on.set(name, options),
    clear: () => on.clear(),
    answer: ({ method, path, body }) => {
      if (path !== '/_quirks') return undefined
      if (method === 'DELETE') on.clear()
      if (method === 'POST') {
        const {
          quirk,
          on: wanted,
          ...options
        } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
        if (!isName(quirk)) return { status: 400, body: { message: 'There is no such quirk', menu } }
        if (wanted === false) on.delete(quirk)
        else on.set(quirk, options)
      }
      return { status: 200, body: { on: Object.fromEntries(on), menu } }
    },
  }
}
