/** What the integrations would have logged of a house, made without asking anybody: the past of a demo. */
import { microsFromMillis, type Sample } from '@nabolag/core'
import type { LivingHouse } from '../world/house.ts'
import type { DemoDevice, DemoIntegration } from '../world/houses.ts'
import type { World } from '../world/world.ts'
import { millHeater, millSense, sensibo, verisure } from './climate.ts'
import { met, solcast, spotPrice } from './forecasts.ts'
import type { HistoryOptions, Past } from './past.ts'
import { systemair, tibberHourly, tibberRealtime, victron } from './technics.ts'

export type { HistoryOptions } from './past.ts'

const pasts: Readonly<Record<DemoIntegration, Past>> = {
  met,
  solcast,
  victron,
  'tibber-realtime': tibberRealtime,
  'tibber-hourly': tibberHourly,
  'sensibo-sky': sensibo,
  'mill-sense': millSense,
  'mill-heater': millHeater,
  'systemair-vsr500': systemair,
  'verisure-smoke-detector': verisure,
  'spot-price': spotPrice,
}

/**
 * The samples of one of the house's devices, made as they are read: in order of time for each place, forecasts in order
 * of issue.
 *
 * @param device one of `living.house.devices`, which it stands for
 */
export function* history(
  world: World,
  living: LivingHouse,
  device: DemoDevice,
  options: HistoryOptions,
): Generator<Sample> {
  const { to, houseId } = options
  const start = Math.max(options.from, world.start)
  const points = pasts[device.integration]({ world, living, device, options, start, to })
  for (const { group, time, location = '', tags = {}, fields, issued } of points)
    yield {
      houseId,
      group,
      device: device.integration,
      count: 0,
      location,
      tags,
      time: microsFromMillis(time),
      issued,
      fields,
    }
}
