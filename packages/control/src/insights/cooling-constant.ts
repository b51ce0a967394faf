/**
 * The slow time constant of a room from nights in which nothing heated. The air follows two modes: its own, of some hours,
 * and that of the structure, of tens of hours. A line through the logarithm takes the first for the second and comes out
 * too short; so both are fitted, over all nights together.
 */
import type { Cooling, TimeConstant } from '../estimate/signature.ts'
import { reach95 } from './regress.ts'

/** Geometric steps between two ends, both included. */
const steps = (from: number, to: number, count: number): number[] =>
  Array.from({ length: count }, (_, n) => from * (to / from) ** (n / (count - 1)))

/** Time constants that are tried, h: of the structure, and of the air (control.md B1: 20 to 120 h and 0.5 to 3 h). */
const slows = steps(6, 600, 45)
const fasts = steps(0.3, 4, 20)
/** People, machines and warmer rooms hold a room that is not heated so far above the outdoors, K: nobody measures it. */
const lifts = [0, 2, 4] as const
/** Of a night, h. */
const leastHours = 4
const leastNights = 3
/** What two modes and a grid of time constants leave out, as a share: seen in 200 made-up houses without any noise. */
const modelDoubt = 0.06
/** Wider than this from end to end, it says nothing. */
const mostRatio = 4

/**
 * `air = response to the outdoors + a exp(-t/slow) + b exp(-t/fast)`, a and b of each night. How sure it is comes from
 * leaving out one night after the other (jack-knife), and from the heat that nobody measures being nothing or much.
 *
 * @param nights each from when the heat went off
 */
export function coolingConstant(nights: readonly (readonly Cooling[])[]): TimeConstant {
  const good = nights
    .map((night) =>
      night.filter(({ hours, air, outdoor }) => [hours, air, outdoor].every(Number.isFinite) && air - outdoor > 3),
    )
    .filter((night) => night.length >= 8 && night.at(-1)!.hours - night[0]!.hours >= leastHours)
    .map(thinned)
  const lacking = (because: string): TimeConstant => ({ outcome: 'not-enough-data', because, nights: good.length })
  if (good.length < leastNights)
    return lacking(`Not enough data: ${good.length} nights with the heating off, ${leastNights} are needed`)
  const found = lifts.map((lift) => estimate(good, lift))
  const usual = found[1]!
  const all = found.flatMap((one) => one ?? [])
  if (!usual || all.length < lifts.length) return lacking('Not enough data: the nights do not agree')
  const [low, high] = [Math.min(...all.map((one) => one.low)), Math.max(...all.map((one) => one.high))]
  if (high / low > mostRatio) return lacking('Not enough data: the nights do not agree')
  return { outcome: 'found', hours: { value: usual.value, low, high }, nights: good.length }
}

/** A reading for each quarter of an hour at most: more tell no more, and take long. */
function thinned(night: readonly Cooling[]): Cooling[] {
  let last = Number.NEGATIVE_INFINITY
  return night.filter(({ hours }) => {
    const isNext = hours - last >= 0.24
    if (isNext) last = hours
    return isNext
  })
}

function estimate(nights: readonly (readonly Cooling[])[], lift: number) {
  // Squares that are left of each night, for each pair of time constants.
  const left = nights.map((night) => slows.map((slow) => fasts.map((fast) => squaresLeft(night, slow, fast, lift))))
  const bestOf = (without?: number): number | undefined => {
    const squares = slows.map((_, s) =>
      Math.min(...fasts.map((_, f) => left.reduce((sum, night, n) => (n === without ? sum : sum + night[s]![f]!), 0))),
    )
    return lowest(squares)
  }
  const central = bestOf()
  const others = nights.map((_, n) => bestOf(n))
  if (central === undefined || others.some((one) => one === undefined)) return undefined
  const mean = others.reduce<number>((sum, one) => sum + one!, 0) / others.length
  const squares = others.reduce<number>((sum, one) => sum + (one! - mean) ** 2, 0)
  const chance = reach95(nights.length - 1) * Math.sqrt((squares * (nights.length - 1)) / nights.length)
  const error = Math.hypot(chance, modelDoubt)
  return { value: Math.exp(central), low: Math.exp(central - error), high: Math.exp(central + error) }
}

/** Where a row of squares over `slows` is lowest, as a logarithm, between the steps; `undefined` at an end. */
function lowest(squares: readonly number[]): number | undefined {
  const n = squares.indexOf(Math.min(...squares))
  const [before, here, after] = [squares[n - 1], squares[n]!, squares[n + 1]]
  if (before === undefined || after === undefined) return undefined
  const bend = before - 2 * here + after
  const off = bend > 0 ? (before - after) / (2 * bend) : 0
  return Math.log(slows[n]!) + off * Math.log(slows[1]! / slows[0]!)
}

/** What `a exp(-t/slow) + b exp(-t/fast)` leaves of a night, by least squares of two columns. */
function squaresLeft(night: readonly Cooling[], slow: number, fast: number, lift: number): number {
  const begin = night[0]!
  let response = 0
  let last = begin
  let [xx, xz, zz, xy, zy, yy] = [0, 0, 0, 0, 0, 0]
  for (const one of night) {
    const passed = 1 - Math.exp((last.hours - one.hours) / slow)
    response += passed * ((last.outdoor + one.outdoor) / 2 + lift - response)
    const since = one.hours - begin.hours
    const [x, z, y] = [Math.exp(-since / slow), Math.exp(-since / fast), one.air - response]
    xx += x * x
    xz += x * z
    zz += z * z
    xy += x * y
    zy += z * y
    yy += y * y
    last = one
  }
  const apart = xx * zz - xz * xz
  const [a, b] = [(xy * zz - zy * xz) / apart, (zy * xx - xy * xz) / apart]
  return Math.max(0, yy - a * xy - b * zy)
}
