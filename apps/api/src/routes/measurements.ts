/** What there is to read, the newest values, and erasing. */
import { formatTime, Problem } from '@nabolag/core'
import { Type } from 'typebox'
import type { App } from '../app.ts'
import { optionalTime } from '../data-request.ts'
import { HousePath, Newest, Nullable, refusals, Series } from '../schemas.ts'

const Filter = Type.Object(
  {
    group: Type.Optional(Type.String({ maxLength: 63 })),
    field: Type.Optional(Type.String({ maxLength: 63 })),
    device: Type.Optional(Type.String({ maxLength: 63 })),
    count: Type.Optional(Type.Integer({ minimum: 0, maximum: 9999 })),
    location: Type.Optional(Type.String({ maxLength: 256 })),
  },
  { additionalProperties: false },
)

export const measurements = async (app: App) => {
  const { timeseries } = app.parts
  const config = { needs: 'house:read' } as const

  app.get(
    '/houses/:houseId/series',
    {
      config,
      schema: {
        summary: 'Which series there are',
        tags: ['data'],
        params: HousePath,
        querystring: Filter,
        response: {
          200: Type.Object({ house_id: Type.Integer(), series: Type.Array(Series) }),
          ...refusals(400, 403, 503),
        },
      },
    },
    async ({ params: { houseId }, query }) => {
      const found = await timeseries.series({ houseId, ...query })
      return {
        house_id: houseId,
        series: found.map((one) => ({
          ...one,
          unit: one.unit ?? null,
          first: formatTime(one.first),
          last: formatTime(one.last),
        })),
      }
    },
  )

  app.get(
    '/houses/:houseId/newest',
    {
      config,
      schema: {
        summary: 'The newest value of each series',
        tags: ['data'],
        params: HousePath,
        querystring: Filter,
        response: {
          200: Type.Object({ house_id: Type.Integer(), newest: Type.Array(Newest) }),
          ...refusals(400, 403, 503),
        },
      },
    },
    async ({ params: { houseId }, query }) => {
      const found = await timeseries.newest({ houseId, ...query })
      return {
        house_id: houseId,
        newest: found.map(({ issued, ...one }) => ({
          ...one,
          unit: one.unit ?? null,
          time: formatTime(one.time),
          ...(issued === undefined ? {} : { issued: formatTime(issued) }),
        })),
      }
    },
  )
}

const Range = Type.Object(
  {
    start: Type.Optional(Type.String({ maxLength: 40, description: 'ISO 8601; from the beginning when absent' })),
    end: Type.Optional(Type.String({ maxLength: 40, description: 'ISO 8601; does not belong to the range' })),
    group: Type.Optional(Type.String({ minLength: 1, maxLength: 63 })),
    device: Type.Optional(Type.String({ minLength: 1, maxLength: 63, description: 'Name of the device or publisher' })),
    count: Type.Optional(Type.Integer({ minimum: 0, maximum: 9999 })),
    all: Type.Optional(Type.Literal('true', { description: 'Needed to erase everything the house has measured' })),
  },
  { additionalProperties: false },
)

export const erasing = async (app: App) => {
  app.delete(
    '/houses/:houseId/data',
    {
      config: { needs: 'house:own' },
      schema: {
        summary: 'Erase measurements for good',
        description:
          'What the query names is gone from the disk when this is answered. Without any part, `all=true` is asked for.',
        tags: ['data'],
        params: HousePath,
        querystring: Range,
        response: {
          200: Type.Object({ house_id: Type.Integer(), start: Nullable(Type.String()), end: Nullable(Type.String()) }),
          ...refusals(400, 403, 503),
        },
      },
    },
    async ({ params: { houseId }, query: { start, end, group, device, count, all } }) => {
      const from = optionalTime('start', start)
      const to = optionalTime('end', end)
      if ([from, to, group, device, count].every((part) => part === undefined) && all !== 'true')
        throw Problem('bad-request', 'query: name what is to go, or all=true')
      if (count !== undefined && device === undefined) throw Problem('bad-request', 'query: /count needs a device')
      await app.parts.timeseries.erase({ houseId, device, count, group, from, to })
      return {
        house_id: houseId,
        start: from === undefined ? null : formatTime(from),
        end: to === undefined ? null : formatTime(to),
      }
    },
  )
}
