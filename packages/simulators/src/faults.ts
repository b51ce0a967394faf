/**
 * What can go wrong at a vendor, switched while it runs. Who builds a vendor on `startVendor` gets refused, throttled,
 * mute, reset, outage, html, half, changed, nulls and missing for every HTTP answer without a line of his own. He adds
 * where they mean something: `duplicate` and `late` (in `Vendor.spoil`, or where the points are made), `dst` (by taking
 * the time from `shownTime` instead of `world.now()`), and all of them on streams of his own (`faults.strike`,
 * `faults.onSet`, `spoil`).
 */
import { changeBefore } from './world/local-time.ts'

export const faults = {
  refused: 'Nobody is let in, in the words of the vendor',
  throttled: '429; with `retryAfter` seconds in the header when given',
  mute: 'Connections are accepted and nothing is answered; open streams say nothing more',
  reset: 'Connections are cut at once',
  outage: '5xx (`status`, 503 when absent); open streams are closed as at a restart',
  html: '502 with a web page',
  half: 'Answers end in the middle of their JSON',
  changed: 'Answers have another shape',
  nulls: 'Numbers are null',
  missing: 'Numbers are left out',
  duplicate: 'Points come twice',
  late: 'Points come with a time of `seconds` ago (600 when absent)',
  rejected: 'Commands are not carried out, in the words of the vendor',
  dst: 'The vendor’s clock shows the last day on which Norwegian clocks changed (`season`: autumn when absent, or spring), beginning `seconds` after the change (-1800 when absent)',
} as const

export type Fault = keyof typeof faults

export type FaultOptions = {
  readonly retryAfter?: number
  readonly status?: number
  readonly seconds?: number
  readonly season?: 'spring' | 'autumn'
  /** Only for this token or key; for everybody when absent. */
  readonly account?: string
}

/** As it is kept: with the moment it was switched on, ms. */
type FaultOn = FaultOptions & { readonly since: number }

export type Faults = {
  set(fault: Fault, options?: FaultOptions): void
  unset(fault: Fault): void
  clear(): void
  /** The options of a fault that is on for that account, and counts that it was carried out. */
  strike(fault: Fault, account: string | undefined): FaultOn | undefined
  /** The same without counting. */
  active(fault: Fault, account: string | undefined): FaultOn | undefined
  readonly on: Readonly<Partial<Record<Fault, FaultOn>>>
  /** How often each was carried out. */
  readonly struck: Readonly<Record<Fault, number>>
  /** Told of each fault that is switched on. */
  onSet(listener: (fault: Fault) => void): void
}

export const isFault = (name: unknown): name is Fault => typeof name === 'string' && Object.hasOwn(faults, name)

export function makeFaults(): Faults {
  const on: Partial<Record<Fault, FaultOn>> = {}
  const struck = Object.fromEntries(Object.keys(faults).map((name) => [name, 0])) as Record<Fault, number>
  const listeners: ((fault: Fault) => void)[] = []
  const active = (fault: Fault, account: string | undefined) => {
    const options = on[fault]
    return options && (options.account === undefined || options.account === account) ? options : undefined
  }
  return {
    on,
    struck,
    active,
    set: (fault, options = {}) => {
      on[fault] = { ...options, since: Date.now() }
      for (const listener of listeners) listener(fault)
    },
    unset: (fault) => {
      delete on[fault]
    },
    clear: () => {
      for (const fault of Object.keys(on) as Fault[]) delete on[fault]
    },
    strike: (fault, account) => {
      const options = active(fault, account)
      if (options) struck[fault]++
      return options
    },
    onSet: (listener) => listeners.push(listener),
  }
}

/**
 * The time a vendor shows, ms: `now`, or with `dst` on one around the last change of the clocks before `now`, from where
 * it goes on at the usual pace. Counts as carrying out the fault.
 */
export function shownTime(faults: Faults, account: string | undefined, now: number): number {
  const dst = faults.strike('dst', account)
  if (!dst) return now
  return changeBefore(now, dst.season ?? 'autumn') + 1000 * (dst.seconds ?? -1800) + (Date.now() - dst.since)
}

/** Carries out on a document the faults that only spoil what it says. */
export function spoil(faults: Faults, account: string | undefined, body: unknown): unknown {
  let spoilt = body
  if (faults.strike('nulls', account)) spoilt = mapNumbers(spoilt, null)
  if (faults.strike('missing', account)) spoilt = mapNumbers(spoilt, undefined)
  if (faults.strike('changed', account)) spoilt = { version: 3, payload: [spoilt] }
  return spoilt
}

function mapNumbers(value: unknown, to: null | undefined): unknown {
  if (typeof value === 'number') return to
  if (Array.isArray(value)) return value.map((inner) => (typeof inner === 'number' ? null : mapNumbers(inner, to)))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mapNumbers(inner, to)]))
}
