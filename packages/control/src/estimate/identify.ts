/**
 * A house model from a room's own history: fitted on the first part, judged on the last, and taken only when it is
 * better there than saying that nothing changes, than one temperature alone, and than the model in use.
 */
import { type HouseParameters, heatLoss, timeConstants } from '../thermal/index.ts'
import { bandOf, withBand } from './band.ts'
import { type Fit, fitHouse, type Parameter } from './fit.ts'
import type { ModelNoise } from './likelihood.ts'
import { type HouseFacts, priorsOf, usualHouse } from './prior.ts'
import type { Sample } from './samples.ts'
import { type Ahead, type Validation, validate } from './validate.ts'

export type Interval = { readonly value: number; readonly low: number; readonly high: number }

export type Identified = {
  readonly outcome: 'accepted' | 'rejected' | 'not-enough-data'
  /** For the owner: why, in a sentence. */
  readonly because: string
  /** Days with data. */
  readonly days: number
  readonly model?: {
    readonly house: HouseParameters
    readonly noise: ModelNoise
    /** Where heat is reckoned from set-points: from rest to full heat the unit takes so many kelvin. */
    readonly band?: number
    /** kW/K, 95 %. */
    readonly heatLoss: Interval
    /** h */
    readonly fast: number
    readonly slow: Interval
    /** On data not used for the fit: this model, one temperature alone, and the one in use. */
    readonly validation: Validation
    readonly single: Validation
    readonly former?: Validation
    /** Parameters that the data say nothing of: they are as believed before. */
    readonly unseen: readonly Parameter[]
  }
}

export type IdentifySettings = HouseFacts & {
  /** The model in use. */
  readonly former?: { readonly house: HouseParameters; readonly noise: ModelNoise; readonly band?: number }
  /** Least number of days with data. */
  readonly leastDays?: number
  /** Share of the history kept for judging. */
  readonly kept?: number
}

/** @param given of equal steps of 15 to 60 min; four to six weeks are best */
export function identify(given: readonly Sample[], settings: IdentifySettings = {}): Identified {
  const { leastDays = 7, kept = 0.25, former } = settings
  const hours = stepOf(given)
  const usable = given.filter(({ air, input }) => air !== null && input !== null)
  const days = hours > 0 ? (usable.length * hours) / 24 : 0
  const lacking = lack(given, usable, days, leastDays, hours)
  if (lacking) return { outcome: 'not-enough-data', because: lacking, days }

  const cut = Math.floor(given.length * (1 - kept))
  const priors = priorsOf(settings)
  const believed = usualHouse(settings)
  const sunny = usable.some(({ input }) => input!.sun > 0.02)
  const fixed: Partial<Record<Parameter, number>> = sunny ? {} : { Aw: 0, Ae: 0 }
  // A thermostat that holds the temperature hides what the air stores.
  const still = spread(usable.map(({ air }) => air!)) < 0.25
  if (still) fixed.Ci = believed.Ci
  const begin = former && { begin: former.house }
  const band = bandOf(given.slice(0, cut), priors, fixed, former?.house)
  const samples = band === undefined ? given : withBand(given, band)
  const train = samples.slice(0, cut)
  const fit = fitHouse(train, priors, fixed, begin)
  const single = fitHouse(train, priors, { ...fixed, Hie: 0, Ce: 1, Hea: 0.1, Ae: 0 })
  const validation = validate(fit.house, fit.noise, samples, cut)
  const alone = validate(single.house, single.noise, samples, cut)
  const asBefore = former?.band === undefined ? given : withBand(given, former.band)
  const before = former && validate(former.house, former.noise, asBefore, cut)
  const unseen = Object.entries(fit.errors)
    .filter(([, { error, prior }]) => error > 0.9 * prior)
    .map(([name]) => name as Parameter)
  if (still) unseen.push('Ci')
  const model = {
    house: fit.house,
    noise: fit.noise,
    ...(band !== undefined && { band }),
    heatLoss: interval(fit, heatLoss, band),
    fast: timeConstants(fit.house)[0],
    slow: interval(fit, (house) => timeConstants(house)[1], band),
    validation,
    single: alone,
    ...(before && { former: before }),
    unseen,
  }
  const fault = faultOf(fit, model, settings.area)
  if (fault) return { outcome: 'rejected', because: fault, days, model }
  const { hours: ahead, error, persistence } = dayOfClock(validation)?.most ?? farthest(validation)
  const because = `${ahead} h ahead the model is off by ${error.toFixed(2)} K; saying that nothing changes is off by ${persistence.toFixed(2)} K`
  return { outcome: 'accepted', because, days, model }
}

/** h */
const leastHeated = 24

const stepOf = (samples: readonly Sample[]): number =>
  samples.length < 2 ? 0 : (samples[1]!.at - samples[0]!.at) / 3_600_000

function lack(
  samples: readonly Sample[],
  usable: readonly Sample[],
  days: number,
  leastDays: number,
  hours: number,
): string | undefined {
  if (days < leastDays) return `Not enough data: ${days.toFixed(1)} days, ${leastDays} are needed`
  if (usable.length < samples.length * 0.6)
    return `Not enough data: ${Math.round((1 - usable.length / samples.length) * 100)} % of the time something was missing`
  const heat = spread(usable.map(({ input }) => input!.heat))
  const air = spread(usable.map(({ air }) => air!))
  if (heat < 0.05 && air < 0.3) return 'Not enough data: neither the heat nor the temperature changed'
  const heated = hours * usable.filter(({ input }) => input!.heat > 0.05).length
  // Without heat a house shows how fast it cools, and not how much it takes to hold it.
  if (heated < leastHeated)
    return `Not enough data: it was heated for ${Math.round(heated)} hours, ${leastHeated} are needed`
  if (usable.every(({ input, air }) => input!.outdoor > air! - 4))
    return 'Not enough data: it was never colder outside than inside by more than 4 K'
  return undefined
}

function spread(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

/** What heat reckoned from a set-point adds to the standard error of the ln: a fit cannot see that its heat is wrong. */
const reckoned = 0.2
/** The same of heat that nobody measures, as of people: the fit takes it for a house that loses less. */
const unmeasured = 0.1

/** 95 %, by the ln. */
function interval(fit: Fit, of: (house: HouseParameters) => number, band: number | undefined): Interval {
  const value = of(fit.house)
  const own = fit.errorOf((house) => Math.log(of(house)))
  const error = Math.hypot(own, unmeasured, band === undefined ? 0 : reckoned)
  return { value, low: value * Math.exp(-1.96 * error), high: value * Math.exp(1.96 * error) }
}

/** The longest horizon that was seen at least ten times. */
function farthest({ ahead }: Validation) {
  return ahead.findLast(({ count }) => count >= 10) ?? ahead[0]!
}

/**
 * A room that goes by the clock is after a day where it was, whatever it does in between: there "nothing changes" is
 * right by the schedule, and tells no good model from a bad one. Such a room is judged by what it does within the day.
 */
function dayOfClock({ ahead }: Validation): { readonly most: Ahead; readonly worst: Ahead } | undefined {
  const seen = ahead.filter(({ count, hours }) => count >= 10 && hours >= 3)
  const last = seen.at(-1)
  if (last?.hours !== 24) return undefined
  const most = seen.reduce((a, b) => (b.persistence > a.persistence ? b : a))
  const worst = seen.reduce((a, b) => (b.error > a.error ? b : a))
  return last.persistence < most.persistence / 2 ? { most, worst } : undefined
}

/** K: half a step of a unit's set-point. */
const mostOff = 0.5

function faultOf(fit: Fit, model: NonNullable<Identified['model']>, area: number | undefined): string | undefined {
  const { house } = fit
  const { validation, single, former, slow, heatLoss: loss } = model
  if (![...Object.values(house), slow.value, loss.value, loss.high].every(Number.isFinite))
    return 'The fit came to no end: the data do not tell the parameters apart'
  if (loss.high / loss.low > 16) return 'The heat loss is uncertain by more than its own size'
  if (slow.value > 1000 || slow.value < 5) return `A time constant of ${slow.value.toFixed(0)} h is not that of a house`
  if (area !== undefined) {
    const perArea = (1000 * loss.value) / area
    if (perArea < 0.15 || perArea > 5)
      return `A heat loss of ${perArea.toFixed(2)} W/K for a square metre is not that of a house`
  }
  const { hours, error, persistence } = farthest(validation)
  if (!Number.isFinite(error)) return 'There was nothing to judge the model by'
  const clock = dayOfClock(validation)
  if (clock && clock.worst.error > Math.min(clock.most.persistence / 2, mostOff))
    return `The model is worse than a room needs that goes by the clock: ${clock.worst.hours} h ahead it is off by ${clock.worst.error.toFixed(2)} K, more than half of what changes within a day or than ${mostOff} K`
  if (!clock && error > persistence) return `${hours} h ahead the model is worse than saying that nothing changes`
  const other = single.ahead.find((one) => one.hours === hours)!.error
  // A little worse than one temperature alone is chance; more is a second state that explains noise.
  if (error > 1.15 * other) return `${hours} h ahead the model is worse than one temperature alone`
  const old = former?.ahead.find((one) => one.hours === hours)?.error
  if (old !== undefined && error > old)
    return `The model in use is better: ${hours} h ahead it is off by ${old.toFixed(2)} K, the new one by ${error.toFixed(2)} K`
  return undefined
}
