/** The kinds of device there are. The thesis's API calls them devices. */
import { Type } from 'typebox'
import type { App } from '../app.ts'
import { Empty, Integration, IntegrationChange, IntegrationPath, NewIntegration, refusals } from '../schemas.ts'
import { tellConnectors } from '../tell.ts'
import { integrationView } from '../views.ts'

type Given = {
  name?: string
  label?: string
  docker_hub_image?: string | null
  required_fields?: string[]
  database_group_name?: string
  sampling_seconds?: number
  allow_multiple?: boolean
}

const changeOf = (body: Given) => ({
  name: body.name,
  label: body.label,
  dockerHubImage: body.docker_hub_image,
  requiredFields: body.required_fields,
  group: body.database_group_name,
  samplingSeconds: body.sampling_seconds,
  allowMultiple: body.allow_multiple,
})

export const integrations = async (app: App) => {
  const tags = ['devices']
  const admin = { needs: 'admin' } as const
  const params = IntegrationPath

  app.get(
    '/devices/',
    {
      config: { needs: 'signed-in' },
      schema: { summary: 'Kinds of device', tags, response: { 200: Type.Array(Integration), ...refusals(403, 503) } },
    },
    async ({ tenant }) => (await tenant.integrations()).map(integrationView),
  )

  app.post(
    '/devices/',
    {
      config: admin,
      schema: {
        summary: 'Add a kind of device that publishes by itself: a container image, or any program elsewhere',
        tags,
        body: NewIntegration,
        response: { 200: Integration, ...refusals(400, 403, 409, 503) },
      },
    },
    async ({ tenant, body }) =>
      integrationView(
        await tenant.addIntegration({ ...changeOf(body), name: body.name, group: body.database_group_name }),
      ),
  )

  app.get(
    '/devices/:deviceId',
    {
      config: { needs: 'signed-in' },
      schema: {
        summary: 'One kind of device',
        tags,
        params,
        response: { 200: Integration, ...refusals(403, 404, 503) },
      },
    },
    async ({ tenant, params: { deviceId } }) => integrationView(await tenant.integration(deviceId)),
  )

  app.patch(
    '/devices/:deviceId',
    {
      config: admin,
      schema: {
        summary: 'Change a kind of device',
        tags,
        params,
        body: IntegrationChange,
        response: { 200: Integration, ...refusals(400, 403, 404, 409, 503) },
      },
    },
    async ({ tenant, params: { deviceId }, body }) =>
      integrationView(await tenant.changeIntegration(deviceId, changeOf(body))),
  )

  app.delete(
    '/devices/:deviceId',
    {
      config: admin,
      schema: {
        summary: 'Take away a kind of device that no house has',
        tags,
        params,
        response: { 200: Integration, ...refusals(403, 404, 409, 503) },
      },
    },
    async ({ tenant, params: { deviceId } }) => {
      const kind = await tenant.integration(deviceId)
      await tenant.removeIntegration(deviceId)
      return integrationView(kind)
    },
  )

  app.post(
    '/devices/:deviceId/update/',
    {
      config: admin,
      schema: {
        summary: 'Restart every device of a kind, on its newest image',
        tags,
        params,
        response: {
          200: Type.Object({ updated: Type.Integer({ description: 'How many devices' }) }),
          204: Empty,
          ...refusals(403, 404, 503),
        },
      },
    },
    async ({ tenant, params: { deviceId } }, reply) => {
      const devices = await tenant.restartDevicesOf(deviceId)
      if (devices.length === 0) return reply.code(204).send(null)
      tellConnectors(app, devices)
      return { updated: devices.length }
    },
  )
}
