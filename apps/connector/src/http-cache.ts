/** What the vendors allow to be kept of their answers, bounded in number and size; the least used goes first. */
export type Kept = {
  readonly body: string
  /** ms since the epoch. */
  readonly expires: number
  /** Exactly as the vendor wrote it: it goes back in `If-Modified-Since`. */
  readonly lastModified: string | undefined
  readonly etag: string | undefined
  /** When the vendor gave it, ms; `undefined` when it is not to be shared any more. */
  readonly at?: number | undefined
}

export type HttpCache = {
  get(key: string): Kept | undefined
  set(key: string, kept: Kept): void
  readonly size: number
  readonly characters: number
}

export function makeHttpCache({ entries = 5000, characters: most = 64 * 2 ** 20 } = {}): HttpCache {
  const kept = new Map<string, Kept>()
  let characters = 0
  const remove = (key: string) => {
    const old = kept.get(key)
    if (!old) return
    characters -= old.body.length
    kept.delete(key)
  }
  return {
    get(key) {
      const found = kept.get(key)
      if (!found) return undefined
      kept.delete(key)
      kept.set(key, found)
      return found
    },
    set(key, value) {
      remove(key)
      if (value.body.length > most / 4) return
      kept.set(key, value)
      characters += value.body.length
      for (const oldest of kept.keys()) {
        if (kept.size <= entries && characters <= most) break
        remove(oldest)
      }
    },
    get size() {
      return kept.size
    },
    get characters() {
      return characters
    },
  }
}

/** No answer is used for longer, whatever the vendor says: one wrong header would silence a device for a year. */
const longestHold = 24 * 3_600_000

/** Whether an answer may be used without asking again; a time too far ahead is one of a clock, here or there, that was wrong. */
export const isFresh = ({ expires }: Kept, now: number): boolean => expires > now && expires <= now + longestHold

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** One header as text. */
export const headerOf = (headers: Headers, name: string): string | undefined => {
  const value = headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

/** Until when an answer may be used without asking again, a day at most; `undefined` when the vendor does not say. */
export function expiryOf(headers: Headers, now: number): number | undefined {
  const said = saidExpiry(headers, now)
  return said === undefined ? undefined : Math.min(said, now + longestHold)
}

function saidExpiry(headers: Headers, now: number): number | undefined {
  const control = headerOf(headers, 'cache-control') ?? ''
  if (/\bno-store\b|\bno-cache\b/i.test(control)) return undefined
  const seconds = /\bmax-age=(\d+)/i.exec(control)?.[1]
  if (seconds !== undefined) {
    const age = Number(headerOf(headers, 'age') ?? 0)
    return now + Math.max(0, Number(seconds) - (Number.isFinite(age) ? age : 0)) * 1000
  }
  const expires = Date.parse(headerOf(headers, 'expires') ?? '')
  if (Number.isNaN(expires)) return undefined
  // Measured on the vendor's clock where it shows it, so that a wrong clock here asks neither early nor never.
  const date = Date.parse(headerOf(headers, 'date') ?? '')
  return Number.isNaN(date) ? expires : now + Math.max(0, expires - date)
}

/** No pause that a vendor asks for is longer, ms. */
const longestPause = 7 * 24 * 3_600_000

/** A time (ms) until which to wait as a vendor or an integration gave it: within 7 days; `undefined` when it is none. */
export const pauseOf = (until: number | undefined, now: number): number | undefined =>
  until === undefined || Number.isNaN(until) ? undefined : Math.min(Math.max(until, now), now + longestPause)

/** `Retry-After` as ms since the epoch: seconds or an HTTP date; `undefined` when absent or unreadable. */
export function retryAfterOf(headers: Headers, now: number): number | undefined {
  const text = headerOf(headers, 'retry-after')?.trim()
  if (!text) return undefined
  return pauseOf(/^\d+(\.\d+)?$/.test(text) ? now + Number(text) * 1000 : Date.parse(text), now)
}
