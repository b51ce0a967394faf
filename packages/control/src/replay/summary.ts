/** From what happened to what a control is judged by. */
import { assumedPrices, priceSpan } from '../house/prices.ts'
import type { HouseSetup } from '../house/types.ts'
import { type CapacityBill, capacityBills, type Use } from '../prices/capacity.ts'
import { tariffsOf, vatOn } from '../prices/household-price.ts'
import type { SpotEntry } from '../prices/spot.ts'
import {
  airDiscomfort,
  costOf,
  discomfort,
  emissions,
  energyOf,
  peakPower,
  perArea,
  timeRatio,
  travel,
  zoneDiscomfort,
} from './key-figures.ts'
import type { Happened } from './source.ts'

/** A step of a replay: what happened, what was wished for, and what a kWh cost. */
export type ReplayStep = Happened & {
  readonly wishes: Readonly<
    Record<number, { readonly temperature: number; readonly lowest: number; readonly highest: number }>
  >
  /** What a kWh bought cost this household, NOK/kWh, and what one sold gave; null where no price is known. */
  readonly price: number | null
  readonly sell: number | null
}

/** Names and units as in BOPTEST where they are its own. Null is not known. */
export type KeyFigures = {
  /** K·h per zone. */
  readonly tdis_tot: number | null
  /** ppm·h. */
  readonly idis_tot: number | null
  /** kWh/m², NOK/m², kW/m² and kgCO₂/m² of heating and ventilation. */
  readonly ener_tot: number | null
  readonly cost_tot: number | null
  readonly pele_tot: number | null
  readonly emis_tot: number | null
  /** Time that a turn takes to the time between turns. */
  readonly time_rat: number | null
  /** Of heating and ventilation, kWh and NOK. */
  readonly energy: number | null
  readonly cost: number | null
  /** What the whole house paid for power less what it got for what it sold, NOK; the capacity step not included. */
  readonly bill: number | null
  /** What the grid company's capacity step cost, NOK with VAT; null where no tariff is known. */
  readonly capacity: number | null
  /** Mean over the zones, °C. */
  readonly meanTemperature: number | null
  /** Changes of set-points, and by how many kelvin in all. */
  readonly moves: number
  readonly travel: number
  /** Heated floor, m²; null where nobody has said. */
  readonly area: number | null
  /** Share of the steps with a temperature in every zone, 0 to 1. */
  readonly known: number
  /** Share of the time with a published price, 0 to 1: costs are of that part. */
  readonly priced: number
  readonly hours: number
}

export type RoomFigures = {
  readonly room: number
  readonly name: string
  readonly discomfort: number | null
  readonly meanTemperature: number | null
  readonly lowest: number | null
  readonly moves: number
  readonly travel: number
}

/** Heated floor of the rooms under control, m²; that of the house where a room does not say. */
export function areaOf(setup: HouseSetup): number | undefined {
  const areas = zonesOf(setup).map(({ area }) => area)
  if (areas.length > 0 && areas.every((area) => area !== undefined)) return areas.reduce((sum, area) => sum + area, 0)
  return setup.area
}

/** The rooms that a heating loop keeps; all where there is none. */
export function zonesOf({ rooms, loops }: HouseSetup) {
  const kept = rooms.filter(({ id }) => loops.some(({ room }) => room === id))
  return kept.length > 0 ? kept : rooms
}

const hour = 3_600_000

/** What the meter drew in each step, for the caps of support schemes and the capacity step. */
export const useOf = (happened: readonly Happened[]): Use[] =>
  happened.flatMap(({ from, to, grid }) =>
    grid === null ? [] : [{ start: from, end: to, energy: (Math.max(0, grid) * (to - from)) / hour }],
  )

/** What a kWh cost in each step. */
export function pricesOfSteps(
  setup: HouseSetup,
  happened: readonly Happened[],
  spot: readonly SpotEntry[],
): { readonly price: number | null; readonly sell: number | null }[] {
  const [first, last] = [happened[0], happened.at(-1)]
  if (!first || !last || spot.length === 0) return happened.map(() => ({ price: null, sell: null }))
  const { timezone, exportPrice, latitude, longitude } = setup
  const { intervals } = priceSpan({
    ...{ settings: setup.prices ?? assumedPrices({ latitude, longitude }), timezone, exportPrice, spot },
    ...{ use: useOf(happened), from: first.from, to: last.to },
  })
  let n = 0
  return happened.map(({ from, to }) => {
    while (n < intervals.length && intervals[n]!.end <= from) n++
    let [price, sell, covered] = [0, 0, 0]
    for (let i = n; i < intervals.length && intervals[i]!.start < to; i++) {
      const { start, end, estimated, total, sell: given } = intervals[i]!
      if (estimated) continue
      const time = Math.min(end, to) - Math.max(start, from)
      price += total.withVat * time
      sell += given * time
      covered += time
    }
    return covered > 0 ? { price: price / covered, sell: sell / covered } : { price: null, sell: null }
  })
}

/** What a replay, or a stretch of a log, comes to. */
export function keyFigures(
  setup: HouseSetup,
  steps: readonly ReplayStep[],
  more: {
    /** ms of each turn, and from turn to turn. */
    readonly spent?: readonly number[]
    readonly step: number
    /** gCO₂/kWh. */
    readonly intensity?: (at: number) => number | null
  },
): KeyFigures {
  const zones = zonesOf(setup)
  const area = areaOf(setup)
  const hvac = steps.map(({ from, to, hvac: power, price }) => ({ from, to, power, price }))
  const paths = heatingLoops(setup).map(({ id }) => travel(steps.map(({ loops }) => loops[id]?.setpoint ?? null)))
  const energy = energyOf(hvac)
  const cost = costOf(hvac)
  const known = steps.filter(({ rooms }) => zones.every(({ id }) => rooms[id] != null)).length
  return {
    tdis_tot: discomfort(zones.map(({ id }) => zoneSteps(steps, id))),
    idis_tot: airDiscomfort(steps.map(({ from, to, co2 = null }) => ({ from, to, co2 }))),
    ener_tot: perArea(energy, area),
    cost_tot: perArea(cost, area),
    pele_tot: peakPower(hvac, area),
    emis_tot: emissions(hvac, area, more.intensity),
    time_rat: timeRatio(more.spent ?? [], more.step),
    energy,
    cost,
    bill: costOf(steps.map(billed)),
    capacity: capacityOf(setup, steps),
    meanTemperature: mean(zones.map(({ id }) => mean(steps.map(({ rooms }) => rooms[id] ?? null)))),
    moves: paths.reduce((sum, { moves }) => sum + moves, 0),
    travel: paths.reduce((sum, { kelvin }) => sum + kelvin, 0),
    area: area ?? null,
    known: steps.length === 0 ? 0 : known / steps.length,
    priced: steps.length === 0 ? 0 : steps.filter(({ price }) => price !== null).length / steps.length,
    hours: steps.reduce((sum, { from, to }) => sum + (to - from), 0) / hour,
  }
}

export const roomFigures = (setup: HouseSetup, steps: readonly ReplayStep[]): RoomFigures[] =>
  zonesOf(setup).map(({ id, name }) => {
    const loop = setup.loops.find(({ room }) => room === id)
    const air = steps.map(({ rooms }) => rooms[id] ?? null)
    const lowest = air.reduce<number | null>(
      (least, one) => (one === null ? least : least === null ? one : Math.min(least, one)),
      null,
    )
    const { moves, kelvin } = travel(steps.map(({ loops }) => (loop && loops[loop.id]?.setpoint) ?? null))
    return {
      ...{ room: id, name, lowest, moves, travel: kelvin },
      discomfort: zoneDiscomfort(zoneSteps(steps, id)),
      meanTemperature: mean(air),
    }
  })

const heatingLoops = ({ loops }: HouseSetup) => loops.filter(({ kind }) => kind === 'heating')

const zoneSteps = (steps: readonly ReplayStep[], id: number) =>
  steps.flatMap(({ from, to, rooms, wishes }) => {
    const wish = wishes[id]
    return wish ? [{ from, to, temperature: rooms[id] ?? null, lowest: wish.lowest, highest: wish.highest }] : []
  })

/** As power at one price: what is sold counts by what it gives. */
const billed = ({ from, to, grid, price, sell }: ReplayStep) => ({
  ...{ from, to, power: grid },
  price: grid !== null && grid < 0 ? sell : price,
})

function capacityOf(setup: HouseSetup, steps: readonly ReplayStep[]): number | null {
  if (!setup.prices || steps.length === 0) return null
  const tariffs = tariffsOf(setup.prices).capacity
  if (tariffs.length === 0) return null
  const bills: readonly CapacityBill[] = capacityBills(
    useOf(steps),
    tariffs,
    setup.timezone,
    setup.prices.capacityByHand,
  )
  if (bills.length === 0) return null
  return bills.reduce((sum, { month, cost }) => sum + cost * (1 + vatOn(setup.prices!, `${month}-01`)), 0)
}

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length
}
