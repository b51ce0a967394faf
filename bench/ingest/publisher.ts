/** Publishes at a steady rate, or as fast as it is acknowledged, and counts the acknowledgements. A process of its own. */
import { setTimeout as sleep } from 'node:timers/promises'
import { connectBus } from '@nabolag/bus'
import { groups } from '@nabolag/core'

export type PublisherTask = {
  readonly url: string
  readonly houseId: number
  readonly seconds: number
  /** Messages a second; 0 is as fast as they are acknowledged. */
  readonly rate: number
  /** Fields in the one sample of a message. */
  readonly points: number
  /** Messages on their way at once. */
  readonly window: number
}
export type PublisherResult = { readonly messages: number; readonly seconds: number; readonly slowest: number }

const task = JSON.parse(process.argv[2]!) as PublisherTask
process.on('disconnect', () => process.exit(1))
const names = Object.entries<{ max?: number }>(groups.powerConsumption.fields)
  .filter(([, field]) => field.max === undefined)
  .slice(0, task.points)
  .map(([name]) => name)
if (names.length !== task.points) throw new Error(`there are only ${names.length} fields`)
const bus = await connectBus({ url: task.url, window: task.window })
const origin = Date.now()
let messages = 0
let inFlight = 0
let slowest = 0
const tag = { house_id: String(task.houseId), device_name: 'meter' }
const topic = `sensors/meter/${task.houseId}/0`

const publish = async (n: number) => {
  const fields: Record<string, number> = {}
  for (const [i, name] of names.entries()) fields[name] = Math.round(1000 * i + 500 * Math.sin(n / 300 + i)) / 10
  inFlight++
  const began = performance.now()
  const time = new Date(origin + n).toISOString()
  await bus.publish(topic, { measurement: 'powerConsumption', tags: tag, fields, time })
  slowest = Math.max(slowest, performance.now() - began)
  inFlight--
  messages++
}

const began = performance.now()
let next = 0
for (;;) {
  const elapsed = (performance.now() - began) / 1000
  if (elapsed >= task.seconds) break
  const due = task.rate === 0 ? Number.POSITIVE_INFINITY : Math.floor(elapsed * task.rate)
  while (next < due && inFlight < task.window) void publish(next++)
  await sleep(task.rate === 0 ? 1 : 5)
}
while (inFlight > 0) await sleep(1)
const result: PublisherResult = { messages, seconds: (performance.now() - began) / 1000, slowest }
await bus.close()
process.send?.(result, () => process.exit(0))
