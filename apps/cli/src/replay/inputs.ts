/** What a replay of a made-up or described house runs on: the house, its weather, its prices, and how sure forecasts are. */
import type { HouseSetup, PriceSettings, SpotEntry } from '@nabolag/control'
import { assumedNote, assumedPrices, checkHouseFile } from '@nabolag/control'
import { Problem } from '@nabolag/core'
import {
  describedHouse,
  makeTwin,
  type OutsideAt,
  simulatedHouse,
  simulatedNumbers,
  type Twin,
  type TwinGiven,
  weatherFrom,
  worldSpot,
  worldWeather,
} from '@nabolag/simulators/twin/index'
import { readJsonFile } from '../arguments.ts'
import { pricesIn } from './price-file.ts'
import { readSeriesFile } from './series-file.ts'
import { longestHole, weatherIn } from './weather-file.ts'

export type OwnInputs = {
  readonly prices?: string
  readonly priceColumn?: string
  readonly priceUnit?: string
  readonly rate?: number
  readonly finalPrices?: boolean
  readonly weather?: string
  readonly timeZone?: string
  readonly forecast?: 'usual' | 'perfect'
}

export type Span = { readonly from: number; readonly to: number; readonly warmUp: number }

/** What was taken from where, and what a person should know of it, in sentences. */
export type Notes = string[]

const hour = 3_600_000
const day = 24 * hour

/** Own prices and weather, as far as they are given; checked against the time they are for. */
export async function readOwnInputs(
  own: OwnInputs,
  span: Span,
  notes: Notes,
): Promise<{ readonly spot?: readonly SpotEntry[]; readonly weather?: ReturnType<typeof weatherIn>['points'] }> {
  if (own.prices === undefined)
    for (const [option, given] of [
      ['--price-column', own.priceColumn],
      ['--price-unit', own.priceUnit],
      ['--rate', own.rate],
      ['--final-prices', own.finalPrices],
    ] as const)
      if (given !== undefined) throw Problem('bad-request', `${option} is about a file of --prices, and none is given`)
  if (own.timeZone !== undefined) checkZone(own.timeZone)
  return {
    ...(own.prices !== undefined && { spot: await readPrices(own.prices, own, span, notes) }),
    ...(own.weather !== undefined && { weather: await readWeather(own.weather, own, span, notes) }),
  }
}

function checkZone(zone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
  } catch {
    throw Problem('bad-request', `--time-zone ${zone} is not known; write it as Europe/Oslo`)
  }
}

const timeText = (at: number) => `${new Date(at).toISOString().slice(0, 16)}Z`

/** The least and the most, of more than a call takes as arguments. */
const ends = (values: readonly number[]): readonly [number, number] =>
  values.reduce<[number, number]>(
    ([least, most], one) => [Math.min(least, one), Math.max(most, one)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  )

async function readPrices(path: string, own: OwnInputs, { from, to }: Span, notes: Notes) {
  const file = await readSeriesFile(path, own.timeZone)
  const { spot, column, unit } = pricesIn(file, { column: own.priceColumn, unit: own.priceUnit, rate: own.rate })
  const within = spot.filter(({ start, end }) => end > from && start < to)
  if (within.length === 0)
    throw Problem(
      'bad-request',
      `${path} has no price between ${timeText(from)} and ${timeText(to)}; it reaches from ${timeText(spot[0]!.start)} to ${timeText(spot.at(-1)!.end)}`,
    )
  const known = within.reduce((sum, { start, end }) => sum + Math.min(end, to) - Math.max(start, from), 0)
  const [least, most] = ends(within.map(({ price }) => price ?? 0)).map((price) => price.toFixed(3))
  const steps = [...new Set(within.map(({ start, end }) => (end - start) / 60_000))].toSorted((a, b) => a - b)
  notes.push(
    ...file.notes,
    `Prices: ${column} of ${path}, ${unit}${own.rate === undefined ? '' : ` at ${own.rate} NOK`}, every ${steps.join(' and ')} min, ${least} to ${most} NOK/kWh ${own.finalPrices ? 'as the house pays them' : 'of spot'}`,
  )
  if (known < to - from)
    notes.push(
      `${path} has no price for ${Number(((to - from - known) / hour).toFixed(2))} h of that time: controls see guesses there, and what they cost is not counted`,
    )
  if (spot.at(-1)!.end < to + day)
    notes.push(`${path} ends at ${timeText(spot.at(-1)!.end)}: towards the end nobody knows the prices of the next day`)
  return spot
}

async function readWeather(path: string, own: OwnInputs, { from, to, warmUp }: Span, notes: Notes) {
  const file = await readSeriesFile(path, own.timeZone)
  const { points, columns } = weatherIn(file)
  const [first, last] = [points[0]!.at, points.at(-1)!.at]
  if (first > from || last < to - hour)
    throw Problem(
      'bad-request',
      `${path} has weather from ${timeText(first)} to ${timeText(last)}, and is asked for ${timeText(from)} to ${timeText(to)}`,
    )
  // From the last before the time to the first after it, so that a hole over either end counts.
  const begin = points.findLastIndex(({ at }) => at <= from - warmUp)
  const end = points.findIndex(({ at }) => at >= to)
  const within = points.slice(Math.max(0, begin), end < 0 ? points.length : end + 1)
  const holes = within.flatMap(({ at }, n) => (n > 0 ? [{ at: within[n - 1]!.at, long: at - within[n - 1]!.at }] : []))
  const worst = holes.reduce((most, one) => (one.long > most.long ? one : most), { at: 0, long: 0 })
  if (worst.long > longestHole)
    throw Problem(
      'bad-request',
      `${path} knows nothing for ${Number((worst.long / hour).toFixed(1))} h from ${timeText(worst.at)} on: choose another time, or fill it`,
    )
  const [coldest, warmest] = ends(within.map(({ temperature = 0 }) => temperature))
  notes.push(
    ...file.notes,
    `Weather: ${Object.values(columns).join(', ')} of ${path}, ${coldest} to ${warmest} °C${columns.irradiance ? '' : ', the sun through its clouds'}`,
  )
  const usual = holes.map(({ long }) => long).toSorted((a, b) => a - b)[Math.floor(holes.length / 2)] ?? hour
  const missing = holes.filter(({ long }) => long > 1.5 * usual).length
  if (missing > 0) notes.push(`${path} has holes in that time (${missing}): a line is drawn over them`)
  if (first > from - warmUp) notes.push(`${path} begins at ${timeText(first)}: before that it is as then`)
  if (last < to + 2 * day) notes.push(`${path} ends at ${timeText(last)}: forecasts beyond it say as then`)
  return points
}

/** Prices that are all a kWh costs: nothing comes on top. A capacity step stays, as it is no price of a kWh. */
export const finalPrices = ({ area, capacity, capacityByHand }: PriceSettings): PriceSettings => {
  const from = '2000-01-01'
  const nothing = [{ from, value: 0 }]
  return {
    ...{ area, gridEnergy: [{ from, base: 0, rules: [] }], support: [{ from, scheme: 'none' }] },
    ...{ electricityTax: nothing, enovaFee: nothing, valueAddedTax: nothing },
    ...(capacity && { capacity }),
    ...(capacityByHand !== undefined && { capacityByHand }),
  }
}

const assumedAt = ({ latitude, longitude }: HouseSetup) => assumedPrices({ latitude, longitude })

/** As a setup has it, but with prices that are final already. */
export const withPrices = (setup: HouseSetup, own: OwnInputs): HouseSetup =>
  own.finalPrices ? { ...setup, prices: finalPrices(setup.prices ?? assumedAt(setup)) } : setup

export type MadeHouse = {
  readonly setup: HouseSetup
  /** A fresh twin of it, the same each time. */
  readonly twinOf: (setup: HouseSetup) => Twin
}

/** One of the simulated houses, or one from a file, in its own or in given weather and prices. */
export async function madeHouse(
  which: { readonly number: number } | { readonly file: string },
  own: OwnInputs,
  span: Span,
  seed: number,
  notes: Notes,
): Promise<MadeHouse> {
  const { setup: described, ...more } = 'file' in which ? await readHouse(which.file) : numbered(which.number)
  const setup = withPrices(described, own)
  const { spot, weather } = await readOwnInputs(own, span, notes)
  const place = { latitude: setup.latitude!, longitude: setup.longitude! }
  const start = span.from - span.warmUp
  const outside: OutsideAt = weather ? weatherFrom(weather, place) : worldWeather(seed, place)
  if ('file' in which) {
    if (!spot) notes.push('Prices are made up: --prices takes those of a file')
    if (!weather) notes.push('The weather is made up: --weather takes that of a file')
    if (!setup.prices) notes.push(assumedNote(assumedAt(setup)))
  }
  const given: TwinGiven = {
    ...{ setup, start, seed, outside, ...more },
    spot: spot ?? worldSpot(seed, start - 9 * day, span.to + 3 * day),
    ...(own.forecast === 'perfect' && { forecastError: 0 }),
  }
  return { setup, twinOf: (other) => makeTwin({ ...given, setup: other }) }
}

function numbered(number: number) {
  if (simulatedNumbers.includes(number)) return simulatedHouse(number)
  throw Problem('bad-request', `There is no simulated house ${number}; there are ${simulatedNumbers.join(', ')}`)
}

const readHouse = (path: string) => readJsonFile(path, (given) => describedHouse(checkHouseFile(given)))
