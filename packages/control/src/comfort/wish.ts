/**
 * What people wish for in a room: a temperature, how far it may be off, and a fan setting, for every hour of a weekday
 * and of a weekend day by the clock on the wall (as the settings of the heat pumps in the thesis had it, section 5.3),
 * and exceptions with a beginning and an end.
 */
import { type Static, Type } from 'typebox'
import { type LocalTime, localTime } from './local-time.ts'

const temperature = Type.Number({ minimum: 5, maximum: 30, unit: '°C', title: 'Wanted temperature (°C)' })
const deviation = Type.Number({ minimum: 0, maximum: 5, unit: 'K', title: 'May be off by (K)' })
const fan = Type.String({ minLength: 1, maxLength: 40, title: "Fan's step, in the unit's own word" })

/** What is not known here was meant for something else: a wish that goes unheard is worse than one refused. */
const closed = { additionalProperties: false }

const HourlyWish = Type.Object({ temperature, deviation, fan: Type.Optional(fan) }, closed)
export type HourlyWish = Static<typeof HourlyWish>

const Day = Type.Array(HourlyWish, { minItems: 24, maxItems: 24, description: 'One for each hour, from 00 to 23' })

export const exceptionKinds = {
  away: 'Nobody is at home: it may be cool',
  guests: 'People are there all day: the warmest wish of the day, kept closely',
  boost: 'Warmer for a while',
} as const
export type ExceptionKind = keyof typeof exceptionKinds

export const Exception = Type.Object(
  {
    kind: Type.Enum(['away', 'guests', 'boost']),
    from: Type.String({ format: 'date-time' }),
    /** Not part of it. */
    to: Type.String({ format: 'date-time' }),
    temperature: Type.Optional(temperature),
    deviation: Type.Optional(deviation),
    fan: Type.Optional(fan),
  },
  closed,
)
export type Exception = Static<typeof Exception>

export const Comfort = Type.Object(
  {
    weekday: Day,
    weekend: Day,
    exceptions: Type.Array(Exception, { maxItems: 100 }),
    /** Local dates that are kept as a weekend day: holidays. */
    restDays: Type.Optional(Type.Array(Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\d$' }), { maxItems: 200 })),
  },
  closed,
)
export type Comfort = Static<typeof Comfort>

export type Wish = {
  /** °C. */
  readonly temperature: number
  /** Temperature less and plus the allowed deviation, °C. */
  readonly lowest: number
  readonly highest: number
  readonly fan?: string
  /** Where it comes from. */
  readonly from: 'weekday' | 'weekend' | ExceptionKind
}

/** Away: frost is the guard's business, this is what a house recovers from in a day. */
const awayTemperature = 16
const awayDeviation = 2
const guestsDeviation = 0.5
const boostBy = 1.5
const boostDeviation = 0.5

/** When several hold at once, whoever is at home decides. */
const precedence: readonly ExceptionKind[] = ['boost', 'guests', 'away']

/** The same wish at every hour; a start for people and tests. */
export function evenComfort(temperature: number, deviation: number, fan?: string): Comfort {
  const day = Array.from({ length: 24 }, () => ({ temperature, deviation, ...(fan === undefined ? {} : { fan }) }))
  return { weekday: day, weekend: day, exceptions: [] }
}

/** What a room begins with: 21 °C by day, 19 °C from 22 to 6, a kelvin off allowed. */
export function usualComfort(): Comfort {
  const day = Array.from({ length: 24 }, (_, hour) => ({ temperature: hour < 6 || hour >= 22 ? 19 : 21, deviation: 1 }))
  return { weekday: day, weekend: day, exceptions: [] }
}

/**
 * What is wished for at a time. Of several exceptions boost goes before guests and guests before away; of two of a kind
 * the one that began later counts. An exception with a time that cannot be read, or that ends before it begins, never
 * holds.
 *
 * @param time ms since 1970, UTC
 * @param zone IANA name of the house's zone
 */
export function wishAt(comfort: Comfort, time: number, zone: string): Wish {
  const local = localTime(time, zone)
  const usual = hourly(comfort, local)
  const exception = holdingAt(comfort.exceptions, time)
  if (!exception) return madeOf(usual.wish, usual.from)
  const { kind } = exception
  const changed = changedBy(kind, usual.wish, usual.day)
  return madeOf(
    {
      temperature: exception.temperature ?? changed.temperature,
      deviation: exception.deviation ?? changed.deviation,
      fan: exception.fan ?? changed.fan,
    },
    kind,
  )
}

/** The wishes of a stretch of time, one for each step, for whoever plans ahead. */
export const wishesBetween = (
  comfort: Comfort,
  { from, to, stepMinutes }: { readonly from: number; readonly to: number; readonly stepMinutes: number },
  zone: string,
): Wish[] =>
  Array.from({ length: Math.max(0, Math.ceil((to - from) / (stepMinutes * 60_000))) }, (_, i) =>
    wishAt(comfort, from + i * stepMinutes * 60_000, zone),
  )

function hourly(comfort: Comfort, { date, weekday, hour }: LocalTime) {
  const from = weekday > 5 || comfort.restDays?.includes(date) ? ('weekend' as const) : ('weekday' as const)
  const day = comfort[from]
  const wish = day[hour]
  if (!wish) throw new RangeError(`The ${from} has no wish for hour ${hour}; it needs 24`)
  return { wish, day, from }
}

function holdingAt(exceptions: readonly Exception[], time: number): Exception | undefined {
  const holding = exceptions.filter(({ from, to }) => Date.parse(from) <= time && time < Date.parse(to))
  return holding.toSorted(
    (a, b) => precedence.indexOf(a.kind) - precedence.indexOf(b.kind) || Date.parse(b.from) - Date.parse(a.from),
  )[0]
}

function changedBy(kind: ExceptionKind, usual: HourlyWish, day: readonly HourlyWish[]): HourlyWish {
  switch (kind) {
    case 'away':
      return { ...usual, temperature: Math.min(usual.temperature, awayTemperature), deviation: awayDeviation }
    case 'guests':
      return {
        ...usual,
        temperature: Math.max(...day.map(({ temperature }) => temperature)),
        deviation: Math.min(usual.deviation, guestsDeviation),
      }
    case 'boost':
      return { ...usual, temperature: usual.temperature + boostBy, deviation: boostDeviation }
  }
}

const madeOf = ({ temperature, deviation, fan }: HourlyWish, from: Wish['from']): Wish => ({
  temperature,
  lowest: temperature - deviation,
  highest: temperature + deviation,
  ...(fan === undefined ? {} : { fan }),
  from,
})
