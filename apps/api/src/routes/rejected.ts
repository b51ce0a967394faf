/** Messages the datalogger refused, with the reason: for the one who can mend it. Kept for a week. */
import { formatTime, microsFromMillis } from '@nabolag/core'
import type { Rejected as RejectedRow } from '@nabolag/timeseries'
import { Type } from 'typebox'
import type { App } from '../app.ts'
import { optionalTime } from '../data-request.ts'
import { HousePath, Rejected, RejectedCount, refusals } from '../schemas.ts'

const Query = Type.Object(
  {
    start: Type.Optional(Type.String({ maxLength: 40 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: '100 when absent' })),
  },
  { additionalProperties: false },
)
const Answer = Type.Object({ rejected: Type.Array(Rejected), counts: Type.Array(RejectedCount) })
const response = { 200: Answer, ...refusals(400, 403, 503) }

export const rejected = async (app: App) => {
  const answer = async (houseId: number | undefined, { start, limit = 100 }: { start?: string; limit?: number }) => {
    const micros = optionalTime('start', start)
    const from = micros === undefined ? undefined : micros / 1000
    const [rows, counts] = await Promise.all([
      app.parts.timeseries.rejected({ houseId, from, limit }),
      app.parts.timeseries.rejectedCounts({ houseId }),
    ])
    return {
      rejected: rows.map(view),
      counts: counts.map(({ houseId, last, ...one }) => ({ ...one, house_id: houseId ?? null, last: time(last) })),
    }
  }
  app.get(
    '/houses/:houseId/rejected',
    {
      config: { needs: 'house:read' },
      schema: {
        summary: "A house's refused messages",
        tags: ['data'],
        params: HousePath,
        querystring: Query,
        response,
      },
    },
    ({ params, query }) => answer(params.houseId, query),
  )
  app.get(
    '/rejected',
    {
      config: { needs: 'admin' },
      schema: { summary: 'All refused messages', tags: ['operation'], querystring: Query, response },
    },
    ({ query }) => answer(undefined, query),
  )
}

const time = (millis: number) => formatTime(microsFromMillis(millis))

const view = ({ received, houseId, ...row }: RejectedRow) => ({
  ...row,
  received: time(received),
  house_id: houseId ?? null,
})
