/** The devices of a house: add, look at, start, stop, restart, take away. */
import { Problem } from '@nabolag/core'
import type { Device as StoredDevice, Tenant } from '@nabolag/store'
import { Type } from 'typebox'
import type { App } from '../app.ts'
import { checkCredentials } from '../credentials.ts'
import { closeAccount, openAccount } from '../publishing.ts'
import { Device, DevicePath, DevicesPath, Empty, HousePath, LogLine, Publishing, refusals } from '../schemas.ts'
import { tellConnectors } from '../tell.ts'
import { deviceView, isoTime, placeView } from '../views.ts'

const Typed = Type.Record(
  Type.String(),
  Type.Union([Type.String({ maxLength: 4096 }), Type.Number(), Type.Boolean(), Type.Null()]),
  { maxProperties: 60, description: "The fields of the device's kind (`required_fields`), and `label` if you like" },
)
const Uptime = Type.Object({ uptime: Type.Optional(Type.Boolean()) }, { additionalProperties: false })
const Change = Type.Object(
  {
    label: Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 100 }), Type.Null()])),
    credentials: Type.Optional(Typed),
    bounds: Type.Optional(
      Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()], {
        description:
          'What commands are kept within, besides what the device allows: capability, verb, argument, then `minimum`, ' +
          '`maximum`, `step` or `values`, such as `{"thermostat": {"setTargetTemperature": {"temperature": {"maximum": 24}}}}`. ' +
          'null: nothing besides.',
      }),
    ),
  },
  { additionalProperties: false, minProperties: 1 },
)

export const houseDevices = async (app: App) => {
  const tags = ['house devices']
  const read = { needs: 'house:read' } as const
  const write = { needs: 'house:write' } as const
  const control = { needs: 'house:control' } as const

  const withUptime = async (tenant: Tenant, devices: readonly StoredDevice[]) => {
    if (devices.length === 0) return []
    const intervals = new Map((await tenant.integrations()).map(({ id, samplingSeconds }) => [id, samplingSeconds]))
    return Promise.all(
      devices.map(async (device) => {
        const everySeconds = intervals.get(device.integrationId) ?? 60
        const { houseId, integration, count } = device
        const share = await app.parts.timeseries.uptime({ houseId, device: integration, count, everySeconds, days: 30 })
        return deviceView(device, share ?? null)
      }),
    )
  }

  app.get(
    '/houses/:houseId/devices',
    {
      config: read,
      schema: {
        summary: 'The devices of a house',
        tags,
        params: HousePath,
        querystring: Uptime,
        response: { 200: Type.Array(Device), ...refusals(400, 403, 503) },
      },
    },
    async ({ tenant, params, query }) => {
      const devices = await tenant.devices(params.houseId)
      return query.uptime ? withUptime(tenant, devices) : devices.map((device) => deviceView(device))
    },
  )

  app.get(
    '/houses/:houseId/devices/:deviceId',
    {
      config: read,
      schema: {
        summary: 'The devices of one kind in a house, with their uptime',
        tags,
        params: DevicesPath,
        response: { 200: Type.Array(Device), ...refusals(403, 404, 503) },
      },
    },
    async ({ tenant, params }) => withUptime(tenant, await tenant.devicesOf(params.houseId, params.deviceId)),
  )

  app.post(
    '/houses/:houseId/devices/:deviceId/new',
    {
      config: { ...write, turnsAwayWith: 401 },
      schema: {
        summary: 'Add a device to a house and start it',
        description:
          'A kind that publishes by itself: the answer holds, this once, what its program signs in to the broker with.',
        tags,
        params: DevicesPath,
        body: Typed,
        response: {
          200: Type.Object({ ...Device.properties, publishing: Type.Optional(Publishing) }),
          ...refusals(400, 401, 403, 404, 409, 503),
        },
      },
    },
    async ({ tenant, params: { houseId, deviceId }, body }) => {
      const kind = await tenant.integration(deviceId)
      const { label, ...typed } = body
      if (label !== undefined && label !== null && (typeof label !== 'string' || label.length > 100))
        throw Problem('bad-request', 'body: /label must be a text of at most 100 characters')
      const checked = checkCredentials(kind, typed)
      const device = await tenant.addDevice(houseId, deviceId, { ...checked, label: label || undefined })
      const publishing = kind.kind === 'built-in' ? undefined : await openAccount(app, tenant, device)
      tellConnectors(app, [device])
      return { ...deviceView(device), ...(publishing && { publishing }) }
    },
  )

  app.get(
    '/houses/:houseId/devices/:deviceId/count/:count',
    {
      config: read,
      schema: {
        summary: 'One device',
        tags,
        params: DevicePath,
        response: { 200: Device, ...refusals(403, 404, 503) },
      },
    },
    async ({ tenant, params: { houseId, deviceId, count } }) => {
      const [view] = await withUptime(tenant, [await tenant.device(houseId, deviceId, count)])
      const places = await tenant.places(houseId, deviceId, count)
      return places.length === 0 ? view! : { ...view!, places: places.map(placeView) }
    },
  )

  app.patch(
    '/houses/:houseId/devices/:deviceId/count/:count',
    {
      config: write,
      schema: {
        summary: 'Give a device another label, new credentials, or bounds for what it is commanded',
        tags,
        params: DevicePath,
        body: Change,
        response: { 200: Device, ...refusals(400, 403, 404, 409, 503) },
      },
    },
    async ({ tenant, params: { houseId, deviceId, count }, body: { label, credentials, bounds } }) => {
      let device = await tenant.device(houseId, deviceId, count)
      if (credentials !== undefined) {
        const checked = checkCredentials(await tenant.integration(deviceId), credentials)
        device = await tenant.replaceCredentials(houseId, deviceId, count, checked)
        tellConnectors(app, [device])
      }
      if (bounds !== undefined) await tenant.setBounds(houseId, deviceId, count, bounds ?? {})
      if (label !== undefined) device = await tenant.changeDevice(houseId, deviceId, count, { label })
      return deviceView(device)
    },
  )

  app.delete(
    '/houses/:houseId/devices/:deviceId/count/:count',
    {
      config: write,
      schema: {
        summary: 'Take a device away and stop it',
        description: 'What it measured stays, unless `erase=true` is asked for.',
        tags,
        params: DevicePath,
        querystring: Type.Object({ erase: Type.Optional(Type.Boolean()) }, { additionalProperties: false }),
        response: { 204: Empty, ...refusals(400, 403, 404, 503) },
      },
    },
    async ({ tenant, house, params: { houseId, deviceId, count }, query }, reply) => {
      if (query.erase && house?.role !== 'owner' && house?.role !== 'admin')
        throw Problem('not-allowed', "Only the house's owner may erase measurements")
      await closeAccount(app, tenant, await tenant.device(houseId, deviceId, count))
      const { integration, ...gone } = await tenant.removeDevice(houseId, deviceId, count)
      tellConnectors(app, [{ integration, ...gone }])
      if (query.erase) await app.parts.timeseries.erase({ houseId, device: integration, count })
      return reply.code(204).send(null)
    },
  )

  for (const [verb, desired, summary] of [
    ['restart', 'restart', 'Restart a device'],
    ['start', 'running', 'Start a device'],
    ['stop', 'stopped', 'Stop a device'],
  ] as const)
    app.post(
      `/houses/:houseId/devices/:deviceId/count/:count/${verb}`,
      {
        config: control,
        schema: { summary, tags, params: DevicePath, response: { 200: Device, ...refusals(403, 404, 503) } },
      },
      async ({ tenant, params: { houseId, deviceId, count } }) => {
        const device = await tenant.setDesired(houseId, deviceId, count, desired)
        tellConnectors(app, [device])
        return deviceView(device)
      },
    )

  app.get(
    '/houses/:houseId/devices/:deviceId/count/:count/log',
    {
      config: read,
      schema: {
        summary: 'What a device logged in its present and its previous run',
        tags,
        params: DevicePath,
        response: { 200: Type.Array(LogLine), ...refusals(403, 404, 503) },
      },
    },
    async ({ tenant, params: { houseId, deviceId, count } }) =>
      (await tenant.log(houseId, deviceId, count)).map((line) => ({ ...line, time: isoTime(line.time) })),
  )
}
