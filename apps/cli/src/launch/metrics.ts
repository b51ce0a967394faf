/** The figures of a role that has no web server of its own, for Prometheus. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

type Page = { readonly contentType: string; page(): Promise<string> }
type Log = { info(facts: object, message: string): void; warn(facts: object, message: string): void }

/** Serves `/metrics`. A port that is taken is told and left: the role runs without it. */
export async function serveMetrics(
  { contentType, page }: Page,
  { host, port, log }: { readonly host: string; readonly port: number; readonly log: Log },
): Promise<{ readonly port: number | undefined; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics')
      return response.writeHead(404, { 'content-type': 'text/plain' }).end('Only /metrics is here\n')
    page().then(
      (text) => response.writeHead(200, { 'content-type': contentType }).end(text),
      () => response.writeHead(500).end(),
    )
  })
  const listening = await new Promise<boolean>((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      log.warn({ host, port, reason: error.code }, 'the figures for Prometheus cannot be shown there')
      resolve(false)
    })
    server.listen(port, host, () => resolve(true))
  })
  if (listening) log.info({ host, port: (server.address() as AddressInfo).port }, 'shows figures for Prometheus')
  return {
    port: listening ? (server.address() as AddressInfo).port : undefined,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
