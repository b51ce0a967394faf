import type { MqttClient } from 'mqtt'
import { afterEach, expect, test } from 'vitest'
import { type BrokerProcess, connectTo, makeFolder, removeFolder, startBrokerProcess, until } from './testing.ts'

const rounds = 10
let folder = ''
let broker: BrokerProcess | undefined
afterEach(async () => {
  await broker?.kill()
  await removeFolder(folder)
})

test('no acknowledged message is lost when broker and subscriber are killed under load, round after round', async () => {
  folder = await makeFolder()
  const acknowledged = new Set<string>()
  const stored = new Set<string>()
  let replays = 0

  const listen = async (port: number): Promise<MqttClient> => {
    const client = await connectTo(port, { clientId: 'datalogger', clean: false })
    client.handleMessage = (packet, done) => {
      const text = packet.payload.toString()
      if (stored.has(text)) replays += 1
      stored.add(text)
      done()
    }
    await client.subscribeAsync('sensors/#', { qos: 1 })
    return client
  }

  for (let round = 0; round < rounds; round++) {
    broker = await startBrokerProcess({ folder })
    const publishers = await Promise.all(
      [0, 1, 2].map((number) => broker && connectTo(broker.port, { clientId: `p${number}`, connectTimeout: 5_000 })),
    )
    let listener = round === 0 ? undefined : await listen(broker.port)
    const before = acknowledged.size
    for (const [at, publisher] of publishers.entries()) {
      for (let number = 0; number < 1_000; number++) {
        const text = `${round}/${at}/${number}`
        publisher?.publishAsync('sensors/meter/1/0', text, { qos: 1 }).then(
          () => acknowledged.add(text),
          () => {},
        )
      }
    }
    await until(() => acknowledged.size > before + 200 + round * 50)
    if (round % 3 === 1) {
      // The subscriber dies with messages on the way, and comes back.
      listener?.stream.destroy()
      listener = await listen(broker.port)
      await until(() => acknowledged.size > before + 1_500)
    }
    await broker.kill()
    listener?.stream.destroy()
    for (const publisher of publishers) publisher?.stream.destroy()
  }

  broker = await startBrokerProcess({ folder })
  const last = await listen(broker.port)
  await until(() => [...acknowledged].every((text) => stored.has(text)))
  const missing = [...acknowledged].filter((text) => !stored.has(text))
  expect(missing).toEqual([])
  expect(acknowledged.size).toBeGreaterThan(rounds * 200)
  await until(async () => (await broker?.ask())?.stats.journal.inFlight === 0)
  console.log(`${rounds} rounds, ${acknowledged.size} acknowledged, ${stored.size} stored, ${replays} more than once`)
  last.stream.destroy()
}, 120_000)
