/** What a house's data tell of it, each with an interval, the days it rests on, and a sentence for the owner. */
import type { Identified, Interval } from '../estimate/identify.ts'
import { type Cooling, type Day, energySignature, type Signature } from '../estimate/signature.ts'
import { coolingConstant } from './cooling-constant.ts'
import type { HouseDay } from './days.ts'
import { memoryDoubt, serialReach, withMemory } from './serial.ts'

export type Lacking = { readonly outcome: 'not-enough-data'; readonly because: string; readonly days: number }
export type Told<T> = (T & { readonly outcome: 'found'; readonly days: number; readonly sentence: string }) | Lacking

export const lacking = (because: string, days: number): Lacking => ({ outcome: 'not-enough-data', because, days })

const watts = ({ value, low, high }: Interval) =>
  `${Math.round(1000 * value)} W (between ${Math.round(1000 * low)} and ${Math.round(1000 * high)})`

export type SignatureInsight = Told<{
  readonly signature: Extract<Signature, { outcome: 'found' }>
  /** kWh a day for each kelvin outdoors. */
  readonly perKelvin: Interval
}>

/** How the house's electricity follows the weather. */
export function signatureInsight(given: readonly HouseDay[]): SignatureInsight {
  const known = withMemory(given, ({ energy }) => energy).flatMap(({ date, energy, outdoor, sun }) =>
    outdoor === undefined || !Number.isFinite(energy) || !Number.isFinite(outdoor)
      ? []
      : [{ date, power: energy / 24, outdoor, ...(sun !== undefined && { sun }) }],
  )
  // A day whose sun is not known is not a day without sun.
  const lit = known.filter(({ sun }) => sun !== undefined)
  const days = lit.length >= 0.8 * known.length ? lit : known.map(({ sun: _, ...day }) => day)
  const fitted = energySignature(days)
  if (fitted.outcome !== 'found') return fitted
  const signature = withSerialError(fitted, days)
  const { slope, days: count, base, begins, explained } = signature
  const perKelvin = { value: 24 * slope.value, low: 24 * slope.low, high: 24 * slope.high }
  const bend =
    base === undefined || begins === undefined
      ? ''
      : `; above ${begins.toFixed(0)} °C it draws ${Math.round(1000 * base)} W whatever the weather`
  const told =
    slope.low > 0
      ? `For each degree that it is colder outdoors the house draws ${watts(slope)} more${bend}. The weather explains ${Math.round(100 * Math.max(0, explained))} % of the differences between ${count} days`
      : `Over ${count} days what the house draws does not clearly follow the weather: ${watts(slope)} for each degree`
  return { outcome: 'found', days: count, signature, perKelvin, sentence: told }
}

type FoundSignature = Extract<Signature, { outcome: 'found' }>

/** The same line with the intervals that days in a row allow. */
function withSerialError(
  signature: FoundSignature,
  days: readonly (Day & { readonly date: string })[],
): FoundSignature {
  const { slope, solar, base, begins, atZero } = signature
  const coldOf = (outdoor: number) => (begins === undefined ? -outdoor : Math.max(0, begins - outdoor))
  const rows = days.map(({ outdoor, sun = 0 }) => [1, coldOf(outdoor), ...(solar ? [-sun] : [])])
  const at = [base ?? atZero, slope.value, solar?.value ?? 0]
  const left = days.map(({ power }, n) => power - rows[n]!.reduce((sum, value, i) => sum + value * at[i]!, 0))
  // Days far from the line weigh less (Huber), as in the fit.
  const sizes = left.map(Math.abs).toSorted((a, b) => a - b)
  const usual = 1.345 * 1.4826 * (sizes[Math.floor(sizes.length / 2)] ?? 0)
  const weights = left.map((error) => Math.min(1, Math.max(1e-9, usual) / Math.max(1e-12, Math.abs(error))))
  const reach = serialReach({ rows, left, weights, dates: days.map(({ date }) => date) })
  if (!reach) return signature
  const around = ({ value }: Interval, by: number): Interval => ({ value, low: value - by, high: value + by })
  const doubt = Math.hypot(reach[1]!, memoryDoubt * slope.value)
  return { ...signature, slope: around(slope, doubt), ...(solar && { solar: around(solar, reach[2]!) }) }
}

export type RoomModelSeen = {
  readonly room: number
  readonly name: string
  /** The newest accepted; absent while there is none. */
  readonly accepted?: Pick<NonNullable<Identified['model']>, 'heatLoss' | 'slow'> & { readonly days?: number }
  /** What the newest attempt said. */
  readonly because?: string
}

export type RoomLoss = Told<Interval> & { readonly room: number; readonly name: string }

/** Heat loss of a room as its model has it, kW/K. */
export function roomLoss({ room, name, accepted, because }: RoomModelSeen): RoomLoss {
  if (!accepted) return { room, name, ...lacking(because ?? 'No model of this room has been tried yet', 0) }
  const { heatLoss, days = 0 } = accepted
  const sentence = `${name} loses ${watts(heatLoss)} for each degree that it is warmer inside. This takes the heat pump's efficiency as its type has it; heat that goes to another room counts as lost`
  return { room, name, outcome: 'found', ...intervalOf(heatLoss), days, sentence }
}

const intervalOf = ({ value, low, high }: Interval): Interval => ({ value, low, high })

export type TimeConstantInsight = Told<Interval> & {
  readonly room: number
  readonly name: string
  readonly by: 'model' | 'night-cooling'
}

/** How long the structure of a room holds its heat, h: by its model. */
export function modelTimeConstant({ room, name, accepted, because }: RoomModelSeen): TimeConstantInsight {
  const which = { room, name, by: 'model' } as const
  if (!accepted) return { ...which, ...lacking(because ?? 'No model of this room has been tried yet', 0) }
  const { slow, days = 0 } = accepted
  return { ...which, outcome: 'found', ...intervalOf(slow), days, sentence: holds(name, slow, 'by its model') }
}

/** The same from nights in which nothing heated. */
export function coolingInsight(
  { room, name }: { readonly room: number; readonly name: string },
  nights: readonly (readonly Cooling[])[],
): TimeConstantInsight {
  const which = { room, name, by: 'night-cooling' } as const
  const found = coolingConstant(nights)
  if (found.outcome !== 'found') return { ...which, ...lacking(found.because, found.nights) }
  const how = `from ${found.nights} nights in which nothing heated, if people, machines and warmer rooms held it 0 to 4 K above the outdoors`
  const told = holds(name, found.hours, how)
  return { ...which, outcome: 'found', ...intervalOf(found.hours), days: found.nights, sentence: told }
}

const holds = (name: string, { value, low, high }: Interval, how: string) =>
  `Without heat ${name} loses two thirds of its warmth above the outdoors in ${value.toFixed(0)} hours (between ${low.toFixed(0)} and ${high.toFixed(0)}), ${how}`
