import { VendorFailure } from '@nabolag/core'
import { type AnyIntegration, integrationOf } from '@nabolag/integrations'
import { connectAsync } from 'mqtt'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { demoHouses, type Fault, makeWorld, type Simulator, type World } from './index.ts'
import { givenTo, listenFor } from './plain-client.testing.ts'
import { plainLink } from './plain-link.testing.ts'
import { startVictron } from './victron.ts'

const house = demoHouses.find(({ victron }) => victron !== undefined)!
const { portal, email, token } = house.victron!
const owner = { 'portal-id': ` ${portal.toUpperCase()} `, email, 'access-token': token }
const viewer = { ...owner, 'access-token': `${token}-viewer` }
const integration = integrationOf('victron') as AnyIntegration

let simulator: Simulator
let world: World
beforeEach(async () => {
  world = makeWorld({ start: Math.floor(Date.now() / 3_600_000) * 3_600_000 - 3_600_000 })
  simulator = await startVictron(world)
})
afterEach(() => simulator.close())

const living = () => world.houses.find((one) => one.house === house)!
const hear = (count: number, credentials: object = owner) =>
  listenFor('victron', simulator.url, credentials, count, { mqttUrl: simulator.url })
const kindOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'heard',
    (error) => (error instanceof VendorFailure ? error.kind : error),
  )
const command = async (verb: string, args: object, credentials: object = owner, status?: unknown) => {
  const { http, ...given } = await givenTo(integration, simulator.url, credentials)
  const link = plainLink(http, new AbortController().signal, simulator.url)
  return integration.commands!.battery![verb]!({ ...given, http, link, status } as never, args as never)
}
const visit = async (credentials = { username: email, password: `Token ${token}` }) => {
  const client = await connectAsync(simulator.url, { ...credentials, reconnectPeriod: 0 })
  const heard = new Map<string, string[]>()
  client.on('message', (topic, payload) => {
    heard.set(topic, [...(heard.get(topic) ?? []), payload.toString()])
  })
  return { client, heard, of: (path: string) => heard.get(`N/${portal}/${path}`) ?? [] }
}

describe('our integration at the simulated broker', () => {
  test('the site tells everything at once, and it adds up', async () => {
    const [reading] = await hear(1)
    const { batteryCharge, batteryPower, gridPower, powerConsumption, solarPower = 0, ...rest } = reading!.fields
    expect(Number(batteryCharge)).toBeGreaterThanOrEqual(0)
    expect(
      Math.abs(Number(gridPower) - (Number(powerConsumption) - Number(solarPower) + Number(batteryPower))),
    ).toBeLessThan(4)
    expect(rest).toMatchObject({ gridSetpoint: 50, minimumCharge: 10, batteryVoltage: expect.any(Number) })
    expect(rest.chargeLimit).toBeUndefined()
    expect(Math.abs(Date.parse(reading!.time) - Date.now())).toBeLessThan(5000)
  })

  test('it goes on with what changes', async () => {
    const readings = await hear(4)
    expect(readings.length).toBe(4)
    expect(new Set(readings.map(({ time }) => time)).size).toBe(4)
    for (const { fields } of readings) expect(fields.batteryCharge).toEqual(expect.any(Number))
  })

  test('bench accounts are good at once', async () => {
    const bench = { 'portal-id': 'bench-7', email: 'bench-7@example.org', 'access-token': 'any' }
    expect((await hear(1, bench))[0]!.fields.solarPower).toEqual(expect.any(Number))
  })

  test('strangers are refused, and so is a portal that is not theirs', async () => {
    expect(await kindOf(hear(1, { ...owner, 'access-token': 'wrong' }))).toBe('refused')
    expect(await kindOf(hear(1, { ...owner, email: 'nobody@example.org' }))).toBe('refused')
    const foreign = hear(1, { ...owner, 'portal-id': 'c0ffee999999' })
    await expect(foreign).rejects.toThrow(/128|[Uu]nspecified|[Nn]ot (authori|granted|allowed)|grant/)
  })
})

describe('commands through to the battery and back', () => {
  test.each([
    ['setGridSetpoint', { power: -1200 }, { gridSetpoint: -1200 }],
    ['setChargeLimit', { power: 900 }, { chargeLimit: 900 }],
    ['setDischargeLimit', { power: 0 }, { dischargeLimit: 0 }],
    ['setMinimumCharge', { charge: 45 }, { minimumCharge: 45 }],
  ] as const)('%s %j', async (verb, args, expected) => {
    expect(await command(verb, args)).toBe('applied')
    expect(living().storageAt(Date.now())).toMatchObject(expected)
    const [reading] = await hear(1)
    expect(reading!.fields).toMatchObject(expected)
  })

  test('the battery does as it is told, within its power', async () => {
    const batteryPower = () => Math.abs(Math.round(living().flowsAt(Date.now())!.battery))
    await command('setMinimumCharge', { charge: 0 })
    await command('setGridSetpoint', { power: 20_000 })
    expect((await hear(1))[0]!.fields.batteryPower).toBe(4500)
    await aSecond()
    await command('setChargeLimit', { power: 700 })
    expect(batteryPower()).toBe(700)
    await command('setGridSetpoint', { power: -20_000 })
    expect((await hear(1))[0]!.fields.batteryPower).toBe(-4500)
    await aSecond()
    await command('setDischargeLimit', { power: 0 })
    expect(batteryPower()).toBe(0)
  })

  test('what is so already is not written', async () => {
    const { client, of } = await visit()
    await client.subscribeAsync(`N/${portal}/#`)
    await command('setGridSetpoint', { power: 50 })
    expect(of('settings/0/Settings/CGwacs/AcPowerSetPoint').every((payload) => payload.includes('50'))).toBe(true)
    await client.endAsync(true)
  })

  test('one who may only look is told so, and nothing changes', { timeout: 30_000 }, async () => {
    await expect(command('setGridSetpoint', { power: 800 }, viewer)).rejects.toMatchObject({
      kind: 'rejected',
      message: expect.stringContaining('full control'),
    })
    expect(living().storageAt(Date.now())!.gridSetpoint).toBe(50)
  })
})

describe('faults', () => {
  const rows: readonly [Fault, string][] = [
    ['refused', 'refused'],
    ['throttled', 'unreachable'],
    ['outage', 'unreachable'],
    ['reset', 'unreachable'],
    ['html', 'unreachable'],
    ['changed', 'changed'],
    ['half', 'changed'],
    ['duplicate', 'heard'],
  ]
  test.each(rows)('%s ends as %s, and afterwards all is well', async (fault, expected) => {
    simulator.faults.set(fault)
    expect(await kindOf(hear(1))).toBe(expected)
    expect(simulator.faults.struck[fault]).toBeGreaterThan(0)
    simulator.faults.clear()
    expect(await kindOf(hear(1))).toBe('heard')
  })

  test.each(['outage', 'reset'] as const)('%s ends what stands', async (fault) => {
    const cut = kindOf(hear(1000))
    await hear(2)
    simulator.faults.set(fault)
    expect(await cut).toBe('unreachable')
  })

  test.each(['nulls', 'missing'] as const)('%s: nothing is said of what is not known', async (fault) => {
    simulator.faults.set(fault)
    const { client, heard, of } = await visit()
    await client.subscribeAsync(`N/${portal}/#`)
    await client.publishAsync(`R/${portal}/keepalive`, '')
    await until(() => of('full_publish_completed').length === 1)
    const soc = `N/${portal}/system/0/Dc/Battery/Soc`
    expect(heard.get(soc)).toEqual(fault === 'nulls' ? ['{"value":null}'] : undefined)
    await client.endAsync(true)
  })

  test('mute: no word, to those who come and to those who are there', async () => {
    const { client, heard } = await visit()
    await client.subscribeAsync(`N/${portal}/#`)
    simulator.faults.set('mute')
    await client.publishAsync(`R/${portal}/keepalive`, '')
    const late = connectAsync(simulator.url, { connectTimeout: 300, reconnectPeriod: 0 })
    await expect(late).rejects.toThrow()
    expect(heard.size).toBe(0)
    await client.endAsync(true)
  })

  test('they are switched over HTTP while it runs', async () => {
    const body = JSON.stringify({ fault: 'refused', on: true, account: email })
    expect((await fetch(simulator.faultsUrl!, { method: 'POST', body })).status).toBe(200)
    expect(await kindOf(hear(1))).toBe('refused')
    await fetch(simulator.faultsUrl!, { method: 'DELETE' })
    expect(await kindOf(hear(1))).toBe('heard')
  })
})

describe('what the broker and the device are particular about', () => {
  test('nothing is heard without a keep-alive; the empty one tells everything, the other only prolongs', async () => {
    const { client, heard, of } = await visit()
    await client.subscribeAsync(`N/${portal}/#`)
    await client.publishAsync(`R/${portal}/keepalive`, '{"keepalive-options":["suppress-republish"]}')
    await until(() => of('heartbeat').length > 0)
    expect(of('full_publish_completed')).toEqual([])
    heard.clear()
    await client.publishAsync(`R/${portal}/keepalive`, '{"keepalive-options":[{"full-publish-completed-echo":"abc"}]}')
    await until(() => of('full_publish_completed').length === 1)
    expect(JSON.parse(of('full_publish_completed')[0]!)).toMatchObject({ 'full-publish-completed-echo': 'abc' })
    expect(heard.size).toBeGreaterThan(40)
    expect(of('system/0/Ac/ConsumptionOnOutput/L2/Power')).toEqual(['{"value":null}'])
    await client.endAsync(true)
  })

  test('a read answers a leaf, or all leaves of a branch; a written echo carries the limits', async () => {
    const { client, heard, of } = await visit()
    await client.subscribeAsync(`N/${portal}/#`)
    await client.publishAsync(`R/${portal}/settings/0/Settings/CGwacs/BatteryLife`, '')
    await until(() => heard.size === 2)
    const minimum = 'settings/0/Settings/CGwacs/BatteryLife/MinimumSocLimit'
    expect(JSON.parse(of(minimum)[0]!)).toEqual({ max: 100, min: 0, value: 10 })
    await client.publishAsync(`W/${portal}/${minimum}`, '{"value":130}')
    await client.publishAsync(`W/${portal}/${minimum}`, '{"val":30}')
    await client.publishAsync(`W/${portal}/${minimum}`, '{"value":')
    await client.publishAsync(`W/${portal}/${minimum}`, '{"value":35}')
    await client.publishAsync(`R/${portal}/${minimum}`, '')
    await until(() => of(minimum).length === 2)
    expect(JSON.parse(of(minimum)[1]!).value).toBe(35)
    await client.endAsync(true)
  })

  test('subscriptions without the own portal are refused', async () => {
    const { client } = await visit()
    for (const filter of ['#', 'N/#', 'N/+/system/0/Dc/Battery/Soc', 'N/c0ffee999999/#'])
      await expect(
        client.subscribeAsync(filter).then((granted) => {
          if (granted.some(({ qos }) => Number(qos) === 128)) throw new Error('128')
        }),
        filter,
      ).rejects.toThrow()
    await client.endAsync(true)
  })

  test('at night the inverter goes: empty payloads, once, and null in the sums', async () => {
    const noon = Date.UTC(2025, 5, 10, 11)
    let clock = noon
    const sunny = makeWorld({ start: noon - 3_600_000, now: () => clock })
    const other = await startVictron(sunny)
    try {
      const client = await connectAsync(other.url, { username: email, password: `Token ${token}`, reconnectPeriod: 0 })
      const heard = new Map<string, string[]>()
      client.on('message', (topic, payload) => {
        const path = topic.slice(`N/${portal}/`.length)
        heard.set(path, [...(heard.get(path) ?? []), payload.toString()])
      })
      await client.subscribeAsync(`N/${portal}/#`)
      await client.publishAsync(`R/${portal}/keepalive`, '')
      await until(() => heard.has('full_publish_completed'))
      expect(JSON.parse(heard.get('pvinverter/20/Ac/Power')!.at(-1)!).value).toBeGreaterThan(0)
      clock = Date.UTC(2025, 5, 10, 23, 30)
      await until(() => heard.get('pvinverter/20/Ac/Power')!.at(-1) === '')
      expect(heard.get('system/0/Ac/PvOnGrid/L2/Power')!.at(-1)).toBe('{"value":null}')
      await client.endAsync(true)
    } finally {
      await other.close()
    }
  })
})

/** The device tells everything three times a second at most. */
const aSecond = () => new Promise((resolve) => setTimeout(resolve, 1050))

async function until(isSo: () => boolean) {
  const end = Date.now() + 8000
  while (!isSo()) {
    if (Date.now() > end) throw new Error('It did not come')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
