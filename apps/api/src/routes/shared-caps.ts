/** Power caps that several houses keep together, set by an operator. */
import { Type } from 'typebox'
import type { App } from '../app.ts'
import { Empty, refusals } from '../schemas.ts'

const closed = { additionalProperties: false }
const Name = Type.String({ minLength: 1, maxLength: 100 })
const CapPath = Type.Object({ name: Name })
const GivenCap = Type.Object(
  {
    cap: Type.Number({
      exclusiveMinimum: 0,
      maximum: 10_000,
      unit: 'kW',
      description: 'Most electricity of the planned heating of all its houses together, kW',
    }),
    houses: Type.Array(Type.Integer({ minimum: 1, maximum: 2_147_483_647 }), {
      maxItems: 1000,
      uniqueItems: true,
      description: 'In the place of those before; a house is under one shared cap at most',
    }),
  },
  closed,
)
const SharedCap = Type.Object({ name: Name, ...GivenCap.properties })

export const sharedCaps = async (app: App) => {
  const tags = ['control']
  const needs = { needs: 'admin' } as const

  app.get(
    '/shared-caps',
    {
      config: needs,
      schema: {
        summary: 'Power caps that houses keep together',
        tags,
        response: { 200: Type.Array(SharedCap), ...refusals(403, 503) },
      },
    },
    async ({ tenant }) => (await tenant.sharedCaps()).map((one) => ({ ...one, houses: [...one.houses] })),
  )

  app.put(
    '/shared-caps/:name',
    {
      config: needs,
      schema: {
        summary: 'Have houses keep a power cap together',
        description:
          'Holds for what is planned ahead (`model-predictive`): each house plans within what the newest plans of the others ' +
          'leave. Houses under other controls, and everything else that draws power, do not count.',
        tags,
        params: CapPath,
        body: GivenCap,
        response: { 200: SharedCap, ...refusals(400, 403, 404, 503) },
      },
    },
    async ({ tenant, params: { name }, body }) => {
      const kept = await tenant.setSharedCap(name, body)
      return { ...kept, houses: [...kept.houses] }
    },
  )

  app.delete(
    '/shared-caps/:name',
    {
      config: needs,
      schema: {
        summary: 'End a shared power cap',
        tags,
        params: CapPath,
        response: { 204: Empty, ...refusals(403, 404, 503) },
      },
    },
    async ({ tenant, params: { name } }, reply) => {
      await tenant.removeSharedCap(name)
      return reply.code(204).send(null)
    },
  )
}
