/** What is believed of a room now: which thermometer counts, and where the filter stands. */
import { clamp, isNumber, type Known, type Measured } from '../controls/define-control.ts'
import { type Estimate, makeFilter } from '../estimate/filter.ts'
import { usualHouse } from '../estimate/prior.ts'
import type { Heating } from '../mpc/view.ts'
import { believed, lastUsable, type Reading, roomRules } from '../safety/readings.ts'
import { cop, type HouseParameters, mostHeat, shareOfHeat, usualHeatPump } from '../thermal/index.ts'
import { heats } from './actuate.ts'
import type { Held, HouseSeen, HouseSetup, LoopSetup, Outlook, RoomSetup } from './types.ts'

/** A room whose floor nobody gave, m². */
const usualArea = 25

export type RoomState = {
  readonly room: RoomSetup
  readonly house: HouseParameters
  readonly heating: Heating
  /** Readings of the thermometer that counts, and its newest if it can be acted upon. */
  readonly readings: readonly Reading[]
  readonly reading: Known<Measured>
  /** At the newest reading; absent before the first one. */
  readonly estimate?: Estimate
}

/** The model in use: the room's own once it is accepted, else what is usual for its area and year. */
export const houseOf = (room: RoomSetup, { built }: Pick<HouseSetup, 'built'>): HouseParameters =>
  room.model ?? usualHouse({ area: room.area ?? usualArea, ...(built !== undefined && { built }) })

/** What heats a room: a heat pump where its loop moves one, else electric heaters. */
export function heatingOf(room: RoomSetup, loop: LoopSetup | undefined): Heating {
  const { pump, resistance } = room.heating ?? {}
  if (loop?.actuator.capability === 'heater') return { resistance: resistance ?? 1 }
  const capacity = clamp(0.085 * (room.area ?? usualArea), 2.5, 8)
  return { pump: { ...usualHeatPump, capacity, ...pump }, ...(resistance !== undefined && { resistance }) }
}

/** The first thermometer with a reading that can be acted upon; where none has one, that which had one last. */
export function thermometerOf(all: readonly (readonly Reading[])[], now: number) {
  for (const readings of all) {
    const reading = believed(readings, now, roomRules)
    if (reading !== 'unknown') return { readings, reading }
  }
  const last = (readings: readonly Reading[]) => lastUsable(readings, now, roomRules)
  const readings = all.reduce((best, one) => (last(one) > last(best) ? one : best), all[0] ?? [])
  return { readings, reading: 'unknown' as const }
}

/** Heat that the actuator gives now, kW: from its power where it says so, else from how far it is set above the room. */
export function heatNow({ pump, resistance = 0 }: Heating, held: Held | undefined, air: number, outdoor: number) {
  if (!held || held.set.on === false) return 0
  if (!heats(held.mode)) return 0
  const most = pump ? mostHeat(pump, outdoor) : resistance
  if (isNumber(held.power)) return clamp((held.power / 1000) * (pump ? cop(pump, outdoor) : 1), 0, 2 * most)
  const target = held.set.temperature
  if (!isNumber(target)) return 0
  return shareOfHeat(target - air, pump?.band) * most
}

/** The forecast at a time: in a line between its points, the ends held; absent where it has none. */
export function outlookAt(
  weather: readonly Outlook[],
  at: number,
  of: 'temperature' | 'irradiance' | 'humidity' | 'solarPower',
): number | undefined {
  let before: readonly [number, number] | undefined
  for (const outlook of weather) {
    const value = outlook[of]
    if (!isNumber(value)) continue
    if (outlook.at >= at) {
      if (!before) return value
      return before[1] + ((value - before[1]) * (at - before[0])) / Math.max(1, outlook.at - before[0])
    }
    before = [outlook.at, value]
  }
  return before?.[1]
}

/** Measured outdoors within the hour, else as forecast. */
export function outdoorNow({ outdoor, weather }: HouseSeen, now: number): number | undefined {
  const newest = outdoor.findLast(({ at, value }) => isNumber(value) && at <= now && now - at < 3_600_000)
  return newest?.value ?? outlookAt(weather, now, 'temperature')
}

export function roomStateOf(
  room: RoomSetup,
  loop: LoopSetup | undefined,
  given: {
    readonly setup: HouseSetup
    readonly seen: HouseSeen
    readonly before: Estimate | undefined
    readonly now: number
  },
): RoomState {
  const { setup, seen, before, now } = given
  const house = houseOf(room, setup)
  const heating = heatingOf(room, loop)
  const { readings, reading } = thermometerOf(seen.rooms[room.id] ?? [], now)
  const known = { room, house, heating, readings, reading }
  // From a clock that went back, or from before the house was known by another model: it begins anew.
  const last = before && before.at <= now ? before : undefined
  if (reading === 'unknown' || (last && reading.at <= last.at)) return { ...known, ...(last && { estimate: last }) }
  const filter = makeFilter(house)
  const outdoor = outdoorNow(seen, now)
  if (!last) return { ...known, estimate: filter.begin(reading.at, reading.value, outdoor ?? 0) }
  const input = inputOf(heating, loop && seen.held[loop.id], last.air, seen, reading.at)
  return { ...known, estimate: filter.step(last, { at: reading.at, reading: reading.value, input }).estimate }
}

/** Where the room is now, by the model from its last reading on. */
export function stateNow(
  { house, heating, estimate }: RoomState,
  held: Held | undefined,
  seen: HouseSeen,
  now: number,
): Estimate | undefined {
  if (!estimate || now <= estimate.at) return estimate
  return makeFilter(house).step(estimate, { at: now, input: inputOf(heating, held, estimate.air, seen, now) }).estimate
}

function inputOf(heating: Heating, held: Held | undefined, air: number, seen: HouseSeen, at: number) {
  const outdoor = outdoorNow(seen, at) ?? Number.NaN
  const sun = (outlookAt(seen.weather, at, 'irradiance') ?? 0) / 1000
  return { outdoor, heat: heatNow(heating, held, air, isNumber(outdoor) ? outdoor : 0), gains: 0, sun }
}
