/** A house whose sensors, clock, prices, forecasts, plans and memory go wrong in every way there is, for property tests. */
import fc from 'fast-check'
import type { Wanted } from '../controls/define-control.ts'
import type { Plan } from '../mpc/plan.ts'
import { usualGrid } from '../mpc/view.ts'
import type { SpotEntry } from '../prices/spot.ts'
import type { Mode } from '../safety/limits.ts'
import type { Reading } from '../safety/readings.ts'
import type { HouseSetup, LoopSetup, Outlook } from './types.ts'

export const minute = 60_000
export const hour = 60 * minute

/** Evenings before the days with 25 and 23 hours, and one of winter. */
export const starts = ['2026-10-24T18:00:00Z', '2026-03-28T18:00:00Z', '2026-01-20T04:00:00Z'].map(Date.parse)

const often = <T>(usual: readonly T[], times: number, ...rare: readonly T[]) =>
  fc.constantFrom(...Array.from({ length: times }, () => usual).flat(), ...rare)
const anything = fc.constantFrom<unknown>(null, 'none', -1e300, 1e17, [], {}, [null], [[]], true, { at: 'now' })

export const priceKinds = ['hours', 'quarters', 'negative', 'huge', 'holes', 'yesterday', 'none'] as const
export const planKinds = ['none', 'own', 'other-house', 'thermostat', 'garbage'] as const
export type SensorLuck = 'sends' | 'late' | 'repeats' | 'missing' | 'future' | 'jumps' | 'odd' | 'empty'

/** What befalls a house between two turns. */
export const luck = fc.record({
  /** Tenths of its unit that each measured thing moves by. */
  walk: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 4, maxLength: 4 }),
  sensors: fc.array(often<SensorLuck>(['sends'], 9, 'late', 'repeats', 'missing', 'future', 'jumps', 'odd', 'empty'), {
    minLength: 4,
    maxLength: 4,
  }),
  odd: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -127, 85, null),
  minutes: often([5], 30, 0, 1, 47, 95, 310, -30, -200, 60 * 30),
  held: fc.array(often(['told'], 6, 'missing', 'by-hand', 'odd', 'old', 'cools'), { minLength: 4, maxLength: 4 }),
  weather: often(['whole'], 6, 'none', 'odd', 'short'),
  plan: often<(typeof planKinds)[number]>(['none', 'none', 'own'], 4, 'other-house', 'thermostat', 'garbage'),
  mode: often<Mode>(['control'], 12, 'advise', 'observe'),
  paused: often([false], 8, true),
  memory: often(['kept'], 12, 'lost', 'corrupted'),
  where: fc.array(fc.nat({ max: 30 }), { minLength: 5, maxLength: 5 }),
  instead: anything,
})
export type Luck = typeof luck extends fc.Arbitrary<infer T> ? T : never

const limits = fc.record(
  {
    lowest: fc.integer({ min: 8, max: 18 }),
    highest: fc.integer({ min: 19, max: 30 }),
    minutesBetween: fc.integer({ min: 5, max: 60 }),
    movesPerDay: fc.integer({ min: 1, max: 40 }),
    frost: fc.integer({ min: 6, max: 10 }),
  },
  { requiredKeys: [] },
)

const day = (by: number) =>
  Array.from({ length: 24 }, (_, n) => ({ temperature: (n < 6 ? 18 : 21) + by, deviation: n % 4 === 0 ? 0 : 1 }))

/** Two rooms, a heat pump and a heater, with a ventilation unit and a battery, each control in turn. */
export const house = fc
  .record({
    controllers: fc.array(fc.constantFrom('schedule', 'price-responsive-pi', 'model-predictive', 'gone'), {
      minLength: 2,
      maxLength: 2,
    }),
    limits: fc.array(limits, { minLength: 4, maxLength: 4 }),
    start: fc.constantFrom(...starts),
    first: fc.double({ min: 5, max: 29, noNaN: true }),
    prices: fc.constantFrom(...priceKinds),
    isTold: fc.boolean(),
    isTrial: fc.boolean(),
    isBounded: fc.boolean(),
  })
  .map(({ controllers, limits: own, start, isTold, isTrial, isBounded, ...rest }) => {
    const loop = (id: number, kind: LoopSetup['kind'], rest: object) =>
      ({ id, kind, mode: 'control', settings: {}, limits: own[id - 1]!, ...rest }) as LoopSetup
    const at = { device: 'cloud', count: 0 }
    const temperature = { minimum: 16, maximum: 30, step: 1 }
    const setup: HouseSetup = {
      ...{ id: 3, name: 'House 3', timezone: 'Europe/Oslo', latitude: 60, longitude: 10 },
      ...(isTold && { prices: { area: 'NO1', gridCompany: 'elvia' }, built: 1980 }),
      ...(isBounded && { cap: 3, fuse: 9 }),
      ...(isTrial && { experiment: { from: '2026-01-01', to: '2026-12-31', seed: 4 } }),
      battery: { capacity: 10, power: 4.5 },
      rooms: [
        { id: 1, name: 'Stue', area: 50, comfort: { weekday: day(1), weekend: day(0), exceptions: [] }, sensors: [] },
        { id: 2, name: 'Bad', comfort: { weekday: day(2), weekend: day(2), exceptions: [] }, sensors: [] },
      ],
      loops: [
        loop(1, 'heating', {
          ...{ room: 1, controller: controllers[0] },
          actuator: {
            ...{ ...at, location: 'Stue', capability: 'thermostat' },
            verbs: { setTargetTemperature: { temperature }, setOn: {}, setMode: {}, setFallback: {} },
          },
        }),
        loop(2, 'heating', {
          ...{ room: 2, controller: controllers[1] },
          actuator: { ...at, location: 'Bad', capability: 'heater' },
        }),
        loop(3, 'ventilation', {
          controller: 'ventilation',
          actuator: { ...at, location: '', capability: 'ventilation' },
        }),
        loop(4, 'battery', { controller: 'battery', actuator: { ...at, location: '', capability: 'battery' } }),
      ],
    }
    return { setup, start, ...rest }
  })

const known = new Map<string, SpotEntry[]>()

/** Eight days back, and published until the midnight after next; the same list for the same question. */
export function spotOf(kind: (typeof priceKinds)[number], start: number): SpotEntry[] {
  const key = `${kind} ${start}`
  const made = known.get(key)
  if (made) return made
  const step = kind === 'quarters' ? hour / 4 : hour
  const [back, ahead] = kind === 'yesterday' ? [8, -1] : kind === 'none' ? [0, 0] : kind === 'hours' ? [8, 2] : [2, 1]
  const count = ((back + ahead) * 24 * hour) / step
  const entries = Array.from({ length: count }, (_, n): SpotEntry => {
    const at = start - back * 24 * hour + n * step
    const clock = new Date(at).getUTCHours()
    const usual = clock >= 16 && clock < 20 ? 2 : clock < 5 ? 0.2 : 0.7
    const price = kind === 'negative' ? usual - 1.5 : kind === 'huge' && n % 7 === 0 ? 60 * usual : usual
    const hole = [Number.NaN, null, Number.POSITIVE_INFINITY][n % 3] as number | null
    return { start: at, end: at + step, price: kind === 'holes' && n % 5 > 1 ? hole : price }
  })
  known.set(key, entries)
  return entries
}

export function weatherOf(kind: string, now: number): Outlook[] {
  const count = kind === 'none' ? 0 : kind === 'short' ? 3 : 70
  return Array.from({ length: count }, (_, n) => {
    const odd = kind === 'odd' && n % 3 > 0
    const temperature = odd ? ([Number.NaN, 1e9][n % 2] as number) : -4
    return { at: now + (n - 1) * hour, temperature, irradiance: odd ? Number.NaN : 100, solarPower: 500, humidity: 80 }
  })
}

/** One more reading, or what came in its place; the newest dozen. */
export function nextReadings(
  before: readonly Reading[],
  what: SensorLuck,
  { now, value, odd }: { readonly now: number; readonly value: number; readonly odd: number | null },
): Reading[] {
  const last = before.at(-1)
  const one = {
    ...{ sends: { at: now - minute, value }, late: { at: now - 50 * minute, value } },
    ...{ future: { at: now + hour, value }, jumps: { at: now - minute, value: value + 9 } },
    odd: { at: now - minute, value: odd },
    repeats: last && { ...last },
    missing: undefined,
    empty: undefined,
  }[what]
  return what === 'empty' ? [] : [...before, ...(one ? [one] : [])].slice(-12)
}

/** The word of an actuator about itself. */
export function heldOf(what: string, set: Wanted, now: number) {
  const word = { at: now - 2 * minute, set, mode: 'heat', power: 300 }
  if (what === 'missing') return undefined
  if (what === 'by-hand') return { ...word, since: now - hour, set: { ...set, temperature: 17, on: false } }
  if (what === 'odd')
    return { at: Number.NaN, set: { temperature: Number.NaN, on: 'yes', power: Number.NaN }, power: -1 }
  if (what === 'old') return { ...word, at: now - 9 * hour }
  return what === 'cools' ? { ...word, mode: 'cool' } : word
}

const row = (value: number) => usualGrid.steps.map(() => value)

/** A plan as it may be handed in: from a worker, a database, another house, or out of its mind. */
export function planOf(kind: (typeof planKinds)[number], now: number, { where, instead }: Luck): Plan | undefined {
  if (kind === 'none') return undefined
  const room = (name: string) => ({
    ...{ name, temperature: row(21.4), structure: row(20), heat: row(1), pump: row(0.4), resistance: row(0) },
    discomfort: 0,
  })
  const plan: Plan = {
    ...{ status: kind === 'thermostat' ? 'thermostat' : 'optimal', because: 'The cheapest plan', assumed: [] },
    ...{ from: now, steps: usualGrid.steps },
    homes: [
      {
        ...{ name: kind === 'other-house' ? 'elsewhere' : 'home', rooms: [room('1'), room('2')], power: row(0.8) },
        battery: { energy: row(5), charge: row(where[0]! > 15 ? 2 : 0), discharge: row(where[0]! > 15 ? 0 : 1) },
        ...{ cost: 20, price: row(1), limits: [] },
      },
    ],
  }
  return kind === 'garbage' ? (corrupted(plan, where, instead) as Plan) : plan
}

/** The same JSON with something else in one place. */
export function corrupted(value: unknown, where: readonly number[], instead: unknown): unknown {
  const [step, ...rest] = where
  if (step === undefined || typeof value !== 'object' || value === null) return instead
  const keys = Object.keys(value)
  if (keys.length === 0) return instead
  const key = keys[step % keys.length]!
  const inner = corrupted((value as Record<string, unknown>)[key], step % 4 === 0 ? [] : rest, instead)
  return Array.isArray(value) ? value.with(Number(key), inner) : { ...value, [key]: inner }
}
