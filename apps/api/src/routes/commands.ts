/** Moving the actuators of a house: what there is, asking, and what came of it. */
import { publishCommandResult, wakeForCommand } from '@nabolag/bus'
import { describeActuators, longestValidity, usualValidity } from '@nabolag/core'
import { resultOf, type Command as StoredCommand } from '@nabolag/store'
import { Type } from 'typebox'
import type { App } from '../app.ts'
import { Actuators, Command, DevicePath, HousePath, NewCommand, refusals } from '../schemas.ts'
import { commandView } from '../views.ts'

const Which = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
    before: Type.Optional(
      Type.String({ format: 'uuid', description: 'Id of a command: only those that were asked for before it' }),
    ),
  },
  { additionalProperties: false },
)
const CommandPath = Type.Object({ ...DevicePath.properties, commandId: Type.String({ maxLength: 36 }) })

export const commands = async (app: App) => {
  const tags = ['commands']
  const follow = { needs: 'house:follow' } as const
  const device = '/houses/:houseId/devices/:deviceId/count/:count'

  /** Does not wait: the store knows, and is read again; the bus only makes it quick. */
  const tell = (command: StoredCommand, superseded: readonly StoredCommand[]) => {
    const { bus } = app.parts
    const late = (error: unknown) => app.log.warn({ err: error }, 'could not tell of a command at once')
    for (const one of [...superseded, command]) publishCommandResult(bus, one, resultOf(one)).catch(late)
    wakeForCommand(bus, command, command.id).catch(late)
  }

  app.post(
    `${device}/commands`,
    {
      config: { needs: 'house:control' },
      schema: {
        summary: 'Command an actuator of a device',
        description:
          'Checked at once against the bounds of the capability, of the actuator and of its owner, and kept; sent as soon as ' +
          'the device can be reached, within `validFor`, or never. It takes the place of one that still waits to do the same ' +
          'thing. What comes of it: `GET` at the address in `Location`, or the live events of the house (`command`).',
        tags,
        params: DevicePath,
        body: NewCommand,
        response: { 202: Command, ...refusals(400, 403, 404, 503) },
      },
    },
    async ({ tenant, params: { houseId, deviceId, count }, body }, reply) => {
      const { capability, verb, arguments: args = {}, validFor = usualValidity } = body
      const { command, superseded } = await tenant.addCommand(
        houseId,
        deviceId,
        count,
        { capability, verb, arguments: args },
        { seconds: Math.min(validFor, longestValidity) },
      )
      tell(command, superseded)
      const { integration, id } = command
      return reply
        .code(202)
        .header('location', `/api/houses/${houseId}/devices/${integration}/count/${count}/commands/${id}`)
        .send(commandView(command))
    },
  )

  app.get(
    `${device}/commands`,
    {
      config: follow,
      schema: {
        summary: 'What a device was commanded, newest first',
        tags,
        params: DevicePath,
        querystring: Which,
        response: { 200: Type.Array(Command), ...refusals(400, 403, 404, 503) },
      },
    },
    async ({ tenant, params: { houseId, deviceId, count }, query }) =>
      (await tenant.commands(houseId, { integration: deviceId, count, ...query })).map(commandView),
  )

  app.get(
    `${device}/commands/:commandId`,
    {
      config: follow,
      schema: {
        summary: 'One command, and what came of it',
        tags,
        params: CommandPath,
        response: { 200: Command, ...refusals(403, 404, 503) },
      },
    },
    async ({ tenant, params: { houseId, deviceId, count, commandId } }) =>
      commandView(await tenant.command(houseId, deviceId, count, commandId)),
  )

  app.get(
    `${device}/actuators`,
    {
      config: follow,
      schema: {
        summary: 'What can be commanded of a device, and within which bounds',
        description: 'As its vendor’s last answer showed it. The bounds are those that hold, the owner’s own included.',
        tags,
        params: DevicePath,
        response: { 200: Actuators, ...refusals(403, 404, 503) },
      },
    },
    async ({ tenant, params: { houseId, deviceId, count } }) => {
      const commandable = await tenant.commandable(houseId, deviceId, count)
      return {
        known: commandable.actuators !== undefined,
        actuators: describeActuators(commandable),
        bounds: commandable.bounds,
      }
    },
  )

  app.get(
    '/houses/:houseId/commands',
    {
      config: follow,
      schema: {
        summary: 'What was commanded in a house, newest first',
        tags,
        params: HousePath,
        querystring: Which,
        response: { 200: Type.Array(Command), ...refusals(400, 403, 503) },
      },
    },
    async ({ tenant, params: { houseId }, query }) => (await tenant.commands(houseId, query)).map(commandView),
  )
}
