import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Accounts, accounts } from './accounts.ts'
import { type Bus, connectBus } from './bus.ts'
import { type Mosquitto, noMosquitto, startMosquitto } from './testing/mosquitto.ts'

describe.skipIf(noMosquitto)('accounts in Mosquitto', () => {
  let broker: Mosquitto
  let bus: Bus
  let kept: Accounts
  beforeAll(async () => {
    broker = await startMosquitto()
    bus = await connectBus({ url: broker.url })
    kept = accounts(bus)
  })
  afterAll(async () => {
    await kept.close()
    await bus.close()
    await broker.close()
  })

  test('a publisher may write for its house and name, and nowhere else', async () => {
    const login = await kept.addPublisherAccount({ username: 'h3.mill-sense.0', houseId: 3, name: 'mill-sense' })
    expect(login.username).toBe('h3.mill-sense.0')
    expect(Buffer.from(login.password, 'base64url')).toHaveLength(24)
    const heard: string[] = []
    await bus.subscribe('sensors/#', (topic) => heard.push(topic))
    const publisher = await connectBus({ url: broker.urlFor(login) })
    // Mosquitto acknowledges what it refuses, as MQTT 3.1.1 has it, and passes it to nobody.
    for (const topic of ['sensors/mill-sense/4/0', 'sensors/other/3/0', 'desired/3/x/0', 'sensors/mill-sense/3/0'])
      await publisher.publish(topic, 'x')
    await vi.waitFor(() => expect(heard).toEqual(['sensors/mill-sense/3/0']))
    await expect(publisher.subscribe('sensors/#', () => {})).rejects.toMatchObject({ code: 'not-allowed' })
    await publisher.close()
  })

  test('a name is given once, and can be given again after it was removed', async () => {
    const publisher = { username: 'h4.x.0', houseId: 4, name: 'x' }
    const { password } = await kept.addPublisherAccount(publisher)
    await expect(kept.addPublisherAccount(publisher)).rejects.toMatchObject({ code: 'conflict' })
    await connectBus({ url: broker.urlFor({ username: 'h4.x.0', password }) }).then((still) => still.close())
    expect(await kept.listAccounts()).toContain('h4.x.0')
    await kept.removeAccount('h4.x.0')
    await kept.removeAccount('h4.x.0')
    expect(await kept.listAccounts()).not.toContain('h4.x.0')
    await expect(connectBus({ url: broker.urlFor({ username: 'h4.x.0', password }) })).rejects.toMatchObject({
      code: 'not-allowed',
    })
    expect((await kept.addPublisherAccount(publisher)).password).not.toBe(password)
  })

  test('an outside program hears what it may hear', async () => {
    const login = await kept.addProgramAccount({
      username: 'p.algorithm.0',
      publish: ['commands/3/+/+'],
      subscribe: ['sensors/+/3/#'],
    })
    const program = await connectBus({ url: broker.urlFor(login) })
    const heard: string[] = []
    await program.subscribe('sensors/+/3/#', (topic) => heard.push(topic))
    await expect(program.subscribe('sensors/#', () => {})).rejects.toMatchObject({ code: 'not-allowed' })
    await bus.publish('sensors/a/4/0', 'not theirs')
    await bus.publish('sensors/a/3/0', 'theirs')
    await vi.waitFor(() => expect(heard).toEqual(['sensors/a/3/0']))
    await program.close()
  })

  test('a broker without the plugin says what is missing', async () => {
    const plain = await startMosquitto({ dynamicSecurity: false })
    const open = await connectBus({ url: plain.url })
    const none = accounts(open, { patience: 300 })
    await expect(none.addPublisherAccount({ username: 'h1.x.0', houseId: 1, name: 'x' })).rejects.toMatchObject({
      code: 'engine-down',
      message: expect.stringContaining('mosquitto_dynamic_security'),
    })
    await open.close()
    await plain.close()
  })
})
