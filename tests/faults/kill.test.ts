import { setTimeout as sleep } from 'node:timers/promises'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { removeFolder, type Stack, startStack, until } from '../stack.ts'

/**
 * The promise of the bus, kept by the whole system: a sample whose PUBACK the publisher has got is stored, once,
 * whichever process dies in between.
 */
const rounds = 20
const names = ['postgres', 'clickhouse', 'broker', 'datalogger', 'connector', 'api']

let stack: Stack
let house: number
let publisher: { username: string; password: string }

beforeAll(async () => {
  stack = await startStack()
  const made = await stack.ask('/api/houses/new', { method: 'POST', body: { name: 'Kill' } })
  expect(made.status).toBe(200)
  house = (made.body as { id: number }).id
  publisher = JSON.parse(
    await stack.command('publisher', 'add', '--house', String(house), '--name', 'mill-sense', '--json'),
  )
}, 90_000)

afterAll(async () => {
  await stack.stop()
  removeFolder(stack.folder)
})

const begin = Date.parse('2026-01-01T00:00:00Z')

/** Publishes one sample after another, some in flight at a time, and remembers which were acknowledged. */
async function publishUntil(stop: AbortSignal): Promise<{ acknowledged: Set<number>; sent: number }> {
  const client: MqttClient = await connectAsync(`mqtt://127.0.0.1:${stack.mqttPort}`, {
    ...publisher,
    clientId: `kill-${process.pid}`,
    clean: false,
    reconnectPeriod: 200,
  })
  client.on('error', () => {})
  const acknowledged = new Set<number>()
  const inFlight = new Set<Promise<void>>()
  let sent = 0
  while (!stop.aborted) {
    const index = sent++
    const message = {
      measurement: 'airSensor',
      tags: { house_id: String(house), device_name: 'mill-sense', location: 'Kjeller' },
      fields: { eco2: index },
      time: new Date(begin + index * 10).toISOString(),
    }
    const done: Promise<void> = client
      .publishAsync(`sensors/mill-sense/${house}`, JSON.stringify(message), { qos: 1 })
      .then(() => {
        acknowledged.add(index)
        inFlight.delete(done)
      })
    inFlight.add(done)
    if (inFlight.size >= 50) await Promise.race([...inFlight, sleep(1000)])
    await sleep(2)
  }
  await Promise.race([Promise.all(inFlight), sleep(30_000)])
  await client.endAsync(true)
  return { acknowledged, sent }
}

async function stored(): Promise<number[]> {
  const { status, body } = await stack.ask(`/api/houses/${house}/data`, {
    method: 'POST',
    body: {
      group: 'airSensor',
      field: 'eco2',
      start: new Date(begin).toISOString(),
      end: new Date(begin + 86_400_000).toISOString(),
      resolution: 'raw',
    },
  })
  if (status !== 200) throw new Error(`status ${status}`)
  return (body as { series: { values: number[] }[] }).series.flatMap(({ values }) => values)
}

test(`${rounds} times a process is killed during ingest: nothing acknowledged is missing, nothing is there twice, all is back in 15 s`, {
  timeout: 600_000,
}, async () => {
  const stop = new AbortController()
  const publishing = publishUntil(stop.signal)
  const recoveries: { name: string; milliseconds: number }[] = []
  for (let round = 0; round < rounds; round++) {
    const name = names[round % names.length] as string
    await sleep(700)
    const before = stack.children()
    const victim = before.find((child) => child.name === name)
    if (!victim) throw new Error(`no process ${name} among ${before.map((child) => child.name).join(', ')}`)
    const known = await stored().then((values) => values.length)
    process.kill(victim.pid, 'SIGKILL')
    const milliseconds = await until(`all is back after ${name} died`, async () => {
      const alive = stack.children()
      if (!alive.some((child) => child.name === name && child.pid !== victim.pid)) return false
      const health = await stack.ask('/api/health')
      return health.status === 200 && (await stored()).length > known
    })
    recoveries.push({ name, milliseconds })
  }
  stop.abort()
  const { acknowledged, sent } = await publishing
  expect(acknowledged.size).toBeGreaterThan(rounds * 20)
  await until('everything acknowledged is readable', async () => {
    const there = new Set(await stored())
    return [...acknowledged].every((index) => there.has(index))
  })
  const values = await stored()
  expect(new Set(values).size).toBe(values.length)
  expect(recoveries).toHaveLength(rounds)
  const slowest = recoveries.reduce((a, b) => (a.milliseconds > b.milliseconds ? a : b))
  console.log(
    `${acknowledged.size} of ${sent} acknowledged, ${values.length} stored; slowest return ${slowest.milliseconds} ms (${slowest.name})`,
  )
  // A stop in good order writes what an end by SIGKILL does not: the next start needs none of it.
  expect(
    stack
      .children()
      .map(({ name }) => name)
      .sort(),
  ).toEqual([...names].sort())
})
