/**
 * What control has saved by the models of the rooms: the same weather, sun and people with the thermostat at the wish of
 * each hour, against what was done. Weaker than days without control: it believes the models and the heat pump's type.
 */
import { makeFilter } from '../estimate/filter.ts'
import type { Interval } from '../estimate/identify.ts'
import type { Sample } from '../estimate/samples.ts'
import type { Heating } from '../mpc/view.ts'
import { cop, discretise, type HouseParameters, mostHeat } from '../thermal/index.ts'
import { type Savings, savingOf, sentenceOf } from './savings.ts'

export type ModelledRoom = {
  readonly name: string
  readonly house: HouseParameters
  /** kW/K, and h: as far as the fit is sure of them. */
  readonly heatLoss: Interval
  readonly slow: Interval
  readonly heating: Heating
  /** Equal steps over the days under control; heat as it was. */
  readonly samples: readonly Sample[]
  /** °C that the plain schedule would have held at a time, ms. */
  wishAt(ms: number): number
}

/** Share of the steps that must be known. */
const leastKnown = 0.8
const leastDays = 7
/** How far the efficiency of a heat pump may be from that of its type, as a share. */
const copDoubt = 0.15
/** The filter finds heat that nobody measures some hours after it came, in dearer or cheaper ones: a share of the cost. */
const lateDoubt = 0.015

/** @param priceAt NOK/kWh of one more kWh; `undefined` where it is not known */
export function savingsByModel(rooms: readonly ModelledRoom[], priceAt: (ms: number) => number | undefined): Savings {
  const days = Math.floor(Math.max(0, ...rooms.map(({ samples }) => lengthOf(samples))) / 24)
  const head = {
    method: 'model' as const,
    because:
      'There are too few days without control to compare with, so the rooms were reckoned by their models with the thermostat at the wish of each hour, in the same weather. It believes the models and the efficiency of the heat pump’s type',
    days: { control: days, baseline: 0 },
  }
  const less = (why: string): Savings => ({ ...head, outcome: 'not-enough-data', sentence: `Not enough data: ${why}` })
  if (rooms.length === 0) return less('no room has a model of its own yet')
  if (days < leastDays) return less(`${days} days under control, ${leastDays} are needed`)
  const dim = rooms.find(({ samples }) => samples.filter(isKnown).length < leastKnown * samples.length)
  if (dim) return less(`something was not known of ${dim.name} for more than a fifth of the time`)
  const central = added(rooms.map((room) => compare(room, room.house, priceAt)))
  if (central.before <= 0) return less('no price was known')
  // Each room's model at the ends of its intervals; the rooms err for themselves.
  const doubts = { raw: [] as number[], equal: [] as number[] }
  for (const room of rooms) {
    const own = compare(room, room.house, priceAt)
    for (const [low, high] of variantsOf(room)) {
      const [a, b] = [compare(room, low, priceAt), compare(room, high, priceAt)]
      doubts.raw.push(Math.max(Math.abs(a.raw - own.raw), Math.abs(b.raw - own.raw)))
      doubts.equal.push(Math.max(Math.abs(a.equal - own.equal), Math.abs(b.equal - own.equal)))
    }
  }
  const errorOf = (which: 'raw' | 'equal') =>
    Math.hypot(...doubts[which], copDoubt * central[which], lateDoubt * central.before)
  const raw = savingOf(central.raw, errorOf('raw'), central.after)
  const equal = { outcome: 'found' as const, ...savingOf(central.equal, errorOf('equal'), central.after) }
  const temperatures = {
    meanTemperature: central.air / rooms.length,
    baselineTemperature: central.baselineAir / rooms.length,
  }
  return {
    ...{ ...head, ...temperatures, outcome: 'found', raw, atEqualTemperature: equal },
    sentence: `By the models of the rooms: ${sentenceOf(raw, equal, temperatures)}`,
  }
}

const lengthOf = (samples: readonly Sample[]) =>
  samples.length < 2 ? 0 : ((samples[1]!.at - samples[0]!.at) * samples.length) / 3_600_000

const isKnown = ({ air, input }: Sample) => air !== null && input !== null

type Compared = { raw: number; equal: number; before: number; after: number; air: number; baselineAir: number }

const added = (all: readonly Compared[]): Compared =>
  all.reduce((a, b) => ({
    raw: a.raw + b.raw,
    equal: a.equal + b.equal,
    before: a.before + b.before,
    after: a.after + b.after,
    air: a.air + b.air,
    baselineAir: a.baselineAir + b.baselineAir,
  }))

/** The house with its loss, and with its heavy part, at both ends of what the fit allows. */
function variantsOf({ house, heatLoss, slow }: ModelledRoom): [HouseParameters, HouseParameters][] {
  const lossBy = (share: number) => ({ ...house, Hia: house.Hia * share, Hea: house.Hea * share })
  const heavyBy = (share: number) => ({ ...house, Ce: house.Ce * share })
  const ends = (interval: Interval) => [interval.low / interval.value, interval.high / interval.value] as const
  const [[less, more], [light, heavy]] = [ends(heatLoss), ends(slow)]
  return [
    [lossBy(less), lossBy(more)],
    [heavyBy(light), heavyBy(heavy)],
  ]
}

function compare(room: ModelledRoom, house: HouseParameters, priceAt: (ms: number) => number | undefined): Compared {
  const past = disturbed(house, room.samples)
  const wish = past.map(({ at }) => room.wishAt(at))
  const plain = simulate(house, room.heating, past, wish)
  const air = meanOf(past.map((step) => step.air))
  const shifted = simulate(
    house,
    room.heating,
    past,
    wish.map((value) => value + air - plain.air),
  )
  // A thermostat does not always reach what it is set to: once more, by what is left.
  const again = wish.map((value) => value + 2 * air - plain.air - shifted.air)
  const equal = simulate(house, room.heating, past, again)
  const costOf = (heats: readonly number[]) =>
    heats.reduce((sum, heat, n) => {
      const { at, hours, outdoor } = past[n]!
      return sum + electricity(room.heating, heat, outdoor) * hours * (priceAt(at) ?? 0)
    }, 0)
  const after = costOf(past.map(({ heat }) => heat))
  const before = costOf(plain.heats)
  // Heat that is left in the structure at the end is worth what it saves later.
  const last = past.at(-1)
  const worth = (structure: number) => {
    const kept = house.Ce * (structure - (last?.structure ?? structure))
    return last
      ? electricity(room.heating, kept, last.outdoor) * meanOf(past.flatMap(({ at }) => priceAt(at) ?? []))
      : 0
  }
  return {
    raw: before - worth(plain.structure) - after,
    equal: costOf(equal.heats) - worth(equal.structure) - after,
    ...{ before, after, air, baselineAir: plain.air },
  }
}

type PastStep = {
  readonly at: number
  readonly hours: number
  readonly air: number
  readonly structure: number
  readonly outdoor: number
  readonly heat: number
  readonly sun: number
  /** Other heat: what is known and what the filter found besides, kW. */
  readonly gains: number
}

/** What acted on the room, with the heat that nobody accounts for as the filter sees it. */
function disturbed(house: HouseParameters, samples: readonly Sample[]): PastStep[] {
  const filter = makeFilter(house)
  const first = samples.find(isKnown)
  if (!first) return []
  let estimate = filter.begin(first.at, first.air!, first.input!.outdoor)
  const steps: PastStep[] = []
  for (const [n, { at, input }] of samples.entries()) {
    const next = samples[n + 1]
    if (at < first.at || !next || !input) continue
    const { air, structure } = estimate
    estimate = filter.step(estimate, { at: next.at, reading: next.air, input }).estimate
    const { outdoor, heat, sun } = input
    const gains = input.gains + estimate.disturbance
    steps.push({ at, hours: (next.at - at) / 3_600_000, air, structure, outdoor, heat, sun, gains })
  }
  return steps
}

/** A thermostat that gives each step what it needs, as far as the heating can. */
function simulate(house: HouseParameters, heating: Heating, past: readonly PastStep[], wish: readonly number[]) {
  const first = past[0]
  let state = { air: first?.air ?? 20, structure: first?.structure ?? 20 }
  const steps = new Map<number, ReturnType<typeof discretise>>()
  const heats: number[] = []
  let sum = 0
  for (const [n, { hours, outdoor, sun, gains }] of past.entries()) {
    const step = steps.get(hours) ?? discretise(house, hours)
    steps.set(hours, step)
    const cold = step(state, { outdoor, sun, gains, heat: 0 })
    const warmer = step(state, { outdoor, sun, gains, heat: 1 })
    const wanted = (wish[n]! - cold.air) / (warmer.air - cold.air)
    const heat = Math.min(mostOf(heating, outdoor), Math.max(0, wanted))
    sum += state.air
    heats.push(heat)
    state = step(state, { outdoor, sun, gains, heat })
  }
  return { heats, air: past.length > 0 ? sum / past.length : 0, structure: state.structure }
}

const mostOf = ({ pump, resistance = 0 }: Heating, outdoor: number) => (pump ? mostHeat(pump, outdoor) : 0) + resistance

/** kW, the pump before the heaters. */
function electricity({ pump }: Heating, heat: number, outdoor: number): number {
  if (!pump) return heat
  const most = mostHeat(pump, outdoor)
  const byPump = Math.min(most, heat)
  return byPump / cop(pump, outdoor) + (heat - byPump)
}

const meanOf = (values: readonly number[]) =>
  values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : 0
