/** What the planner is shown of a house: its rooms under a plan, weather, prices, load, roof and battery. */

import { localDay } from '@nabolag/core'
import { localTime } from '../comfort/local-time.ts'
import { wishAt } from '../comfort/wish.ts'
import { battery as batteryControl } from '../controls/battery.ts'
import { clamp, hour, isNumber, minute } from '../controls/define-control.ts'
import { modelPredictive } from '../controls/model-predictive.ts'
import { capacityFor, stepToKeep } from '../mpc/capacity-soft.ts'
import { wary } from '../mpc/load-forecast.ts'
import { biasOf, corrected, onGrid } from '../mpc/outlook.ts'
import { shareOf } from '../mpc/shared-cap.ts'
import type { Battery, Home, Room, View } from '../mpc/view.ts'
import { gridFor } from '../mpc/view.ts'
import { tariffsOf, vatOn } from '../prices/household-price.ts'
import { cop, heatLoss } from '../thermal/index.ts'
import { settingsOf } from './controllers.ts'
import { loadAhead } from './load-ahead.ts'
import { soundMemory } from './memory.ts'
import { type HousePrices, pricesOf } from './prices.ts'
import { houseOf, outdoorNow, roomStateOf, stateNow } from './room-state.ts'
import type { HouseMemory, HouseSeen, HouseSetup, LoopSetup, RoomSetup } from './types.ts'

/** A plan holds for so long before a new one is wanted; one that is only a thermostat's for less. */
const planMinutes = 30
const retryMinutes = 10
/** NOK per kW of change: on the twin half of the set-point moves, for a few tenths of a per cent of the cost. */
const smooth = 0.01

/** The name of the one home of a plan, and of its rooms. */
export const homeName = 'home'
export const planRoomName = (room: { readonly id: number }): string => String(room.id)

const isPlanned = (loop: LoopSetup) =>
  loop.kind === 'battery' || (loop.kind === 'heating' && loop.controller === modelPredictive.name)

/**
 * Whether a new plan is to be made: there is something to plan for, and the last one is old, of other wishes, or only a
 * thermostat's.
 */
export function isPlanDue(setup: HouseSetup, memory: HouseMemory, now: number): boolean {
  if (!setup.loops.some(isPlanned)) return false
  const { plan, planMadeAt, planFor } = soundMemory(memory)
  if (!plan || planMadeAt === undefined || planFor !== planKeyOf(setup)) return true
  const holds = plan.status === 'optimal' ? planMinutes : retryMinutes
  return now < planMadeAt || now - planMadeAt >= holds * minute - minute
}

/** Changes whenever the owner changes something that a plan rests on. */
export function planKeyOf(setup: HouseSetup): string {
  const { prices, cap, sharedCap, fuse, battery, exportPrice, rooms, loops } = setup
  const text = JSON.stringify({
    rest: { prices, cap, sharedCap, fuse, battery, exportPrice },
    rooms: rooms.map(({ id, comfort, heating, model }) => ({ id, comfort, heating, model })),
    loops: loops.map(({ id, controller, settings, limits }) => ({ id, controller, settings, limits })),
  })
  // FNV-1a: short, and the same in every process.
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash >>> 0).toString(36)
}

/**
 * What a plan of this house is made from; nothing where no loop wants one, or nothing is known of any room or battery.
 *
 * @param prices of `pricesOf`, when they are there already
 */
export function planViewOf(
  setup: HouseSetup,
  seen: HouseSeen,
  kept: HouseMemory,
  now: number,
  prices: HousePrices = pricesOf(setup, seen, now),
): View | undefined {
  const memory = soundMemory(kept)
  const grid = gridFor(setup.rooms.map((room) => houseOf(room, setup)))
  const starts: number[] = []
  let at = now
  for (const hours of grid.steps) {
    starts.push(at)
    at += hours * hour
  }
  const ends = grid.steps.map((hours, k) => starts[k]! + hours * hour)
  const rooms = setup.loops.flatMap((loop) => {
    const room = setup.rooms.find(({ id }) => id === loop.room)
    return loop.kind === 'heating' && isPlanned(loop) && room
      ? (planRoom(room, loop, { setup, seen, memory, now, ends }) ?? [])
      : []
  })
  const battery = batteryOf(setup, seen, now)
  if (rooms.length === 0 && !battery) return undefined

  const outlook = onGrid(seen.weather, now, grid.steps, outdoorNow(seen, now))
  const outdoor = corrected(outlook.outdoor, grid.steps, biasOf(seen.pastForecast ?? [], seen.outdoor))
  const ahead = loadAhead(setup, seen, now, grid.steps, { outdoor, solar: outlook.solar })
  const load = ahead.used.map((power, k) =>
    Math.max(0.05, power - Math.min(0.8 * power, heatingPowerOf(rooms, outdoor[k]!))),
  )
  const today = localTime(now, setup.timezone).date
  const tariffs = tariffsOf(prices.settings).capacity
  const question = {
    ...{ tariffs, vat: vatOn(prices.settings, today), timezone: setup.timezone, steps: grid.steps },
    ...{ expected: ahead.drawn, spread: ahead.spread, movable: movableOf(rooms, battery) },
  }
  // The step to keep is chosen as the day began: one high hour is no reason to give up the month.
  const began = localDay(today, setup.timezone)[0]
  const aim = stepToKeep({
    ...question,
    now: began,
    expectedFrom: now,
    use: seen.use.filter(({ start }) => start < began),
  })
  const capacity = capacityFor({ ...question, now, use: seen.use }, aim)
  const planned = capacity && rooms.length > 0 ? load.map((kw, k) => kw + wary * ahead.spread[k]!) : load
  // What the roof gives beyond what is used is worth what selling it gives.
  const hasSun = !ahead.isNet && outlook.solar.some((kw) => kw > 0)
  const metered = battery !== undefined || capacity !== undefined || setup.fuse !== undefined || hasSun
  const cap = capOf(setup, seen, now, grid.steps)
  const home: Home = {
    name: homeName,
    rooms,
    outdoor,
    sun: outlook.irradiance,
    price: meanOf(prices.intervals, starts, ends, ({ marginal }) => marginal),
    sell: meanOf(prices.intervals, starts, ends, ({ sell }) => sell),
    ...(metered && { load: planned, solar: ahead.isNet ? outlook.solar.map(() => 0) : outlook.solar }),
    ...(battery && { battery }),
    ...(setup.fuse !== undefined && { fuse: setup.fuse }),
    ...(capacity && { capacity }),
    ...(cap && { cap }),
  }
  return { now, grid, homes: [home], smooth, ...(memory.plan && { last: memory.plan }) }
}

/** The owner's own cap, and the house's part of one that it shares; the lower of the two. */
function capOf({ cap: own, sharedCap }: HouseSetup, { others = [] }: HouseSeen, now: number, steps: readonly number[]) {
  if (sharedCap === undefined) return own === undefined ? undefined : steps.map(() => own)
  const claims = others.map(({ plan }) => {
    const power = plan?.homes[0]?.power
    return plan && power ? { plan: { from: plan.from, steps: plan.steps, power } } : {}
  })
  const share = shareOf({ now, steps, cap: steps.map(() => sharedCap), others: claims })
  return share.map((most) => Math.min(most, own ?? most))
}

type Given = {
  readonly setup: HouseSetup
  readonly seen: HouseSeen
  readonly memory: HouseMemory
  readonly now: number
  readonly ends: readonly number[]
}

function planRoom(room: RoomSetup, loop: LoopSetup, { setup, seen, memory, now, ends }: Given): Room | undefined {
  const before = memory.rooms[room.id]?.estimate
  const state = roomStateOf(room, loop, { setup, seen, before, now })
  const estimate = stateNow(state, seen.held[loop.id], seen, now)
  if (state.reading === 'unknown' || !estimate) return undefined
  const { useOfBand, keepMean } = settingsOf(modelPredictive.settings, loop.settings)
  const { highest = 26, frost = 8 } = loop.limits
  const wishes = ends.map((end) => wishAt(room.comfort, end - 1, setup.timezone))
  return {
    name: planRoomName(room),
    house: state.house,
    air: estimate.air,
    structure: estimate.structure,
    disturbance: estimate.disturbance,
    ...(estimate.spread !== undefined && { spread: estimate.spread }),
    lower: wishes.map(({ temperature, lowest }) =>
      clamp(temperature - useOfBand * (temperature - lowest), frost + 1, highest),
    ),
    upper: wishes.map(({ temperature, highest: most }) =>
      clamp(temperature + useOfBand * (most - temperature), frost + 1, highest),
    ),
    ...(keepMean && { wish: wishes.map(({ temperature }) => temperature), owed: memory.rooms[room.id]?.owed ?? 0 }),
    heating: state.heating,
  }
}

function batteryOf(setup: HouseSetup, seen: HouseSeen, now: number): Battery | undefined {
  const loop = setup.loops.find(({ kind }) => kind === 'battery')
  const charge = seen.battery?.charge
  if (!loop || !setup.battery || !charge || !isNumber(charge.value) || now - charge.at > 30 * minute) return undefined
  const { capacity, power, wear } = setup.battery
  const { minimumCharge, maximumCharge } = settingsOf(batteryControl.settings, loop.settings)
  return {
    energy: (capacity * clamp(charge.value, 0, 100)) / 100,
    least: (capacity * minimumCharge) / 100,
    most: (capacity * maximumCharge) / 100,
    charge: power,
    discharge: power,
    ...(wear !== undefined && { wear }),
  }
}

/** What can be moved to another hour: a heat pump's power for some hours, and all that a battery holds, with its losses. */
function movableOf(rooms: readonly Room[], battery: Battery | undefined) {
  const pumps = rooms.filter(({ heating }) => heating.pump || heating.resistance).length
  const { charge = 0, least = 0, most = 0 } = battery ?? {}
  return { power: 1.5 * pumps + charge, energy: 5 * pumps + 1.35 * (most - least) }
}

/** What holds the planned rooms where they are, kW of electricity. */
const heatingPowerOf = (rooms: readonly Room[], outdoor: number): number =>
  rooms.reduce((sum, { house, air, heating, disturbance = 0 }) => {
    const heat = Math.max(0, heatLoss(house) * (air - outdoor) - disturbance)
    return sum + heat / (heating.pump ? cop(heating.pump, outdoor) : 1)
  }, 0)

/** The mean by time over each step of the plan; not known where nothing covers it. */
function meanOf(
  steps: HousePrices['intervals'],
  starts: readonly number[],
  ends: readonly number[],
  of: (step: HousePrices['intervals'][number]) => number,
): number[] {
  return starts.map((start, k) => {
    const end = ends[k]!
    let sum = 0
    let covered = 0
    for (const step of steps) {
      const length = Math.min(end, step.end) - Math.max(start, step.start)
      if (length <= 0) continue
      sum += of(step) * length
      covered += length
    }
    return covered > 0 ? sum / covered : Number.NaN
  })
}
