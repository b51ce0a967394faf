/** The account of a device that publishes by itself. */
import { Problem } from '@nabolag/core'
import type { App } from '../app.ts'
import { renewAccount } from '../publishing.ts'
import { DevicePath, Publishing, refusals } from '../schemas.ts'

export const publishing = async (app: App) => {
  app.post(
    '/houses/:houseId/devices/:deviceId/count/:count/publishing',
    {
      config: { needs: 'house:write' },
      schema: {
        summary: 'A new password for the program of a device that publishes by itself',
        description: 'It is shown this once; the one before is worth nothing any more.',
        tags: ['house devices'],
        params: DevicePath,
        response: { 200: Publishing, ...refusals(400, 403, 404, 503) },
      },
    },
    async ({ tenant, params: { houseId, deviceId, count } }) => {
      const device = await tenant.device(houseId, deviceId, count)
      if (device.kind === 'built-in')
        throw Problem('bad-request', 'Nabolag asks this vendor itself: there is no program of yours that publishes')
      return renewAccount(app, tenant, device)
    },
  )
}
