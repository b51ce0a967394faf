import { Problem } from '@nabolag/core'
import { type Command, InvalidArgumentError } from 'commander'
import { decimal, wholeNumber } from '../arguments.ts'
import { say, sayJson, sayTable } from '../say.ts'
import { withStore, withTimeSeries } from '../stores.ts'

type PlaceGiven = { readonly device: string; readonly count: number; readonly location?: string }
type RoomGiven = {
  readonly name?: string
  readonly area?: number
  readonly sensor?: readonly PlaceGiven[]
  /** `false`: nothing heats it any more. */
  readonly actuator?: PlaceGiven | false
  readonly json?: boolean
}

export function addRooms(program: Command): void {
  const rooms = program.command('rooms').description('the rooms of a house: what measures them, and what heats them')

  rooms
    .command('list', { isDefault: true })
    .description('every room with its wish; `nabolag rooms 3` is enough')
    .argument('<house>', 'its number', wholeNumber)
    .option('--json', 'as JSON')
    .action(async (houseId: number, { json }: { json?: boolean }) => {
      const [house, control] = await withStore((_store, operator) =>
        Promise.all([operator.house(houseId), operator.control(houseId)]),
      )
      if (json) return sayJson(control.rooms)
      const { wishAt } = await import('@nabolag/control')
      const { comfortOf } = await import('@nabolag/api/rooms')
      sayTable(
        ['room', 'name', 'wish', 'sensors', 'heated by', 'loop', 'mode'],
        control.rooms.map((room) => {
          const loop = control.loops.find(({ id }) => id === room.loop)
          const { temperature, lowest, highest, from } = wishAt(comfortOf(room), Date.now(), house.timezone)
          return [
            room.id,
            room.name,
            `${temperature} °C (${lowest} to ${highest}, ${from})`,
            room.sensors.map(placeText).join(', '),
            loop ? placeText(loop.actuator) : '',
            loop?.id,
            loop?.mode,
          ]
        }),
      )
    })

  rooms
    .command('add')
    .description('makes a room; what heats it is only observed until somebody lets it be controlled')
    .argument('<house>', 'its number', wholeNumber)
    .argument('<name>', 'what people call it')
    .option('--area <m2>', 'heated floor', decimal)
    .option('--sensor <place>', 'a thermometer, as mill-sense/0:Stue; control acts on the first', placeList)
    .option('--actuator <place>', 'what heats it, as sensibo-sky/0:Stue', placeOf)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ nabolag rooms add 3 Stue --sensor mill-sense/0:Stue \\\n      --actuator sensibo-sky/0:Stue',
    )
    .action(async (houseId: number, name: string, { sensor, json, area, actuator }: RoomGiven) => {
      const { addRoom } = await import('@nabolag/api/rooms')
      const given = {
        ...{ name, area },
        ...(sensor && { sensors: [...sensor] }),
        ...(actuator && { actuator }),
      }
      const room = await withStore((_store, tenant) =>
        withTimeSeries((timeseries) => addRoom({ tenant, timeseries }, houseId, given)),
      )
      if (json) return sayJson(room)
      say(`Room ${room.id} is there: ${room.name}.`)
      if (room.loop !== undefined) say(loopText(houseId, room.loop))
    })

  rooms
    .command('change')
    .description('gives a room another name, floor, thermometer or heating; what is not named stays as it is')
    .argument('<house>', 'its number', wholeNumber)
    .argument('<room>', 'as `nabolag rooms <house>` shows it', wholeNumber)
    .option('--name <name>', 'what people call it')
    .option('--area <m2>', 'heated floor', decimal)
    .option('--sensor <place>', 'its thermometers, as mill-sense/0:Stue; in place of those it has', placeList)
    .option(
      '--actuator <place>',
      'what heats it, as sensibo-sky/0:Stue; only observed until it may be controlled',
      placeOf,
    )
    .option('--no-actuator', 'nothing heats it any more that could be controlled')
    .option('--json', 'as JSON')
    .action(async (houseId: number, roomId: number, { name, area, sensor, actuator, json }: RoomGiven) => {
      const given = {
        ...(name !== undefined && { name }),
        ...(area !== undefined && { area }),
        ...(sensor && { sensors: [...sensor] }),
        ...(actuator !== undefined && { actuator: actuator || null }),
      }
      if (Object.keys(given).length === 0)
        throw Problem('bad-request', 'Say what is to be another: --name, --area, --sensor, --actuator or --no-actuator')
      const { changeRoom } = await import('@nabolag/api/rooms')
      const room = await withStore((_store, tenant) =>
        withTimeSeries((timeseries) => changeRoom({ tenant, timeseries }, houseId, roomId, given)),
      )
      if (json) return sayJson(room)
      say(`Room ${room.id} is changed: ${room.name}.`)
      if (actuator && room.loop !== undefined) say(loopText(houseId, room.loop))
    })
}

const loopText = (houseId: number, loop: number) =>
  `Loop ${loop} observes it. To let it command: nabolag control mode ${houseId} ${loop} control`

/** As it is typed: `mill-sense/0:Stue`, `mill-sense:Stue`, `mill-sense`. */
export function placeOf(text: string): PlaceGiven {
  const [, device, count = '0', location] = /^([^/:]+)(?:\/(\d{1,4}))?(?::(.*))?$/.exec(text) ?? []
  if (device === undefined) throw new InvalidArgumentError('It must be as mill-sense/0:Stue.')
  return { device, count: Number(count), ...(location !== undefined && { location }) }
}

const placeList = (text: string, before: readonly PlaceGiven[] = []) => [...before, placeOf(text)]

export const placeText = ({ device, count, location }: Required<PlaceGiven>): string =>
  `${device}/${count}${location === '' ? '' : `:${location}`}`
