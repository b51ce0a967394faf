/**
 * No other page may act with a visitor's cookie. The cookie is SameSite=Lax already; this check stands besides it, for
 * browsers that do not know that, and for pages on a sibling domain.
 */
import { Problem } from '@nabolag/core'
import type { FastifyRequest } from 'fastify'

const reading = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Refuses a request that changes something and that a browser says comes from another origin. Programs (no `Origin`, no
 * `Sec-Fetch-Site`) pass.
 *
 * @param own the address people reach this server at, where it is known
 */
export function refuseCrossSite(request: FastifyRequest, own: string | undefined): void {
  if (reading.has(request.method)) return
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    throw Problem('not-allowed', 'The request comes from another site')
  const origin = request.headers.origin
  if (origin === undefined) return
  const host = URL.canParse(origin) ? new URL(origin).host : undefined
  const ownHost = own === undefined ? undefined : new URL(own).host
  if (host === undefined || (host !== request.host && host !== ownHost))
    throw Problem('not-allowed', 'The request comes from another site')
}
