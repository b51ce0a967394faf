/** What the integrations would have logged of a house, made without asking anybody: the past of a demo. */
import { type FieldValue, microsFromMillis, type Sample } from '@nabolag/core'
import type { LivingHouse } from './house.ts'
import type { DemoDevice } from './houses.ts'
import { forecastSteps, issueBefore } from './met-forecast.ts'
import { seedOf } from './noise.ts'
import type { World } from './world.ts'

export type HistoryOptions = {
  /** ms, both on the world's time; not before its start. `to` is not included. */
  readonly from: number
  readonly to: number
  /** The house's number in the system that keeps it. */
  readonly houseId: number
  /** Seconds between the samples of heat pumps and of live power; forecasts are issued every so many hours. */
  readonly sensiboEvery?: number
  readonly tibberEvery?: number
  readonly metEveryHours?: number
}

/** When a pod measures: every 90 s, each at its own moments. */
export const podTime = (pod: string, ms: number, every = 90_000): number => {
  const offset = seedOf(pod) % every
  return Math.floor((ms - offset) / every) * every + offset
}

/**
 * The samples of each of the house's devices in order of time, made as they are read.
 *
 * @param device one of `house.devices`, which it stands for
 */
export function* history(
  world: World,
  living: LivingHouse,
  device: DemoDevice,
  options: HistoryOptions,
): Generator<Sample> {
  const { from, to, houseId } = options
  const start = Math.max(from, world.start)
  const sample = (
    group: string,
    ms: number,
    location: string,
    fields: Record<string, FieldValue>,
    issued?: number,
  ): Sample => ({
    houseId,
    group,
    device: device.integration,
    count: 0,
    location,
    tags: {},
    time: microsFromMillis(ms),
    issued: issued === undefined ? undefined : microsFromMillis(issued),
    fields,
  })
  const { house } = living
  if (device.integration === 'sensibo-sky') {
    // A whole number of the pod's own 90 s, so that the live samples go on in the same steps.
    const every = 90_000 * Math.max(1, Math.round((options.sensiboEvery ?? 180) / 90))
    for (let ms = start; ms < to; ms += every)
      for (const [index, room] of house.rooms.entries()) {
        const at = podTime(room.pod, ms)
        if (at < start) continue
        const { on, mode, targetTemperature, fanLevel } = living.acStateAt(index, at)
        yield sample('heatPumpController', at, room.name, {
          ...living.climateAt(index, at),
          targetTemperature,
          mode,
          fanLevel,
          on,
        })
      }
  } else if (device.integration === 'tibber-realtime') {
    const every = 1000 * (options.tibberEvery ?? 10)
    for (let ms = Math.ceil(start / every) * every; ms < to; ms += every) {
      const { power, today, cost } = living.meterAt(ms)
      yield sample('powerConsumption', ms, house.name, { power, accumulatedConsumption: today, accumulatedCost: cost })
    }
  } else if (device.integration === 'tibber-hourly') {
    for (let ms = Math.ceil(start / 3_600_000) * 3_600_000; ms + 3_600_000 <= to; ms += 3_600_000) {
      const { energy, cost } = living.used(ms, ms + 3_600_000)
      yield sample('powerConsumption', ms, house.name, {
        hourlyPower: energy * 1000,
        hourlyConsumption: energy,
        hourlyCost: cost,
      })
    }
  } else {
    const every = 3_600_000 * (options.metEveryHours ?? 6)
    for (let ms = start; ms < to; ms += every) {
      const issued = issueBefore(house, ms)
      for (const { time, fields } of forecastSteps(world.seed, house, issued, ms))
        yield sample('weatherForecast', time, '', fields, issued)
    }
  }
}
