/**
 * The address a vendor is reached at: its own, or what somebody put in its place (a simulator, a proxy, a test).
 */

const segments = (path: string): string[] => path.split('/').filter((segment) => segment !== '')

const startsWith = (whole: readonly string[], part: readonly string[]): boolean =>
  part.length <= whole.length && part.every((segment, index) => segment === whole[index])

/**
 * The base address to use.
 *
 * An override that is only an origin, or whose path is where the default's path begins (segment by segment), keeps the
 * default's full path: the vendor moved, its paths did not. Any other path replaces the default's.
 *
 * @param override absent or empty: the default
 * @returns the address without a closing slash, query or fragment
 * @throws TypeError when either is not an http(s) address
 */
export function resolveBase(defaultBase: string, override?: string): string {
  const base = parse(defaultBase)
  if (override === undefined || override.trim() === '') return write(base.origin, segments(base.pathname))
  const other = parse(override.trim())
  const wanted = segments(other.pathname)
  const usual = segments(base.pathname)
  return write(other.origin, startsWith(usual, wanted) ? usual : wanted)
}

function parse(address: string): URL {
  const url = new URL(address)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new TypeError('The address must begin http(s)://')
  return url
}

const write = (origin: string, path: readonly string[]): string => [origin, ...path].join('/')
