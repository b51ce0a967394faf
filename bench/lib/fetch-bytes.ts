/** The leanest HTTP client Node has, for every side of a comparison: a connection that stays open, the body's bytes. */
import { Agent, request } from 'node:http'

const agent = new Agent({ keepAlive: true, maxSockets: 4 })

export type Asked = {
  readonly url: string
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The answer is only read to its last byte: it comes back empty. */
  readonly discard?: boolean
}

/** @returns the whole answer; what is not 200 is an error */
export function fetchBytes({ url, method = 'GET', headers = {}, body, discard = false }: Asked): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const asked = request(url, { method, headers: { ...headers, ...length }, agent }, (answer) => {
      const pieces: Buffer[] = []
      answer.on('data', (piece: Buffer) => {
        if (!discard || answer.statusCode !== 200) pieces.push(piece)
      })
      answer.on('error', reject)
      answer.on('end', () => {
        const whole = Buffer.concat(pieces)
        if (answer.statusCode === 200) resolve(whole)
        else reject(new Error(`${url} answered ${answer.statusCode}: ${whole.toString().slice(0, 500)}`))
      })
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

/** Ends the connections that stand open. */
export const closeConnections = (): void => agent.destroy()
