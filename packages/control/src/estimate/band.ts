/**
 * Where nobody measures the heat of a unit it is reckoned from how far its set-point is above the room. How many kelvin
 * take it from rest to full heat differs from unit to unit, by a factor of ten; the wrong number halves or doubles every
 * heat, and with it the room's heat loss. The room's own history tells it, because a unit at full heat gives no more.
 */
import { type HouseParameters, shareOfHeat, usualBand } from '../thermal/index.ts'
import { fitHouse, type Parameter } from './fit.ts'
import type { Priors } from './prior.ts'
import type { Sample } from './samples.ts'

/** The samples with their heat reckoned anew; those of measured heat stay as they are. */
export const withBand = (samples: readonly Sample[], band: number): readonly Sample[] =>
  samples.map((sample) => {
    const { unit, input } = sample
    return unit && input ? { ...sample, input: { ...input, heat: unit.most * shareOfHeat(unit.above, band) } } : sample
  })

/** K; log-normal, as the parameters of the house. */
const prior = { mean: usualBand, deviation: 0.7 }
/** Looked at first, K; between the neighbours of the best one the search goes on. */
const coarse = [0.45, 0.7, 1.1, 1.75, 2.8, 4.5]
const golden = (Math.sqrt(5) - 1) / 2
const rounds = 4
/** Two weeks tell it, and six would take three times as long, ms. */
const lookBack = 14 * 24 * 3_600_000

/**
 * The band by which the samples are explained best, K; nothing where too few of them have their heat from a set-point.
 *
 * @param fixed as of `fitHouse`
 */
export function bandOf(
  samples: readonly Sample[],
  priors: Priors,
  fixed: Partial<Record<Parameter, number>>,
  begin?: HouseParameters,
): number | undefined {
  const reckoned = samples.filter(({ unit, input }) => unit && input).length
  if (reckoned < samples.length / 2) return undefined
  const newest = samples.at(-1)!.at
  const late = samples.filter(({ at }) => newest - at < lookBack)
  let from = begin
  const misfit = (log: number) => {
    const fit = fitHouse(withBand(late, Math.exp(log)), priors, fixed, { ...(from && { begin: from }), quick: true })
    from = fit.house
    return fit.misfit + 0.5 * ((log - Math.log(prior.mean)) / prior.deviation) ** 2
  }
  const logs = coarse.map((band) => Math.log(band))
  const misfits = logs.map(misfit)
  const best = misfits.indexOf(Math.min(...misfits))
  let [low, high] = [logs[Math.max(0, best - 1)]!, logs[Math.min(logs.length - 1, best + 1)]!]
  let [a, b] = [high - golden * (high - low), low + golden * (high - low)]
  let [atA, atB] = [misfit(a), misfit(b)]
  for (let round = 0; round < rounds; round++) {
    if (atA < atB) {
      ;[high, b, atB] = [b, a, atA]
      a = high - golden * (high - low)
      atA = misfit(a)
    } else {
      ;[low, a, atA] = [a, b, atB]
      b = low + golden * (high - low)
      atB = misfit(b)
    }
  }
  return Math.exp(atA < atB ? a : b)
}
