/** Fitting a house model to a history: the greatest posterior, by the filter's likelihood and log-normal priors. */
import type { HouseParameters } from '../thermal/index.ts'
import { type ModelNoise, passThrough } from './likelihood.ts'
import { curvature, gradient, invert, minimise } from './minimise.ts'
import { type Prior, type Priors, parameterNames } from './prior.ts'
import type { Sample } from './samples.ts'

export type Parameter = (typeof parameterNames)[number]

export type Fit = {
  readonly house: HouseParameters
  readonly noise: ModelNoise
  readonly misfit: number
  /** Standard error of the ln of each free parameter, and what the prior alone had. */
  readonly errors: Readonly<Partial<Record<Parameter, { readonly error: number; readonly prior: number }>>>
  /** Standard error of a function of the parameters, such as the ln of the heat loss. */
  errorOf(f: (house: HouseParameters) => number): number
}

/**
 * Of the reading, the air and the structure. The last is held tight: a structure that may wander explains every sun and
 * guest, fits one step better and a day far worse, and a day is what the planner needs.
 */
const noisePriors: readonly Prior[] = [
  { mean: 0.05, deviation: 0.8 },
  { mean: 0.05, deviation: 1 },
  { mean: 0.02, deviation: 0.3 },
]

/** From where the search starts, in deviations of the prior: Ci, Ce, Hie, then the losses. */
const starts = [
  [0, 0, 0, 0],
  [-1, -0.5, 0.7, 0.4],
  [1, 0.7, -0.7, -0.4],
  [-1.5, 0.8, 0.5, -1],
  [0.6, -1, 0, 1],
]

/**
 * @param fixed parameters that are not free, such as the sun where it is not known
 * @param search.begin where to look first; `quick`: there and at what is believed only, and without standard errors
 */
export function fitHouse(
  samples: readonly Sample[],
  priors: Priors,
  fixed: Partial<Record<Parameter, number>> = {},
  { begin, quick = false }: { readonly begin?: HouseParameters; readonly quick?: boolean } = {},
): Fit {
  const free = parameterNames.filter((name) => fixed[name] === undefined)
  const of = (x: readonly number[]) => unpack(x, free, fixed)
  const logs = [...free.map((name) => priors[name]), ...noisePriors].map(({ mean, deviation }) => ({
    mean: Math.log(mean),
    deviation,
  }))
  const posterior = (x: readonly number[]) => {
    const { house, noise } = of(x)
    let sum = passThrough(house, noise, samples).misfit
    for (const [n, { mean, deviation }] of logs.entries()) sum += 0.5 * ((x[n]! - mean) / deviation) ** 2
    return sum
  }
  const order: readonly Parameter[] = ['Ci', 'Ce', 'Hie']
  const from = (quick ? starts.slice(0, 1) : starts).map((shifts) =>
    logs.map(({ mean, deviation }, n) => {
      const name = free[n]
      if (name === undefined) return mean
      const which = order.indexOf(name)
      return mean + deviation * (which >= 0 ? shifts[which]! : name === 'Hia' || name === 'Hea' ? shifts[3]! : 0)
    }),
  )
  // A former model of this house is the best place to begin.
  if (begin) from.unshift(logs.map(({ mean }, n) => (free[n] && begin[free[n]] > 0 ? Math.log(begin[free[n]]) : mean)))
  // A short walk from each start; the best of them is then carried to its end.
  const walks = from.map((start) => minimise(posterior, start, { rounds: quick ? 30 : 15 }))
  const best = walks.reduce((a, b) => (b.value < a.value ? b : a))
  const { at, value } = quick ? best : minimise(posterior, best.at)
  const spread = quick ? undefined : invert(curvature(posterior, at))
  const { house, noise } = of(at)
  const errorOf = (f: (house: HouseParameters) => number) => {
    if (!spread) return Number.POSITIVE_INFINITY
    const slope = gradient((x) => f(of(x).house), at, 1e-4)
    const variance = slope.reduce(
      (sum, a, i) => sum + slope.reduce((inner, b, j) => inner + a * b * spread[i]![j]!, 0),
      0,
    )
    return variance >= 0 ? Math.sqrt(variance) : Number.POSITIVE_INFINITY
  }
  const errors = Object.fromEntries(
    free.map((name) => [name, { error: errorOf((h) => Math.log(h[name])), prior: priors[name].deviation }]),
  )
  return { house, noise, misfit: value, errors, errorOf }
}

function unpack(x: readonly number[], free: readonly Parameter[], fixed: Partial<Record<Parameter, number>>) {
  const value = (name: Parameter) => fixed[name] ?? Math.exp(x[free.indexOf(name)]!)
  const house: HouseParameters = {
    Ci: value('Ci'),
    Ce: value('Ce'),
    Hie: value('Hie'),
    Hia: value('Hia'),
    Hea: value('Hea'),
    Aw: value('Aw'),
    Ae: value('Ae'),
  }
  const n = free.length
  const noise = { reading: Math.exp(x[n]!), air: Math.exp(x[n + 1]!), structure: Math.exp(x[n + 2]!) }
  return { house, noise }
}
