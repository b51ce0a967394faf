/** A question for data as people write it, and as the time series take it. */
import { isForecast, type Micros, microsFromMillis, Problem, parseTime } from '@nabolag/core'
import { aggregates, type ReadRequest, readFormats } from '@nabolag/timeseries'
import { type Static, Type } from 'typebox'

const Name = (description: string) => Type.String({ minLength: 1, maxLength: 63, description })
const Time = (description: string) => Type.String({ minLength: 1, maxLength: 40, description })

/** What every question for data may say besides its series. */
const range = {
  field: Name('Name of the measured field, such as `temperature`'),
  start: Time('ISO 8601, such as `2023-04-20T10:00`; without a zone it is UTC. Belongs to the range'),
  end: Type.Optional(
    Time('As `start`; does not belong to the range. Now when absent; for forecasts, as far as they go'),
  ),
  location: Type.Optional(Type.String({ maxLength: 256, description: 'Room or place' })),
  resolution: Type.Optional(
    Type.Union([Type.Number(), Type.String({ maxLength: 40 })], {
      description:
        'Seconds, or a duration such as `30s`, `5m`, `1h`, `1d`, `PT5M`: one value per so long. `raw`: every sample. When absent at most 2,000 points a series, with extremes and gaps kept',
    }),
  ),
  aggregate: Type.Optional(
    Type.Enum([...aggregates], {
      description: 'How the samples of one `resolution` become one value; `mean` when absent',
    }),
  ),
  timezone: Type.Optional(
    Type.String({ maxLength: 64, description: 'Such as `Europe/Oslo`: days begin at local midnight. UTC when absent' }),
  ),
  max_points: Type.Optional(
    Type.Integer({
      minimum: 16,
      maximum: 100_000,
      description: 'Without `resolution`: points a series, 2,000 when absent',
    }),
  ),
  asOf: Type.Optional(Time('Forecasts: what was known at that time. The newest issue when absent')),
}

const group = Type.Optional(Name('Measurement group, such as `airSensor`'))

/** For one kind of device: its group is known. */
export const DeviceQuestion = Type.Object({ ...range, group }, { additionalProperties: false })

/** For a whole house: what the house's devices and other publishers wrote. */
export const HouseQuestion = Type.Object(
  {
    ...range,
    group: Name('Measurement group, such as `airSensor`'),
    device: Type.Optional(Name('Name of the kind of device or of the publisher')),
    count: Type.Optional(Type.Integer({ minimum: 0, maximum: 9999, description: 'Which of several alike' })),
  },
  { additionalProperties: false },
)

const format = Type.Optional(Type.Enum([...readFormats], { description: 'Instead of the header `Accept`' }))
export const DeviceQuery = Type.Object({ ...DeviceQuestion.properties, format }, { additionalProperties: false })
export const HouseQuery = Type.Object({ ...HouseQuestion.properties, format }, { additionalProperties: false })

/** The series a question is about. */
export type Scope = { houseId: number; group: string; device?: string; count?: number }

/**
 * Makes the request for the time series.
 *
 * @param now µs; the end of a range that names none
 * @throws ProblemError `bad-request` that names the part that is wrong
 */
export function readRequestOf(
  question: Static<typeof DeviceQuestion>,
  scope: Scope,
  now: Micros = microsFromMillis(Date.now()),
): ReadRequest {
  const from = timeOf('start', question.start)
  const ahead = isForecast(scope.group) ? microsFromMillis(60 * 86_400_000) : 0
  const to = question.end === undefined ? now + ahead : timeOf('end', question.end)
  if (to <= from) throw wrong('end', 'must be after start')
  const resolution = resolutionOf(question.resolution)
  if (question.aggregate !== undefined && typeof resolution !== 'number')
    throw wrong('aggregate', 'needs a resolution, such as 300 or 5m')
  const timezone = question.timezone === undefined ? undefined : zoneNamed(question.timezone)
  if (question.timezone !== undefined && timezone === undefined)
    throw wrong('timezone', 'must be a name such as Europe/Oslo')
  return {
    ...scope,
    field: question.field,
    location: question.location,
    from,
    to,
    raw: resolution === 'raw' ? true : undefined,
    resolution: resolution === 'raw' ? undefined : resolution,
    aggregate: question.aggregate,
    timezone,
    maxPoints: question.max_points,
    asOf: question.asOf === undefined ? undefined : timeOf('asOf', question.asOf),
  }
}

/** `undefined` where the time is absent. */
export const optionalTime = (name: string, text: string | undefined): Micros | undefined =>
  text === undefined ? undefined : timeOf(name, text)

/** The same in ms. */
export const optionalMillis = (name: string, text: string | undefined): number | undefined =>
  text === undefined ? undefined : timeOf(name, text) / 1000

function timeOf(name: string, text: string): Micros {
  const time = parseTime(text)
  if (time === undefined)
    throw wrong(name, 'must be an ISO 8601 time such as 2023-04-20T10:00 or 2023-04-20T10:00:00+02:00')
  if (time < 0 || time > latest) throw wrong(name, 'must be between 1970 and 2200')
  return time
}

const latest = microsFromMillis(Date.UTC(2200, 0, 1))

const wrong = (path: string, expected: string) =>
  Problem('bad-request', `/${path} ${expected}`, { errors: [{ path: `/${path}`, expected }] })

const unitSeconds: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  sec: 1,
  m: 60,
  min: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
}
const shortDuration = /^(\d+(?:\.\d+)?)\s*(ms|s|sec|m|min|h|d|w)$/
const isoDuration = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/

/** Seconds, `raw`, or `undefined` where the server may choose. */
export function resolutionOf(given: number | string | undefined): number | 'raw' | undefined {
  if (given === undefined || given === 'auto') return undefined
  if (given === 'raw') return 'raw'
  const seconds = typeof given === 'number' ? given : secondsOf(given.trim())
  if (seconds === undefined)
    throw wrong('resolution', 'must be seconds, raw, or a duration such as 30s, 5m, 1h or PT5M')
  if (!(seconds >= 0.001 && seconds <= 366 * 86_400)) throw wrong('resolution', 'must be between 1 ms and 366 days')
  return seconds
}

function secondsOf(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text)
  const [, amount, unit] = shortDuration.exec(text.toLowerCase()) ?? []
  if (amount !== undefined && unit !== undefined) return Number(amount) * (unitSeconds[unit] ?? Number.NaN)
  const iso = isoDuration.exec(text.toUpperCase())
  if (!iso || iso.slice(1).every((part) => part === undefined)) return undefined
  const [weeks, days, hours, minutes, seconds] = iso.slice(1).map((part) => Number(part ?? 0))
  return weeks! * 604_800 + days! * 86_400 + hours! * 3600 + minutes! * 60 + seconds!
}

/** The name as ClickHouse knows it, which minds capitals; `undefined` for what is none, and for offsets. */
function zoneNamed(name: string): string | undefined {
  if (!/^[a-z]/i.test(name)) return undefined
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
  } catch {
    return undefined
  }
}
