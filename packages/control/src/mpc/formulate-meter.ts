/** What stands behind the meter in the program: power bought and sold, the battery, the capacity charge. */
import type { ProgramBuilder } from './builder.ts'
import type { CleanHome, CleanView } from './clean.ts'
import type { HomeColumns, Weights } from './formulate.ts'
import { mean } from './mean.ts'

export type Meter = NonNullable<HomeColumns['meter']> & { readonly rows: number[] }

/** `bought + over - sold - spilt - heating - charge + discharge = load - solar` */
export function addMeter(build: ProgramBuilder, { steps }: CleanView, home: CleanHome, { overload }: Weights): Meter {
  const meter: Meter = { bought: [], over: [], sold: [], spilt: [], rows: [] }
  for (const [k, hours] of steps.entries()) {
    const row = build.row(home.load[k]! - home.solar[k]!)
    const bought = build.column(home.price[k]! * hours, 0, home.fuse)
    const over = build.column((Math.max(0, home.price[k]!) + overload) * hours)
    const sold = build.column(-home.sell[k]! * hours, 0, home.mostOut)
    const spilt = build.column(1e-4 * hours, 0, home.solar[k]!)
    build.put(row, bought, 1)
    build.put(row, over, 1)
    build.put(row, sold, -1)
    build.put(row, spilt, -1)
    meter.bought.push(bought)
    meter.over.push(over)
    meter.sold.push(sold)
    meter.spilt.push(spilt)
    meter.rows.push(row)
  }
  return meter
}

/** `energy - short` is what is in it: `short` lets it begin below what it must hold. */
export function addBattery(build: ProgramBuilder, { steps }: CleanView, home: CleanHome, rows: readonly number[]) {
  const {
    energy: start,
    least,
    most,
    charge,
    discharge,
    efficiency,
    leak,
    wear,
    taperAbove,
    worth: said,
  } = home.battery!
  const worth = Number.isNaN(said) ? Math.max(0, mean(home.price)) * efficiency : said
  const columns: NonNullable<HomeColumns['battery']> = { energy: [], short: [], charge: [], discharge: [] }
  for (const [k, hours] of steps.entries()) {
    const last = k === steps.length - 1 ? worth : 0
    const energy = build.column(-last, least, most)
    const short = build.column(last + 5 * hours, 0, least)
    const into = build.column((wear + 1e-5 * (1 + k / steps.length)) * hours, 0, charge)
    const out = build.column(wear * hours, 0, discharge)
    const stays = 1 - leak * hours
    const row = build.row(k === 0 ? stays * start : 0)
    build.put(row, energy, 1)
    build.put(row, short, -1)
    build.put(row, into, -efficiency * hours)
    build.put(row, out, hours / efficiency)
    if (k > 0) {
      build.put(row, columns.energy[k - 1]!, -stays)
      build.put(row, columns.short[k - 1]!, stays)
    }
    build.put(rows[k]!, into, -1)
    build.put(rows[k]!, out, 1)
    if (taperAbove < 1) {
      // charge <= rated * (most - energy) / (most - taperAbove * most), by the energy before the step
      const slope = charge / (most * (1 - taperAbove))
      const taper = build.row(Number.NEGATIVE_INFINITY, slope * (most - (k === 0 ? start : 0)))
      build.put(taper, into, 1)
      if (k > 0) build.put(taper, columns.energy[k - 1]!, slope)
    }
    columns.energy.push(energy)
    columns.short.push(short)
    columns.charge.push(into)
    columns.discharge.push(out)
  }
  return columns
}

/**
 * The mean of the month's `n` highest days, as the least of `t + 1/n sum max(0, day - t)`. Days that are over come
 * in as they were; days that are not yet seen are taken to use up what is left of the step, so that an early day uses no
 * more than its share.
 */
export function addCapacity(build: ProgramBuilder, { now, steps }: CleanView, home: CleanHome, meter: Meter) {
  const { step, price, counted, peaks, toCome, today, thisHour, days } = home.capacity!
  const over = build.column(price)
  const threshold = build.column(0)
  const row = build.row(Number.NEGATIVE_INFINITY, step)
  build.put(row, threshold, 1)
  build.put(row, over, -1)
  const seen = [...peaks, ...toCome].sort((a, b) => b - a).slice(0, counted)
  const open = Math.max(1, counted - seen.length)
  const left = Math.max(0, (counted * step - seen.reduce((sum, peak) => sum + peak, 0)) / open)
  // One of the days still open is in sight.
  while (seen.length < counted - 1) seen.push(left)
  for (const peak of seen) {
    const beyond = build.column(0)
    build.put(row, beyond, 1 / counted)
    const least = build.row(peak, Number.POSITIVE_INFINITY)
    build.put(least, beyond, 1)
    build.put(least, threshold, 1)
  }
  const highest = new Map<number, number>()
  for (const day of new Set(days)) {
    if (day < 0) continue
    // The trifle keeps the column at the day's true maximum, not anywhere above it.
    const most = build.column(1e-6, day === 0 ? today : 0)
    const beyond = build.column(0)
    build.put(row, beyond, 1 / counted)
    const least = build.row(0, Number.POSITIVE_INFINITY)
    build.put(least, beyond, 1)
    build.put(least, threshold, 1)
    build.put(least, most, -1)
    highest.set(day, most)
  }
  let used = thisHour
  let begin = now
  let k = 0
  while (k < steps.length) {
    const hourEnd = (Math.floor((begin + 500) / 3_600_000) + 1) * 3_600_000
    const most = highest.get(days[k]!)
    const hour = most === undefined ? undefined : build.row(Number.NEGATIVE_INFINITY, -used)
    if (hour !== undefined) build.put(hour, most!, -1)
    used = 0
    do {
      const hours = steps[k]!
      if (hour !== undefined) {
        // A step longer than an hour is even within it.
        build.put(hour, meter.bought[k]!, Math.min(1, hours))
        build.put(hour, meter.over[k]!, Math.min(1, hours))
      }
      begin += hours * 3_600_000
      k++
    } while (k < steps.length && begin < hourEnd - 500)
  }
  return { over, row }
}
