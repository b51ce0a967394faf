/** The web page at `/`: the built files, and its first page for every address the page itself takes apart. */
import { resolve } from 'node:path'
import staticFiles from '@fastify/static'
import { Problem } from '@nabolag/core'
import type { FastifyRequest } from 'fastify'
import type { App } from './app.ts'
import { sendProblem } from './errors.ts'
import { pagePolicy } from './secure-headers.ts'

const aMonth = 30 * 24 * 3600

/**
 * A file is looked for when it is asked for: a page that is built anew while this runs has other names in `assets/`.
 *
 * @param folder the built page, with `index.html` and hashed files in `assets/`; without it every other address is a problem
 */
export async function serveWebPage(app: App, folder: string | undefined): Promise<void> {
  if (folder !== undefined)
    await app.register(staticFiles, {
      root: resolve(folder),
      cacheControl: false,
      setHeaders: (reply, path) => {
        reply.header('content-security-policy', pagePolicy)
        const hashed = /[\\/]assets[\\/]/.test(path)
        reply.header('cache-control', hashed ? `public, max-age=${aMonth}, immutable` : 'no-cache')
      },
    })
  app.setNotFoundHandler((request, reply) =>
    folder !== undefined && wantsPage(request)
      ? reply.sendFile('index.html')
      : sendProblem(Problem('not-found'), request, reply),
  )
}

/** An address of the API, or a script or picture that is missing, must not be answered with a page. */
const wantsPage = ({ method, url, headers }: FastifyRequest) => {
  const path = url.split('?')[0] ?? '/'
  if (method !== 'GET' || /^\/api(\/|$)/.test(path) || /\.[a-z0-9]{2,5}$/i.test(path)) return false
  return (headers.accept ?? '').includes('text/html')
}
