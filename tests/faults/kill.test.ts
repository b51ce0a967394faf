import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Login, startPublisher, storedNumbers } from '../publisher.ts'
import { removeFolder, type Stack, startStack, until } from '../stack.ts'

/**
 * The promise of the bus, kept by the whole system: a sample whose PUBACK the publisher has got is stored, once,
 * whichever process dies in between.
 */
const rounds = 20
const names = ['postgres', 'clickhouse', 'broker', 'datalogger', 'connector', 'controller', 'api']
const name = 'mill-sense'

let stack: Stack
let house: number
let login: Login

beforeAll(async () => {
  stack = await startStack({ timeout: 180_000 })
  const made = await stack.ask('/api/houses/new', { method: 'POST', body: { name: 'Kill' } })
  expect(made.status).toBe(200)
  house = (made.body as { id: number }).id
  login = JSON.parse(await stack.command('publisher', 'add', '--house', String(house), '--name', name, '--json'))
}, 240_000)

afterAll(async () => {
  await stack.stop()
  removeFolder(stack.folder)
})

const stored = () => storedNumbers(stack.ask, house, name)

test(`${rounds} times a process is killed during ingest: nothing acknowledged is missing, nothing is there twice, all is back in 15 s`, {
  timeout: 600_000,
}, async () => {
  const publisher = await startPublisher({ mqttPort: stack.mqttPort, house, name, login })
  const recoveries: { name: string; milliseconds: number }[] = []
  for (let round = 0; round < rounds; round++) {
    const name = names[round % names.length] as string
    await sleep(700)
    const before = stack.children()
    const victim = before.find((child) => child.name === name)
    if (!victim) throw new Error(`no process ${name} among ${before.map((child) => child.name).join(', ')}`)
    const known = await stored().then((values) => values.length)
    process.kill(victim.pid, 'SIGKILL')
    const isBack = async () => {
      const alive = stack.children()
      if (!alive.some((child) => child.name === name && child.pid !== victim.pid)) return false
      const health = await stack.ask('/api/health')
      return health.status === 200 && (await stored()).length > known
    }
    const milliseconds = await until(`all is back after ${name} died`, isBack, 15_000)
    recoveries.push({ name, milliseconds })
  }
  await publisher.stop()
  const { acknowledged, sent } = publisher
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
