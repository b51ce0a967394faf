/**
 * What can honestly be said of a heat pump's efficiency without measuring its heat. Electricity and temperatures alone
 * give heat loss over COP, never the COP itself: only how much it falls when it gets colder. Where measured electric
 * heaters share the work, each kWh of theirs saves the heat pump 1/COP kWh, and the COP comes out.
 */
import type { Interval } from '../estimate/identify.ts'
import { lacking, type Told } from './house-insights.ts'
import { livedIn, slopeDoubt } from './indoor-slope.ts'
import { alikeness, reach95, regress } from './regress.ts'
import { serialReach, withMemory } from './serial.ts'

export type HeatDay = {
  /** Local, `2026-01-31`. */
  readonly date: string
  /** Mean electricity of the heat pumps (or of the whole house), kW. */
  readonly electricity: number
  /** Mean of measured electric heaters, kW. */
  readonly heaters?: number
  /** Means, °C. */
  readonly indoor: number
  readonly outdoor: number
}

export type CopInsight = Told<{
  /** kW of electricity for each kelvin between indoors and outdoors, at the mean outdoor temperature: heat loss over COP. */
  readonly perKelvin: Interval
  /** °C; the mean of the days. */
  readonly outdoor: number
  /** By how many percent the COP rises for each kelvin that it is warmer outdoors. */
  readonly change: Interval
  /** The COP itself, at the mean outdoor temperature; only where electric heaters were measured beside it. */
  readonly cop?: Interval
}> & { readonly measured: 'heat-pumps' | 'whole-house' }

const leastDays = 21
const leastSpan = 10
/** Less between indoors and outdoors is no heating day, K. */
const leastDifference = 9

/**
 * What the change cannot be told closer than, % for each kelvin: a pump's COP is no straight line, electric heaters help it
 * in the cold, and gains are not even. Seen in made-up houses of which everything else was known.
 */
const changeDoubt = 0.5

/** @param measured the electricity of the heat pumps alone, or of everything in the house */
export function copInsight(given: readonly HeatDay[], measured: CopInsight['measured']): CopInsight {
  const felt = new Map(withMemory(given, ({ electricity }) => electricity).map(({ date, outdoor }) => [date, outdoor]))
  const days = livedIn(
    given.filter(
      ({ electricity, indoor, outdoor }) =>
        [electricity, indoor, outdoor].every(Number.isFinite) && indoor - outdoor >= leastDifference,
    ),
  )
  const less = (because: string): CopInsight => ({ measured, ...lacking(because, days.length) })
  if (days.length < leastDays)
    return less(`Not enough data: ${days.length} days of heating with all temperatures known, ${leastDays} are needed`)
  const outdoors = days.map(({ outdoor }) => outdoor)
  const span = Math.max(...outdoors) - Math.min(...outdoors)
  if (span < leastSpan)
    return less(`Not enough data: the days differ by ${span.toFixed(1)} K outdoors, ${leastSpan} K are needed`)
  const outdoor = outdoors.reduce((sum, value) => sum + value, 0) / days.length
  const withHeaters = deviationOf(days.map((day) => day.heaters ?? 0)) > 0.05
  const feltOn = (day: HeatDay) => felt.get(day.date) ?? day.outdoor
  const fits = rises.flatMap((rise) => fitWith(days, rise, { outdoor, withHeaters, measured, feltOn }) ?? [])
  if (fits.length === 0) return less('Not enough data: the temperatures went together')
  const best = fits.reduce((a, b) => (b.squares < a.squares ? b : a))
  // Every rise that fits nearly as well is possible (a profile of the likelihood).
  const dates = days.map(({ date }) => date)
  // Of days that hang together fewer tell something of their own.
  const alike = alikeness(best.fit.left, dates)
  const freedom = (best.fit.freedom * (1 - alike)) / (1 + alike)
  const reach = reach95(freedom)
  const possible = fits.filter(({ squares }) => squares <= best.squares * (1 + reach ** 2 / freedom))
  const errors = serialReach({ rows: best.rows, left: best.fit.left, dates })
  if (!errors) return less('Not enough data: the temperatures went together')
  const intervalOf = (column: number): Interval => {
    const values = possible.map(({ fit }) => fit.at[column]!)
    const error = Math.hypot(errors[column]!, slopeDoubt * best.fit.at[column]!)
    const value = best.fit.at[column]!
    const [down, up] = [value - Math.min(...values), Math.max(...values) - value]
    return { value, low: value - Math.hypot(error, down), high: value + Math.hypot(error, up) }
  }
  const perKelvin = intervalOf(0)
  if (perKelvin.low <= 0) return less('Not enough data: what is drawn does not clearly follow the temperatures')
  const percents = possible.map(({ rise }) => 100 * rise)
  const value = 100 * best.rise
  const change = {
    value,
    low: value - Math.hypot(changeDoubt, value - Math.min(...percents)),
    high: value + Math.hypot(changeDoubt, Math.max(...percents) - value),
  }
  const cop = withHeaters ? copOf(intervalOf(2)) : undefined
  const what = measured === 'heat-pumps' ? 'the heat pumps draw' : 'the house draws'
  const falls =
    change.low > 0 && change.high - change.low < 4
      ? `a kWh gives about ${change.value.toFixed(1)} % more heat with each degree that it is warmer outdoors (between ${change.low.toFixed(1)} and ${change.high.toFixed(1)})`
      : `how the efficiency changes with the cold is not clear yet (between ${change.low.toFixed(1)} and ${change.high.toFixed(1)} % for each degree)`
  const itself = cop
    ? `Beside the measured electric heaters a kWh gives ${cop.value.toFixed(1)} kWh of heat (between ${cop.low.toFixed(1)} and ${cop.high.toFixed(1)}) at ${outdoor.toFixed(0)} °C`
    : 'How much heat that is cannot be told without measuring heat'
  const unseen = 'Heat that nobody measures, as of a wood stove on cold days, cannot be told from a better heat pump'
  const sentence = `For each degree between indoors and outdoors ${what} ${Math.round(1000 * perKelvin.value)} W (between ${Math.round(1000 * perKelvin.low)} and ${Math.round(1000 * perKelvin.high)}) at ${outdoor.toFixed(0)} °C; ${falls}. ${itself}. ${unseen}`
  return {
    ...{ outcome: 'found', measured, days: days.length, perKelvin, outdoor, change },
    ...(cop && { cop }),
    sentence,
  }
}

/** Rises of the COP for a kelvin, as a share of it, that are tried. */
const rises = Array.from({ length: 101 }, (_, n) => -0.02 + n * 0.001)

type Asked = {
  readonly outdoor: number
  readonly withHeaters: boolean
  readonly measured: CopInsight['measured']
  /** What the walls feel of the weather of a day, °C. */
  readonly feltOn: (day: HeatDay) => number
}

/**
 * `electricity = (a difference - gains - heaters) / COP`, with the COP taken to rise so much. In a whole house what is
 * drawn whatever the weather and what the gains save cannot be told apart: one number holds both.
 */
function fitWith(days: readonly HeatDay[], rise: number, { outdoor, withHeaters, measured, feltOn }: Asked) {
  const rows = days.map((day) => {
    const strain = 1 / Math.max(0.3, 1 + rise * (day.outdoor - outdoor))
    const row = [strain * (day.indoor - feltOn(day)), measured === 'heat-pumps' ? strain : 1]
    return withHeaters ? [...row, strain * (day.heaters ?? 0)] : row
  })
  const own = days.map(({ electricity, heaters = 0 }) => electricity - (measured === 'heat-pumps' ? 0 : heaters))
  const fit = regress(rows, own)
  return fit && { rise, fit, rows, squares: fit.left.reduce((sum, error) => sum + error * error, 0) }
}

/** From by how much a kW of the heaters changes the heat pump's draw. Too uncertain to be of use gives nothing. */
function copOf({ value, low, high }: Interval): Interval | undefined {
  // A COP lies between 1 and 8.
  if (high >= -1 / 12 || low < -1.5) return undefined
  return { value: -1 / value, low: -1 / low, high: -1 / high }
}

function deviationOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}
