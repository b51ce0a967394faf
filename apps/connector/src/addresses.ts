/** Where a vendor is reached: its own origins, or what `NABOLAG_VENDOR_URLS` puts in their place. */
import { VendorFailure } from '@nabolag/core'
import { resolveBase } from '@nabolag/integrations/base'

/** One of the vendor's addresses and the one that is used for it, neither with a closing slash. */
type Moved = { readonly from: string; readonly to: string }

export type Addresses = {
  /** What paths are relative to. */
  readonly base: string
  /** The base address first, then the further origins. */
  readonly moved: readonly Moved[]
  /** What stands in for every MQTT broker of the vendor; `undefined`: the vendor's own are used. */
  readonly mqtt: string | undefined
  readonly overridden: boolean
}

const isMqtt = (address: string) => /^mqtts?:/i.test(address)

/**
 * Reads an override: addresses separated by `|`, in the order of the vendor's base and further origins, the last one
 * serving all the rest. One that begins mqtt:// or mqtts:// stands for the vendor's brokers, and besides takes a place
 * in the order only where the vendor's own address there is a broker's.
 *
 * @throws TypeError for what is no address
 */
export function readAddresses(base: string, also: readonly string[] = [], override = ''): Addresses {
  const given = override
    .split('|')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  const web = given.filter((part) => !isMqtt(part))
  const mqtt = given.find(isMqtt)
  const inPlace = (own: string, index: number) => {
    if (isMqtt(own)) return resolveBase(own, mqtt)
    return resolveBase(own, web[Math.min(index, web.length - 1)] ?? (given.length > 0 ? noWebAddress : undefined))
  }
  const moved = [base, ...also].map((own, index) => ({ from: resolveBase(own), to: inPlace(own, index) }))
  return { base: moved[0]!.to, moved, mqtt, overridden: given.length > 0 }
}

/** Nobody answers there: an override that names only a broker must not let the rest through to the real vendor. */
const noWebAddress = 'http://127.0.0.1:9'

/**
 * The address of a call: a path of the base address, or a whole address at one of the vendor's origins.
 *
 * @throws VendorFailure `changed` for an address that is not the vendor's
 */
export function addressOf(
  { base, moved }: Addresses,
  path: string,
  query: Readonly<Record<string, string | number | boolean | undefined>> = {},
): URL {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(path) ? whole(moved, path) : new URL(join(base, path))
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value))
  return url
}

const join = (base: string, path: string) => {
  const rest = path.replace(/^\/+/, '')
  return rest === '' || /^[?#]/.test(rest) ? base + rest : `${base}/${rest}`
}

function whole(moved: readonly Moved[], address: string): URL {
  if (!URL.canParse(address)) throw new VendorFailure('changed', 'The integration asks an address that is none')
  const url = new URL(address)
  const found = moved.find(({ from }) => new URL(from).origin === url.origin)
  if (found) {
    const { from, to } = found
    // The longest common way: `https://a/v1` that moved to `http://b/x/v1` takes `https://a/v1/y` with it.
    if (from !== to && (url.href === from || /^[/?#]/.test(url.href.slice(from.length))) && url.href.startsWith(from))
      return new URL(to + url.href.slice(from.length))
    return new URL(new URL(to).origin + url.href.slice(url.origin.length))
  }
  // What the vendor (or who stands in for it) itself gave: a redirect, a link in an answer.
  if (moved.some(({ to }) => new URL(to).origin === url.origin)) return url
  throw new VendorFailure('changed', `The integration asks ${url.host}, which is not its vendor`)
}
