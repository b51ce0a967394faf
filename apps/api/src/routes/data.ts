/** Reading measurements, of one kind of device or over a whole house, streamed in five formats. */
import { Problem } from '@nabolag/core'
import type { Device } from '@nabolag/store'
import type { ReadFormat, ReadRequest } from '@nabolag/timeseries'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import type { App } from '../app.ts'
import { DeviceQuery, DeviceQuestion, HouseQuery, HouseQuestion, readRequestOf } from '../data-request.ts'
import { formatFor, mediaTypes } from '../formats.ts'
import { Data, DevicePath, DevicesPath, HousePath, refusals } from '../schemas.ts'

const text = { schema: Type.String() }
const answer = {
  200: {
    description: 'The measurements, in the format that `Accept` asks for',
    content: {
      [mediaTypes.json[0]]: { schema: Data },
      [mediaTypes.csv[0]]: text,
      [mediaTypes.ndjson[0]]: text,
      [mediaTypes.arrow[0]]: text,
      [mediaTypes.parquet[0]]: text,
    },
  },
  ...refusals(400, 403, 404, 406, 503),
}

const description =
  'Without `resolution` the answer is scaled to at most 2,000 points a series; `"resolution": "raw"` gives every sample.'

export const data = async (app: App) => {
  const config = { needs: 'house:read' } as const
  const about = (summary: string) => ({ summary, description, tags: ['data'], response: answer })

  const send = async (reply: FastifyReply, request: ReadRequest, format: ReadFormat, download: boolean) => {
    const answer = await app.parts.timeseries.read(request, format)
    if (download && format !== 'json')
      reply.header('content-disposition', `attachment; filename="${fileName(request)}.${format}"`)
    reply.header('vary', 'accept').type(answer.contentType)
    if (answer.whole) return reply.send(answer.whole)
    const { stream } = answer
    stream.once('close', () => {
      if (!stream.readableEnded) app.meters.streamsCut.inc()
    })
    return reply.send(stream)
  }

  app.post(
    '/houses/:houseId/data',
    { config, schema: { ...about('Measurements of a house'), params: HousePath, body: HouseQuestion } },
    ({ params: { houseId }, body: { group, device, count, ...question }, headers }, reply) =>
      send(reply, readRequestOf(question, { houseId, group, device, count }), formatFor(headers.accept), false),
  )
  app.get(
    '/houses/:houseId/data',
    {
      config,
      schema: { ...about('Measurements of a house, for browsers'), params: HousePath, querystring: HouseQuery },
    },
    ({ params: { houseId }, query: { group, device, count, format, ...question }, headers }, reply) =>
      send(
        reply,
        readRequestOf(question, { houseId, group, device, count }),
        format ?? formatForBrowser(headers.accept),
        true,
      ),
  )

  for (const [path, params] of [
    ['/houses/:houseId/devices/:deviceId/data', DevicesPath],
    ['/houses/:houseId/devices/:deviceId/count/:count/data', DevicePath],
  ] as const) {
    app.post(
      path,
      { config, schema: { ...about('Measurements of a device'), params, body: DeviceQuestion } },
      async ({ params, body: { group, ...question }, headers, tenant }, reply) => {
        const format = formatFor(headers.accept)
        const scope = scopeOf(params, await tenant.devicesOf(params.houseId, params.deviceId), group)
        return send(reply, readRequestOf(question, scope), format, false)
      },
    )
    app.get(
      path,
      { config, schema: { ...about('Measurements of a device, for browsers'), params, querystring: DeviceQuery } },
      async ({ params, query: { group, format, ...question }, headers, tenant }, reply) => {
        const scope = scopeOf(params, await tenant.devicesOf(params.houseId, params.deviceId), group)
        return send(reply, readRequestOf(question, scope), format ?? formatForBrowser(headers.accept), true)
      },
    )
  }
}

/** A field may be asked for by any text, and a header takes few. */
const fileName = ({ houseId, field = 'data' }: ReadRequest) => `house-${houseId}-${field.replace(/[^\w.-]/g, '_')}`

/** A browser that opens the address asks for a page; it gets JSON. */
const formatForBrowser = (accept: string | undefined): ReadFormat =>
  accept?.includes('text/html') ? 'json' : formatFor(accept)

function scopeOf(
  path: { houseId: number; deviceId: string; count?: number },
  devices: readonly Device[],
  group: string | undefined,
) {
  const device = devices.find(({ count }) => path.count === undefined || count === path.count)
  if (!device) throw Problem('no-such-device')
  return { houseId: path.houseId, group: group ?? device.group, device: device.integration, count: path.count }
}
