/** What a house is expected to use, and its meter to draw, in each step of a plan; kW. */
import { hour, isNumber } from '../controls/define-control.ts'
import { forecastLoad } from '../mpc/load-forecast.ts'
import type { HouseSeen, HouseSetup } from './types.ts'

export type LoadAhead = {
  /** Of everything in the house, heating included, whoever gives it. */
  readonly used: readonly number[]
  /** What the meter would draw if no battery was used. */
  readonly drawn: readonly number[]
  /** Standard deviation of an hour about it; 0 where nothing was learnt. */
  readonly spread: readonly number[]
  /** Whether the house's past says it; else it is taken to go on as now. */
  readonly learnt: boolean
  /** It is what the meter is to draw, without what a roof gives: that is not to be taken off again. */
  readonly isNet: boolean
}

/** Without any word of the meter, kW. */
const usualLoad = 0.5
/** A word of the meter that is older says nothing of now. */
const newestFor = hour

/**
 * From the house's own past: what it used where that is known, else what its meter drew.
 *
 * @param outdoor of the plan's steps, °C
 * @param solar of the plan's steps, what the roof is to give, kW
 */
export function loadAhead(
  { timezone }: Pick<HouseSetup, 'timezone'>,
  seen: HouseSeen,
  now: number,
  steps: readonly number[],
  { outdoor, solar }: { readonly outdoor: readonly number[]; readonly solar: readonly number[] },
): LoadAhead {
  const past = outdoorPast(seen, now)
  const ahead = { now, steps, timezone, outdoor: past, ...(past.length > 0 && { outdoorAhead: outdoor }) }
  const ofLoad = seen.load ? forecastLoad({ ...ahead, used: seen.load }) : 'unknown'
  const forecast = ofLoad === 'unknown' ? forecastLoad({ ...ahead, used: seen.use }) : ofLoad
  if (forecast === 'unknown') {
    const { power, isNet } = presentOf(seen, now)
    const same = steps.map(() => power)
    return { used: same, drawn: same, spread: steps.map(() => 0), learnt: false, isNet }
  }
  const { mean, spread } = forecast
  const isNet = ofLoad === 'unknown'
  const drawn = isNet ? mean : mean.map((kw, k) => Math.max(0, kw - (solar[k] ?? 0)))
  return { used: mean, drawn, spread, learnt: true, isNet }
}

function presentOf({ battery, power, load }: HouseSeen, now: number): { power: number; isNet: boolean } {
  const fresh = ({ at, value }: { at: number; value: number | null }) => isNumber(value) && now - at <= newestFor
  const own = battery?.load && fresh(battery.load) ? battery.load.value : undefined
  if (isNumber(own)) return { power: Math.max(0, own / 1000), isNet: false }
  const last = load?.at(-1)
  if (last && now - last.end <= newestFor && last.end > last.start)
    return { power: Math.max(0, last.energy / ((last.end - last.start) / hour)), isNet: false }
  const newest = power.findLast(fresh)?.value
  return { power: isNumber(newest) ? Math.max(0, newest / 1000) : usualLoad, isNet: isNumber(newest) }
}

/** As measured at the house where most of it is, else as it was forecast; in order. */
function outdoorPast({ outdoor, pastForecast = [] }: HouseSeen, now: number) {
  const measured = outdoor.flatMap(({ at, value }) => (isNumber(value) && at <= now ? [{ at, value }] : []))
  const foretold = pastForecast.flatMap(({ at, temperature }) =>
    isNumber(temperature) && at <= now ? [{ at, value: temperature }] : [],
  )
  const lengthOf = (points: readonly { readonly at: number }[]) => now - (points[0]?.at ?? now)
  return lengthOf(measured) >= 0.5 * lengthOf(foretold) && measured.length > 0 ? measured : foretold
}
