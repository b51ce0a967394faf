/** What power costs a household, and what it has said of its contracts. */
import { checkPriceSettings, PriceSettings } from '@nabolag/control'
import { priceSettingsOf } from '@nabolag/house-data'
import type { App } from '../app.ts'
import { pricedHouse, pricesOf } from '../prices.ts'
import { HousePath, refusals } from '../schemas.ts'
import { PriceQuery, Prices, ShownPriceSettings } from '../schemas-prices.ts'

export const prices = async (app: App) => {
  const tags = ['prices']
  const { timeseries } = app.parts
  const path = '/houses/:houseId/prices'

  app.get(
    path,
    {
      config: { needs: 'house:read' },
      schema: {
        summary: 'What a kilowatt-hour costs the household, part by part',
        description:
          'Today and tomorrow when nothing is asked for. Hours that are not published yet are filled in from the days before, ' +
          'and marked. With `capacity` where the tariff by the highest hours is known.',
        tags,
        params: HousePath,
        querystring: PriceQuery,
        response: { 200: Prices, ...refusals(400, 403, 503) },
      },
    },
    ({ tenant, params: { houseId }, query }) => pricesOf({ tenant, timeseries }, houseId, query),
  )

  app.get(
    `${path}/settings`,
    {
      config: { needs: 'house:read' },
      schema: {
        summary: 'What the household has said of its contracts',
        tags,
        params: HousePath,
        response: { 200: ShownPriceSettings, ...refusals(403, 503) },
      },
    },
    async ({ tenant, params: { houseId } }) => {
      const house = await pricedHouse(tenant, await tenant.house(houseId))
      return { ...(await priceSettingsOf(timeseries, house, Date.now())), schema: PriceSettings }
    },
  )

  app.put(
    `${path}/settings`,
    {
      config: { needs: 'house:write' },
      schema: {
        summary: 'Say what contracts the household has',
        description:
          'In the place of all that was said before. Tables hold from their dates on, so that the past keeps its prices.',
        tags,
        params: HousePath,
        body: PriceSettings,
        response: { 200: ShownPriceSettings, ...refusals(400, 403, 503) },
      },
    },
    async ({ tenant, params: { houseId }, body }) => {
      const settings = checkPriceSettings(body)
      await tenant.setPriceSettings(houseId, settings)
      return { settings, assumed: false, schema: PriceSettings }
    },
  )
}
