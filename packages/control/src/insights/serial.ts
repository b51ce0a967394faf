/**
 * How sure the coefficients of a line through days are where what is left of one day hangs together with that of the
 * next ones: people are at home for some days in a row, walls remember yesterday's weather. As though the days were
 * independent, intervals come out a third too narrow.
 */
import { addDays } from '@nabolag/core'
import { invert } from '../estimate/minimise.ts'
import { regress } from './regress.ts'

type Fitted = {
  readonly rows: readonly (readonly number[])[]
  /** What the line leaves of each row. */
  readonly left: readonly number[]
  /** Of the rows, 0 to 1; all 1 when left out. */
  readonly weights?: readonly number[]
  /** Of the rows, rising, `2026-01-31`; days may be missing. */
  readonly dates: readonly string[]
}

/**
 * Half the 95 % interval of each coefficient: Newey and West's variance over about 1.3 √n days, each day's residual taken
 * as though the day had not been used, and the wider reach that such a variance needs (Kiefer and Vogelsang 2005,
 * Econometric Theory 21:1130, Bartlett's kernel).
 */
export function serialReach({ rows, left, weights, dates }: Fitted): number[] | undefined {
  const size = rows[0]?.length ?? 0
  const weightOf = (n: number) => weights?.[n] ?? 1
  const normal = Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, j) => rows.reduce((sum, row, n) => sum + weightOf(n) * row[i]! * row[j]!, 0)),
  )
  const inverse = invert(normal)
  if (!inverse) return undefined
  const days = dates.map((date) => Math.round(Date.parse(date) / 86_400_000))
  const shares = rows.map((row, n) => {
    const pull = inverse.map((one) => one.reduce((sum, value, j) => sum + value * row[j]!, 0))
    const leverage = weightOf(n) * row.reduce((sum, value, j) => sum + value * pull[j]!, 0)
    return pull.map((value) => (value * weightOf(n) * left[n]!) / (1 - Math.min(0.9, leverage)))
  })
  const span = Math.max(3, Math.round(1.3 * Math.sqrt(rows.length)))
  const b = span / rows.length
  const reach = 1.96 + 2.9694 * b + 0.416 * b ** 2 - 0.5324 * b ** 3
  return Array.from({ length: size }, (_, i) => {
    let [own, all, next] = [0, 0, 0]
    for (const [n, share] of shares.entries()) {
      if (days[n]! - (days[n - 1] ?? 0) === 1) next += share[i]! * shares[n - 1]![i]!
      own += share[i]! ** 2
      all += share[i]! ** 2
      for (let m = n - 1; m >= 0 && days[n]! - days[m]! <= span; m--)
        all += 2 * (1 - (days[n]! - days[m]!) / (span + 1)) * share[i]! * shares[m]![i]!
    }
    // Days that seem to take turns would make it surer than as many independent ones: that is chance.
    const found = own > 0 ? next / own : 0
    // Kendall: of few days it comes out too small.
    const alike = Math.min(0.8, Math.max(0, found + (1 + 4 * found) / rows.length))
    return reach * Math.sqrt(Math.max(all, (own * (1 + alike)) / (1 - alike)))
  })
}

/**
 * Shares of the weather that a house feels in a day which may be that of the day before: none where everything is light, and
 * about a fifth where a structure of 5 to 15 h stands behind air that is kept even (control.md B1).
 */
const shares = [0, 0.1, 0.2, 0.3, 0.4]
/** How far off the chosen share leaves a slope against the weather, as a share of it. */
export const memoryDoubt = 0.04

type Felt = { readonly date: string; readonly outdoor?: number; readonly sun?: number }

/**
 * The days with the outdoor temperature that the walls feel, °C: the day's own, and of the day before, where that is known,
 * the share with which a line explains most of what was drawn. Against the day's own alone a slope comes out some 5 % too
 * small in a house of usual weight.
 *
 * @param drawnOf kWh or kW of a day, of whatever follows the weather
 */
export function withMemory<T extends Felt>(days: readonly T[], drawnOf: (day: T) => number): T[] {
  const known = new Map(days.map(({ date, outdoor }) => [date, outdoor]))
  const sunny = days.every(({ sun }) => sun !== undefined) && days.some(({ sun }) => sun! > 0.005)
  const tried = shares.map((share) => {
    const felt = days.map((day) => {
      const before = known.get(addDays(day.date, -1))
      if (day.outdoor === undefined || before === undefined) return day
      return { ...day, outdoor: (1 - share) * day.outdoor + share * before }
    })
    const used = felt.filter((day) => day.outdoor !== undefined && Number.isFinite(drawnOf(day)))
    const fit = regress(
      used.map(({ outdoor, sun }) => [1, outdoor!, ...(sunny ? [sun!] : [])]),
      used.map(drawnOf),
    )
    return { felt, squares: fit ? fit.left.reduce((sum, error) => sum + error ** 2, 0) : Number.POSITIVE_INFINITY }
  })
  return tried.reduce((a, b) => (b.squares < a.squares ? b : a)).felt
}
