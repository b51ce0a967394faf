// What is asked of Mill and sent to it, call by call.
import { describe, expect, test } from 'vitest'
import { type Answers, command, here, read, sent, stub } from '../calls.testing.ts'
import { type AnyIntegration, integrationOf } from '../index.ts'

const mill = integrationOf('mill-heater') as AnyIntegration
const session = { idToken: 'a', refreshToken: 'b' }
const millCredentials = { username: ' Kari@Example.org ', password: 'p' }
const typed = { integration: 'mill-heater', credentials: millCredentials, session }

const heater = (more: object = {}) => ({
  deviceId: 'v-1',
  isConnected: true,
  isEnabled: true,
  deviceType: { parentType: { name: 'Heaters' } },
  deviceSettings: { desired: { operation_mode: 'weekly_program' } },
  ...more,
})
const home =
  (device: object, roomless: boolean): Answers =>
  ({ path, method }) => {
    if (method === 'PATCH') return undefined
    if (path === '/houses') return { ownHouses: [{ id: 'h 1' }], sharedHouses: null }
    if (path.endsWith('/independent')) return { items: roomless ? [device] : [] }
    return [{ roomName: 'Stue', devices: roomless ? [] : [device] }]
  }
const setTarget: [string, string] = ['heater', 'setTargetTemperature']
const setOn: [string, string] = ['heater', 'setOn']

describe('mill', () => {
  test('asks for the houses, then for the devices with and without a room of each', async () => {
    const { http, calls } = stub(({ path }) =>
      path === '/houses'
        ? { ownHouses: [{ id: 'h 1' }], sharedHouses: [{ id: 2 }, { id: 'h 1' }] }
        : path.endsWith('independent')
          ? { items: [], totalRecords: 0 }
          : [],
    )
    expect(await mill.fetch!({ http, session } as never)).toEqual({
      houses: ['h 1', '2'].map((id) => ({ id, rooms: [], independent: { items: [], totalRecords: 0 } })),
    })
    expect(calls.map(({ path }) => path)).toEqual([
      '/houses',
      '/houses/h%201/devices',
      '/houses/h%201/devices/independent',
      '/houses/2/devices',
      '/houses/2/devices/independent',
    ])
  })

  test('an id that JSON cannot carry is not taken for another', async () => {
    const { http } = stub(() => JSON.parse('{"ownHouses":[{"id":202602070912345679}],"sharedHouses":[]}'))
    await expect(mill.fetch!({ http, session } as never)).rejects.toMatchObject({ kind: 'changed' })
  })

  test('one account for both integrations, however it is typed', () => {
    const other = integrationOf('mill-sense') as AnyIntegration
    expect([mill, other].map((one) => one.account!(millCredentials as never))).toEqual([
      'kari@example.org',
      'kari@example.org',
    ])
    expect(mill.limits).toEqual(other.limits)
    expect(mill.vendor).toBe(other.vendor)
  })

  test.each([
    { name: 'in a room', device: heater(), roomless: false, mode: 'control_individually' },
    { name: 'without a room', device: heater(), roomless: true, mode: 'independent_device' },
  ])('a set point $name goes in both keys, under the mode of its place', async ({ device, roomless, mode }) => {
    const done = await command(typed, home(device, roomless), setTarget, { temperature: 20.5 }, 'v-1')
    expect(done.said).toBe('sent')
    expect(sent(done)).toEqual([
      {
        method: 'PATCH',
        path: '/devices/v-1/settings',
        body: {
          deviceType: 'Heaters',
          enabled: true,
          settings: { operation_mode: mode, temperature_normal: 20.5, temperature_in_independent_mode: 20.5 },
        },
      },
    ])
  })

  test.each([
    { name: 'off', device: heater(), on: false, enabled: false, mode: 'off' },
    { name: 'on, in its programme', device: heater(), on: true, enabled: true, mode: 'weekly_program' },
    {
      name: 'on, from off',
      device: heater({ isEnabled: false }),
      on: true,
      enabled: true,
      mode: 'control_individually',
    },
    {
      name: 'on, where the mode says off',
      device: heater({ deviceSettings: { desired: null, reported: { operation_mode: 'off' } } }),
      on: true,
      enabled: true,
      mode: 'control_individually',
    },
    {
      name: 'a socket',
      device: heater({ deviceType: { parentType: { name: 'Sockets' } } }),
      on: false,
      enabled: false,
      mode: 'off',
    },
  ])('switching $name', async ({ device, on, enabled, mode }) => {
    const done = await command(typed, home(device, false), setOn, { on })
    expect(done.said).toBe('sent')
    expect(sent(done)[0]!.body).toEqual({
      deviceType: device.deviceType.parentType.name,
      enabled,
      settings: { operation_mode: mode },
    })
  })

  test.each([
    ['no connection', heater({ isConnected: false }), /^rejected: The heater has no connection/],
    ['Tibber', heater({ controlSource: 'tibber' }), /^rejected: Tibber steers/],
    ['off', heater({ isEnabled: false }), /^rejected: The heater is switched off/],
    [
      'a sensor',
      heater({ deviceType: { parentType: { name: 'Sensors' } } }),
      /^rejected: Mill does not know that heater/,
    ],
  ])('nothing is sent: %s', async (_, device, why) => {
    const done = await command(typed, home(device, false), setTarget, { temperature: 20 }, 'v-1')
    expect(done.said).toMatch(why)
    expect(sent(done)).toEqual([])
  })

  test.skipIf(!here)('the documented requests and answers', async () => {
    const documented = read('mill/samples/cloud_control_requests.json') as {
      what: string
      body: { settings: object }
    }[]
    const ofWhat = (what: RegExp) => documented.find((one) => what.test(one.what))!.body
    const inRoom = await command(typed, home(heater(), false), setTarget, { temperature: 20.5 })
    expect(sent(inRoom)[0]!.body).toMatchObject(ofWhat(/belongs to a room/))
    const alone = await command(typed, home(heater(), true), setTarget, { temperature: 20.5 })
    expect(sent(alone)[0]!.body).toEqual(ofWhat(/without a room/))
    expect(sent(await command(typed, home(heater(), false), setOn, { on: false }))[0]!.body).toEqual(ofWhat(/^off$/))
    const { http, calls } = stub(({ path }) =>
      read(`mill/samples/${path === '/houses' ? 'cloud_houses' : 'cloud_sign_in_ok'}.json`),
    )
    const opened = await mill.signIn!.open({ http, credentials: millCredentials, now: '', worn: undefined } as never)
    expect(opened).toEqual({ session: read('mill/samples/cloud_sign_in_ok.json'), lasts: '9 min' })
    expect(calls).toEqual([
      { method: 'POST', path: '/customer/auth/sign-in', body: { login: 'Kari@Example.org', password: 'p' } },
    ])
    const fetched = (await mill.fetch!({ http, session } as never)) as { houses: { id: string }[] }
    expect(fetched.houses.map(({ id }) => id)).toEqual(['11111111-1111-4111-8111-111111111111'])
  })
})
