/** Mill's log-ins: an access token for ten minutes, and a refresh token that is good for one new pair. */
import { randomUUID } from 'node:crypto'

export type TokenPair = { readonly idToken: string; readonly refreshToken: string }

const lifetime = 600_000

export function makeMillTokens(now: () => number) {
  const access = new Map<string, { readonly owner: string; readonly until: number }>()
  const refresh = new Map<string, string>()
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

  function open(owner: string): TokenPair {
    for (const [token, { until }] of access) if (until <= now()) access.delete(token)
    const until = now() + lifetime
    const idToken = `${part({ alg: 'none' })}.${part({ sub: owner, exp: Math.floor(until / 1000), jti: randomUUID() })}.x`
    const refreshToken = randomUUID()
    access.set(idToken, { owner, until })
    refresh.set(refreshToken, owner)
    return { idToken, refreshToken }
  }

  return {
    open,
    /** A new pair for a refresh token, once; `undefined` for any other token. */
    renew: (token: string): TokenPair | undefined => {
      const owner = refresh.get(token)
      return refresh.delete(token) && owner !== undefined ? open(owner) : undefined
    },
    end: (token: string) => refresh.delete(token),
    /** Whose access token it is, while it is good. */
    access: (token: string): string | undefined => {
      const found = access.get(token)
      return found && found.until > now() ? found.owner : undefined
    },
    /** Whose token it is or was, of either kind. */
    ownerOf: (token: string): string | undefined => access.get(token)?.owner ?? refresh.get(token),
  }
}
