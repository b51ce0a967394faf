/** The weather that the controls of a house reckon with. */
import { readForecast } from '@nabolag/house-data'
import type { App } from '../app.ts'
import { optionalTime } from '../data-request.ts'
import { HousePath, refusals } from '../schemas.ts'
import { Forecast, ForecastQuery } from '../schemas-prices.ts'
import { isoTime } from '../views.ts'

const hour = 3_600_000

export const forecast = async (app: App) => {
  app.get(
    '/houses/:houseId/forecast',
    {
      config: { needs: 'house:read' },
      schema: {
        summary: 'The forecast that the controls go by',
        description:
          'Put together from everything that forecasts for the house. Sunlight that nobody forecasts is that of a clear sky ' +
          'less the clouds.',
        tags: ['prices'],
        params: HousePath,
        querystring: ForecastQuery,
        response: { 200: Forecast, ...refusals(400, 403, 503) },
      },
    },
    async ({ tenant, params: { houseId }, query: { asOf, hours = 48 } }) => {
      const house = await tenant.house(houseId)
      const given = optionalTime('asOf', asOf)
      const known = given === undefined ? Date.now() : Math.floor(given / 1000)
      const from = Math.floor(known / hour) * hour
      const outlooks = await readForecast(app.parts.timeseries, house, { from, to: known + hours * hour, asOf: known })
      return outlooks.map(({ at, temperature, humidity, cloud, irradiance, solarPower }) => ({
        at: isoTime(at),
        temperature: temperature ?? null,
        humidity: humidity ?? null,
        cloud: cloud ?? null,
        irradiance: irradiance === undefined ? null : Math.round(irradiance * 10) / 10,
        solarPower: solarPower ?? null,
      }))
    },
  )
}
