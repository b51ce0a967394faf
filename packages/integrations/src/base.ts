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
 * @throws TypeError when either is not an http(s) or mqtt(s) address, or one speaks MQTT and the other does not
 */
export function resolveBase(defaultBase: string, override?: string): string {
  const base = parse(defaultBase)
  if (override === undefined || override.trim() === '') return write(originOf(base), segments(base.pathname))
  const other = parse(override.trim())
  if (isMqtt(base) !== isMqtt(other))
    throw new TypeError(`The address must begin ${isMqtt(base) ? 'mqtt(s)' : 'http(s)'}://`)
  const wanted = segments(other.pathname)
  const usual = segments(base.pathname)
  return write(originOf(other), startsWith(usual, wanted) ? usual : wanted)
}

function parse(address: string): URL {
  const url = new URL(address)
  if (!/^(http|mqtt)s?:$/.test(url.protocol)) throw new TypeError('The address must begin http(s):// or mqtt(s)://')
  return url
}

const isMqtt = ({ protocol }: URL) => /^mqtts?:$/.test(protocol)

/** What `URL.origin` is for http; other schemes have none there. */
const originOf = (url: URL) => (isMqtt(url) ? `${url.protocol}//${url.host}` : url.origin)

const write = (origin: string, path: readonly string[]): string => [origin, ...path].join('/')
