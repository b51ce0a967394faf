/** What people wish for in a room: a temperature, how far it may be off, and the fans, hour by hour. */
import { ask } from '../../api.ts'

export type HourlyWish = {
  /** °C. */
  readonly temperature: number
  /** K. */
  readonly deviation: number
  readonly fan?: string
}
export type Day = readonly HourlyWish[]
export const dayKinds = ['weekday', 'weekend'] as const
export type DayKind = (typeof dayKinds)[number]
export type ExceptionKind = 'away' | 'guests' | 'boost'
export type Exception = {
  readonly kind: ExceptionKind
  readonly from: string
  readonly to: string
  readonly temperature?: number
  readonly deviation?: number
  readonly fan?: string
}
export type Comfort = Readonly<Record<DayKind, Day>> & {
  readonly exceptions: readonly Exception[]
  /** Local dates that are kept as a weekend day. */
  readonly restDays?: readonly string[]
}
export type NewException = {
  readonly kind: ExceptionKind
  readonly from?: string
  readonly to: string
  readonly temperature?: number
}

const path = (houseId: number, room: number) => `/api/houses/${houseId}/rooms/${room}/comfort`
export const comfortKey = (houseId: number, room: number) => ['comfort', houseId, room] as const
export const comfort = (houseId: number, room: number) => ask<Comfort>(path(houseId, room))
/** The exceptions stay as they are. */
export const setComfort = (houseId: number, room: number, wanted: Omit<Comfort, 'exceptions'>) =>
  ask<Comfort>(path(houseId, room), 'PUT', wanted)
export const addException = (houseId: number, room: number, exception: NewException) =>
  ask(`${path(houseId, room)}/exceptions`, 'POST', exception)
export const removeException = (houseId: number, room: number, index: number) =>
  ask(`${path(houseId, room)}/exceptions/${index}`, 'DELETE')

/** Bounds of what may be wished, °C and K. */
export const temperatureBound = { min: 5, max: 30 } as const
export const deviationBound = { min: 0, max: 5 } as const

/** The day with the same wish from one hour up to another, not included; over midnight where it ends before it begins. */
export function painted(day: Day, from: number, to: number, wish: HourlyWish): Day {
  const within = (hour: number) => (from < to ? hour >= from && hour < to : hour >= from || hour < to)
  return day.map((before, hour) => (within(hour) ? wish : before))
}

/** Hours that follow each other with one wish. */
export type Block = { readonly from: number; readonly to: number; readonly wish: HourlyWish }

export const isSame = (a: HourlyWish, b: HourlyWish): boolean =>
  a.temperature === b.temperature && a.deviation === b.deviation && (a.fan ?? '') === (b.fan ?? '')

export function blocksOf(day: Day): Block[] {
  const blocks: Block[] = []
  for (const [hour, wish] of day.entries()) {
    const last = blocks.at(-1)
    if (last && isSame(last.wish, wish)) blocks[blocks.length - 1] = { ...last, to: hour + 1 }
    else blocks.push({ from: hour, to: hour + 1, wish })
  }
  return blocks
}

export const hourName = (hour: number): string => `${String(hour).padStart(2, '0')}:00`

/** `00:00 to 06:00 18 °C, 06:00 to 24:00 21 °C`. */
export const describeDay = (day: Day): string =>
  blocksOf(day)
    .map(({ from, to, wish }) => `${hourName(from)} to ${hourName(to)} ${wish.temperature} °C`)
    .join(', ')

/** Settings of the fan that days have and a unit does not know. */
export const unknownFans = (days: readonly Day[], levels: readonly string[]): string[] => [
  ...new Set(days.flatMap((day) => day.flatMap(({ fan }) => (fan === undefined || levels.includes(fan) ? [] : [fan])))),
]

export const kindWords: Readonly<Record<ExceptionKind, string>> = {
  away: 'Away',
  guests: 'Guests',
  boost: 'Boost',
}
export const kindMeaning: Readonly<Record<ExceptionKind, string>> = {
  away: 'Nobody is at home: it may be cool, 16 °C if you do not say otherwise.',
  guests: 'People are there all day: the warmest wish of the day, kept closely.',
  boost: 'Warmer for a while: 1.5 °C more if you do not say otherwise.',
}
