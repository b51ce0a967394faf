import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Accounts, accounts } from './accounts.ts'
import { type Bus, connectBus } from './bus.ts'
import { onCommandResult, publishCommand, publishCommandResult } from './commands.ts'
import { type Mosquitto, noMosquitto, startMosquitto } from './testing/mosquitto.ts'

/** ms: what is waited for is another process, on a machine that may have much to do. */
const patience = 20_000

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
    await vi.waitFor(() => expect(heard).toEqual(['sensors/mill-sense/3/0']), patience)
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
    await vi.waitFor(() => expect(heard).toEqual(['sensors/a/3/0']), patience)
    await program.close()
  })

  test('a program that may command is known by its topic, and hears what comes of it', async () => {
    const login = await kept.addCommandAccount({ username: 'h3.brain.0', houseId: 3, name: 'brain' })
    const program = await connectBus({ url: broker.urlFor(login) })
    const heard: string[] = []
    await bus.subscribe('commands/#', (topic) => heard.push(topic))
    const results: string[] = []
    await onCommandResult(program, { houseId: 3 }, (place, { state }) => results.push(`${place.integration} ${state}`))
    await expect(onCommandResult(program, 'all', () => {})).rejects.toMatchObject({ code: 'not-allowed' })
    const command = { capability: 'thermostat', verb: 'setOn', arguments: { on: true } }
    const place = { houseId: 3, integration: 'a', count: 0 }
    for (const account of ['h3.other.0', 'controller', 'result']) await publishCommand(program, place, account, command)
    await publishCommand(program, { ...place, houseId: 4 }, login.username, command)
    await publishCommand(program, place, login.username, command)
    await vi.waitFor(() => expect(heard).toEqual(['commands/3/a/0/h3.brain.0']), patience)
    const result = {
      id: '1',
      command: '2',
      reason: null,
      time: '',
      capability: '',
      verb: '',
      location: '',
      asked_by: '',
    }
    await publishCommandResult(bus, { ...place, houseId: 4 }, { ...result, state: 'sent' })
    await bus.publish('commands/3/a/0/result', 'no result')
    await publishCommandResult(bus, place, { ...result, state: 'applied' })
    await vi.waitFor(() => expect(results).toEqual(['a applied']), patience)
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
