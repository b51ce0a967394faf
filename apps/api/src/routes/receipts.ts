/** What control did and why, and what it means to do. */
import { Problem } from '@nabolag/core'
import { Type } from 'typebox'
import type { App } from '../app.ts'
import { optionalMillis } from '../data-request.ts'
import { HousePath, refusals } from '../schemas.ts'
import { Plan, Receipt } from '../schemas-control.ts'
import { planView, receiptView } from '../views-control.ts'

const moment = (description: string) =>
  Type.Optional(
    Type.String({ minLength: 1, maxLength: 40, description: `${description}. ISO 8601; without a zone UTC` }),
  )
const Which = Type.Object(
  {
    loop: Type.Optional(Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'Only of that loop' })),
    from: moment('Belongs to the range'),
    to: moment('Does not belong to the range'),
    sent: Type.Optional(Type.Boolean({ description: 'Only those that sent something' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
    before: Type.Optional(
      Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'Id of a receipt: only older ones' }),
    ),
  },
  { additionalProperties: false },
)
const When = Type.Object(
  { at: moment('The plan that held then; the present one when absent') },
  { additionalProperties: false },
)

export const receipts = async (app: App) => {
  const tags = ['control']
  const config = { needs: 'house:follow' } as const

  app.get(
    '/houses/:houseId/receipts',
    {
      config,
      schema: {
        summary: 'What control decided, newest first: a sentence for people, and everything it rests on',
        description: 'Those that sent nothing are kept for 14 days, the others for 400.',
        tags,
        params: HousePath,
        querystring: Which,
        response: { 200: Type.Array(Receipt), ...refusals(400, 403, 503) },
      },
    },
    async ({ tenant, params: { houseId }, query: { from, to, ...query } }) => {
      const range = { from: optionalMillis('from', from), to: optionalMillis('to', to) }
      return (await tenant.receipts(houseId, { ...query, ...range })).map(receiptView)
    },
  )

  app.get(
    '/houses/:houseId/plan',
    {
      config,
      schema: {
        summary: 'The plan of the next day or two: temperature, power and price',
        description: 'For houses where something plans ahead. With the comfort band of each room at each step.',
        tags,
        params: HousePath,
        querystring: When,
        response: { 200: Plan, ...refusals(400, 403, 404, 503) },
      },
    },
    async ({ tenant, house, params: { houseId }, query: { at } }) => {
      const [plan, rooms] = await Promise.all([tenant.plan(houseId, optionalMillis('at', at)), tenant.rooms(houseId)])
      if (!plan) throw Problem('no-such-plan')
      return planView(plan, rooms, house!.timezone)
    },
  )
}
