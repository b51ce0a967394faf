/** Series as a house of the simulators would log them, for tests. */

import { weatherAt } from '../../../simulators/src/world/weather.ts'
import { makeWorld } from '../../../simulators/src/world/world.ts'
import type { ActuatorSeries, FollowData, SensorSeries } from './index.ts'

const minute = 60_000

/** Small, repeatable noise between -1 and 1. */
const noise = (n: number) => {
  const x = Math.sin(n * 12.9898 + 78.233) * 43_758.5453
  return 2 * (x - Math.floor(x)) - 1
}

/**
 * A demo house over some days of winter: in each room a thermometer away from the heat pump, slower and with an offset,
 * and the heat pump's own words.
 *
 * @param house index of the demo house
 * @param log what the heat pumps say: their power, or wish and own temperature
 */
export function simulatedHouse(asked: {
  readonly seed: number
  readonly days: number
  readonly log: 'power' | 'wish'
  readonly house?: number
  readonly start?: number
}): FollowData & { readonly sensors: readonly SensorSeries[]; readonly actuators: readonly ActuatorSeries[] } {
  const { seed, days, log, house = 0, start = Date.UTC(2026, 0, 12) } = asked
  const end = start + days * 1440 * minute
  const living = makeWorld({ seed, start, now: () => end }).houses[house]!
  const times = Array.from({ length: days * 480 }, (_, n) => start + n * 3 * minute)
  const track = (of: (ms: number) => number) => times.map((time) => ({ time, value: of(time) }))
  const names = living.house.rooms.map((_, n) => `place ${String.fromCharCode(65 + n)}`)
  return {
    sensors: living.house.rooms.map((_, room) => {
      let felt = living.climateAt(room, start).temperature
      return {
        sensor: { device: 'mill-sense', count: room, location: `sensor ${7 * room + 3}`, group: 'airSensor' },
        readings: track((ms) => {
          felt += 0.3 * (living.climateAt(room, ms).temperature - felt)
          return Math.round(10 * (felt + 0.4 * noise(room) + 0.04 * noise(room + ms / 1000))) / 10
        }),
      }
    }),
    actuators: living.house.rooms.map((_, room) => ({
      actuator: { device: 'sensibo-sky', count: 0, location: names[room]! },
      ...(log === 'power'
        ? { power: track((ms) => living.pumpPowerAt(room, ms)) }
        : {
            target: track((ms) => living.acStateAt(room, ms).targetTemperature),
            on: track((ms) => (living.acStateAt(room, ms).on ? 1 : 0)),
            own: track((ms) => living.climateAt(room, ms).temperature),
          }),
    })),
    outdoor: times
      .filter((_, n) => n % 20 === 0)
      .map((time) => ({ time, value: weatherAt(seed, living.house, time).temperature })),
  }
}
