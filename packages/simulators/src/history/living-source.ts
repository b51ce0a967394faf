/** A house of the demo as a source of turns: what its devices would have told at a time, and hands to move them. */
import type {
  Held,
  HouseSeen,
  HouseSetup,
  LoopCommand,
  LoopSetup,
  Reading,
  Source,
  SpotEntry,
  Use,
} from '@nabolag/control'
import { dayAheadOf } from '../nordpool.ts'
import { entriesBetween, knownUntil, outlooks, worldWeather } from '../twin/surroundings.ts'
import type { LivingHouse } from '../world/house.ts'
import type { World } from '../world/world.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
/** Sensibo is asked every three minutes in the made past. */
const readEvery = 3 * minute
const forecastError = 0.28

/** What was done to a house, so that another world can be brought to the same state. */
export type PastMove = {
  readonly at: number
  readonly house: number
  readonly room?: number
  /** °C of the heat pump in that room, or W of the battery's inverter. */
  readonly set: Readonly<Record<string, number | boolean | string>>
}

/** Moves a living house as a command would have. */
export function applyMove(living: LivingHouse, { at, room, set }: PastMove): void {
  if (room === undefined) {
    living.setStorage(at, set as Parameters<LivingHouse['setStorage']>[1])
    return
  }
  const { targetTemperature, mode, on, fanLevel } = { ...living.acStateAt(room, at), ...set }
  living.setAc(room, at, { targetTemperature, mode, on, fanLevel })
}

/** @param onMove called with everything that was moved */
export function livingSource(
  world: World,
  living: LivingHouse,
  setup: HouseSetup,
  { from, to }: { readonly from: number; readonly to: number },
  onMove: (move: PastMove) => void,
): Source {
  const weather = worldWeather(world.seed, living.house)
  const spot: SpotEntry[] = []
  for (let ms = from - 9 * day; ms < to + 2 * day; ms += day)
    for (const { time, minutes, price } of dayAheadOf(world.seed, 'NO3', new Date(ms).toISOString().slice(0, 10))
      .prices)
      spot.push({ start: time, end: time + minutes * minute, price })
  const hours: Use[] = []
  const usedUntil = (now: number) => {
    for (let start = hours.at(-1)?.end ?? Math.ceil(world.start / hour) * hour; start + hour <= now; start += hour)
      hours.push({ start, end: start + hour, energy: living.used(start, start + hour).energy })
    return hours.filter(({ start }) => start >= now - 31 * day)
  }
  const loads: Use[] = []
  /** Where panels or a battery stand behind the meter: the mean of what the inverter says of each minute. */
  const loadUntil = (now: number) => {
    for (let start = loads.at(-1)?.end ?? Math.ceil(world.start / hour) * hour; start + hour <= now; start += hour) {
      const watts = Array.from({ length: 60 }, (_, n) => living.flowsAt(start + n * minute)?.load ?? 0)
      loads.push({ start, end: start + hour, energy: watts.reduce((sum, each) => sum + each, 0) / 60_000 })
    }
    return loads.filter(({ start }) => start >= now - 28 * day)
  }
  const roomOf = ({ room }: LoopSetup) => room! - 1
  const readingsAt = (room: number, now: number): Reading[] =>
    Array.from({ length: 60 }, (_, n) => {
      const at = (Math.floor(now / readEvery) - 59 + n) * readEvery
      return { at, value: at < world.start ? null : living.climateAt(room, at).temperature }
    })

  const heldOf = (loop: LoopSetup, now: number, read: number): [number, Held][] => {
    if (loop.kind === 'battery') {
      const storage = living.storageAt(now)
      return storage ? [[loop.id, { at: now, set: { power: storage.gridSetpoint } }]] : []
    }
    const { targetTemperature, on, mode, fanLevel } = living.acStateAt(roomOf(loop), read)
    return [[loop.id, { at: read, set: { temperature: targetTemperature, on, fanLevel }, mode }]]
  }

  return {
    name: `${living.house.name} of the demo`,
    answers: true,
    seen(now): HouseSeen {
      const read = Math.floor(now / readEvery) * readEvery
      const flows = living.flowsAt(now)
      return {
        rooms: Object.fromEntries(setup.rooms.map(({ id }) => [id, [readingsAt(id - 1, now)]])),
        held: Object.fromEntries(setup.loops.flatMap((loop) => heldOf(loop, now, read))),
        spot: entriesBetween(spot, now - 8 * day, knownUntil(now, setup.timezone)),
        weather: outlooks(weather, world.seed, forecastError, Math.floor(now / hour) * hour, 60),
        outdoor: [],
        power: [{ at: now, value: living.meterAt(now).power }],
        use: usedUntil(now),
        ...(flows && {
          load: loadUntil(now),
          battery: {
            charge: { at: now, value: flows.charge },
            load: { at: now, value: flows.load },
            sun: { at: now, value: flows.solar },
          },
        }),
      }
    },
    take(now, commands) {
      for (const command of commands) {
        const move = moveOf(setup, living, now, command)
        if (!move) continue
        applyMove(living, move)
        onMove(move)
      }
    },
    pass(start, end) {
      const middle = (start + end) / 2
      const pumps = setup.loops.filter(({ kind }) => kind === 'heating')
      const { energy } = living.used(start, end)
      const powerOf = (loop: LoopSetup) => living.pumpPowerAt(roomOf(loop), middle) / 1000
      return {
        ...{ from: start, to: end, outdoor: weather(middle).temperature },
        rooms: Object.fromEntries(setup.rooms.map(({ id }) => [id, living.climateAt(id - 1, middle).temperature])),
        loops: Object.fromEntries(
          pumps.map((loop) => [
            loop.id,
            { setpoint: living.acStateAt(roomOf(loop), end).targetTemperature, power: powerOf(loop) },
          ]),
        ),
        hvac: pumps.reduce((sum, loop) => sum + powerOf(loop), 0),
        grid: energy / ((end - start) / hour),
      }
    },
    spot: (start, end) => entriesBetween(spot, start, end),
  }
}

/** In the words of the living house; nothing for what it has no such thing for. */
function moveOf(
  { id: house, loops }: HouseSetup,
  living: LivingHouse,
  at: number,
  { loop: id, verb, arguments: args }: LoopCommand,
): PastMove | undefined {
  const loop = loops.find((one) => one.id === id)!
  if (loop.kind === 'battery') {
    const power = Number(args.power)
    if (!living.house.battery) return undefined
    if (verb === 'setGridSetpoint') return { at, house, set: { gridSetpoint: power } }
    return { at, house, set: verb === 'setChargeLimit' ? { chargeLimit: power } : { dischargeLimit: power } }
  }
  const room = loop.room! - 1
  switch (verb) {
    case 'setTargetTemperature':
      return { at, house, room, set: { targetTemperature: Number(args.temperature) } }
    case 'setOn':
      return { at, house, room, set: { on: args.on === true } }
    case 'setMode':
      return { at, house, room, set: { mode: String(args.mode) } }
    default:
      return undefined
  }
}
