/** Days drawn by lot, so that an owner can know what control saves in the own house. */
import type { Experiment } from './types.ts'

type Decides = { readonly decide: (...given: never[]) => { readonly because: string } }

/** The same control, whose reason says that the day was drawn. */
export const sayingSo = <C extends Decides>(control: C): C => ({
  ...control,
  decide: (...given: Parameters<C['decide']>) => {
    const decision = control.decide(...given)
    return { ...decision, because: `Today was drawn to go without price and plan. ${decision.because}` }
  },
})

/** Of so many days in a row half are baseline days, whichever they are: weather changes slowly, and both see it. */
const block = 4
const dayLength = 86_400_000

/**
 * Whether the plain schedule stands in for the chosen controls on a local date. The same seed gives the same days, in
 * every process and in a replay.
 *
 * @param date `2026-01-31`, local
 */
export function isBaselineDay({ from, to, seed }: Experiment, date: string): boolean {
  if (!(from <= date && date <= to)) return false
  const day = Math.round((Date.parse(date) - Date.parse(from)) / dayLength)
  const begin = day - (day % block)
  const ranked = Array.from({ length: block }, (_, n) => begin + n).toSorted((a, b) => lot(seed, a) - lot(seed, b))
  return ranked.indexOf(day) < block / 2
}

/** A number that looks like chance, by seed and day (the finaliser of MurmurHash3). */
function lot(seed: number, day: number): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(day + 1, 0xc2b2ae35)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
