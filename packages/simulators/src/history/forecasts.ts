/** The past of forecasts: what was said, and when it was said. */
import { microsFromMillis } from '@nabolag/core'
import { dayAheadOf } from '../nordpool.ts'
import { kilowattsOf, outputs } from '../solcast.ts'
import { forecastSteps, issueBefore } from '../world/met-forecast.ts'
import { solarForecastAt } from '../world/solar.ts'
import { hour, minute, type Past, type Point } from './past.ts'

const day = 24 * hour

export const met: Past = function* ({ world, living: { house }, options, start, to }) {
  const every = hour * (options.metEveryHours ?? 6)
  for (let ms = start; ms < to; ms += every) {
    const issued = issueBefore(house, ms)
    for (const { time, fields } of forecastSteps(world.seed, house, issued, ms))
      yield { group: 'weatherForecast', time, fields, issued: microsFromMillis(issued) }
  }
}

/** A week in half-hours each time. */
export const solcast: Past = function* ({ world, living: { house }, device, options, start, to }) {
  const period = 30 * minute
  const every = hour * (options.solcastEveryHours ?? 12)
  const { sites } = device.credentials
  const roofs = (house.roofs ?? []).filter(({ site }) => String(sites ?? '').includes(site))
  for (let ms = start; ms < to; ms += every) {
    const [issued, computed] = [microsFromMillis(ms), Math.floor(ms / (10 * minute)) * 10 * minute]
    const first = Math.floor(ms / period) * period
    for (let time = first; time < first + 7 * day; time += period) {
      const step = solarForecastAt(world.seed, house, computed, time + period / 2)
      const point = (fields: Record<string, number>, location?: string): Point => ({
        group: 'solarRadiation',
        time,
        issued,
        location,
        fields,
      })
      if (roofs.length === 0)
        yield point({
          azimuth: outputs.azimuth(step),
          zenith: outputs.zenith(step),
          diffuseHorizontalIrradiance: outputs.dhi(step),
          directNormalIrradiance: outputs.dni(step),
          globalHorizontalIrradiance: outputs.ghi(step),
          temperature: outputs.air_temp(step),
          cloudOpacity: outputs.cloud_opacity(step),
        })
      for (const roof of roofs) {
        const [middle, low, high] = kilowattsOf(roof, step)
        yield point({ solarPower: 1000 * middle, solarPower10: 1000 * low, solarPower90: 1000 * high }, roof.site)
      }
    }
  }
}

/** Each delivery day as it was published in the end. */
export const spotPrice: Past = function* ({ world, device, start, to }) {
  const area = String(device.credentials.area)
  for (let ms = start - day; ms < to + day; ms += day) {
    const { published, currency, prices } = dayAheadOf(world.seed, area, new Date(ms).toISOString().slice(0, 10))
    if (published < start || published >= to) continue
    for (const { time, minutes, price } of prices) {
      const fields = { price, minutes, preliminary: false }
      const tags = { area, currency, source: 'nordpool' }
      // The exchange has a finer clock.
      yield { group: 'spotPrice', time, tags, fields, issued: microsFromMillis(published) + 424 }
    }
  }
}
