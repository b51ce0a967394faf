/** What can go wrong at a vendor, switched while it runs. */

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
} as const

export type Fault = keyof typeof faults

export type FaultOptions = {
  readonly retryAfter?: number
  readonly status?: number
  readonly seconds?: number
  /** Only for this token or key; for everybody when absent. */
  readonly account?: string
}

export type Faults = {
  set(fault: Fault, options?: FaultOptions): void
  unset(fault: Fault): void
  clear(): void
  /** The options of a fault that is on for that account, and counts that it was carried out. */
  strike(fault: Fault, account: string | undefined): FaultOptions | undefined
  /** The same without counting. */
  active(fault: Fault, account: string | undefined): FaultOptions | undefined
  readonly on: Readonly<Partial<Record<Fault, FaultOptions>>>
  /** How often each was carried out. */
  readonly struck: Readonly<Record<Fault, number>>
  /** Told of each fault that is switched on. */
  onSet(listener: (fault: Fault) => void): void
}

export const isFault = (name: unknown): name is Fault => typeof name === 'string' && Object.hasOwn(faults, name)

export function makeFaults(): Faults {
  const on: Partial<Record<Fault, FaultOptions>> = {}
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
      on[fault] = options
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
