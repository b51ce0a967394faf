/**
 * Electric heaters that stand in the rooms of a house besides its heat pumps, each with a thermostat of its own. They are
 * set so low that they rest until somebody wants them.
 */
import type { DemoHouse } from './houses.ts'
import { clamp } from './noise.ts'

/** What the thermostat goes by. */
export type HeaterWish = { readonly on: boolean /** °C */; readonly target: number }

export type LivingHeater = {
  /** Index of its room in the house. */
  readonly room: number
  /** `socket`: a plug with a thermostat, and a heater in it. */
  readonly kind: 'panel' | 'socket'
  /** Whether its owner has put it into the room at the vendor. */
  readonly placed: boolean
  /** W at full power. */
  readonly most: number
  readonly usual: HeaterWish
  wishAt(ms: number): HeaterWish
  /** From `ms` on, which may lie ahead: a heater learns of a wish a little later. */
  set(ms: number, wish: HeaterWish): void
  /** W */
  powerAt(ms: number): number
  /** kWh between two times. */
  used(from: number, to: number): number
}

export type Heating = {
  readonly heaters: readonly LivingHeater[]
  /** Lets the heaters of a room run for the minute from `at` on; kW of heat, and as much electricity. */
  run(room: number, at: number, air: number): number
}

const minute = 60_000

/** @param reach simulates the house up to a time and gives the number of that minute since `start` */
export function makeHeating({ rooms }: DemoHouse, start: number, reach: (ms: number) => number): Heating {
  const heaters = rooms.flatMap(({ night, pump }, room) => {
    const last = room === rooms.length - 1
    if (room > 1 && !last) return []
    const kind = room === 1 && !last ? 'socket' : 'panel'
    const most = Math.min(2000, 100 * Math.round(4 * pump.capacity))
    return [makeHeater({ room, kind, placed: room > 0, most, usual: { on: true, target: night - 4 } }, start, reach)]
  })
  return {
    heaters: heaters.map(({ heater }) => heater),
    run: (room, at, air) =>
      heaters.reduce((sum, { heater, run }) => (heater.room === room ? sum + run(at, air) / 1000 : sum), 0),
  }
}

function makeHeater(
  given: Pick<LivingHeater, 'room' | 'kind' | 'placed' | 'most' | 'usual'>,
  start: number,
  reach: (ms: number) => number,
) {
  const wishes: { readonly at: number; readonly wish: HeaterWish }[] = []
  const watts: number[] = []
  /** kWh at the beginning of each minute. */
  const energy: number[] = [0]
  const wishAt = (ms: number) => wishes.findLast(({ at }) => at <= ms)?.wish ?? given.usual
  const sumAt = (ms: number) => {
    const at = reach(ms)
    return energy[at]! + clamp((ms - start) / minute - at, 0, 1) * (energy[at + 1]! - energy[at]!)
  }
  const heater: LivingHeater = {
    ...given,
    wishAt,
    set: (ms, wish) => {
      reach(ms - minute)
      wishes.push({ at: ms, wish })
    },
    powerAt: (ms) => watts[reach(ms)]!,
    used: (from, to) => sumAt(to) - sumAt(from),
  }
  /** Proportional to what is missing: full power from one degree on. */
  const run = (at: number, air: number): number => {
    const { on, target } = wishAt(at)
    const power = on ? Math.round(given.most * clamp(target + 0.2 - air, 0, 1)) : 0
    watts.push(power)
    energy.push(energy.at(-1)! + power / 60_000)
    return power
  }
  return { heater, run }
}
