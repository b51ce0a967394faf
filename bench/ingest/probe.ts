/** Measures from a publish to the sample's being readable: marks a sample every 250 ms and polls for it. A process of its own. */
import { setTimeout as sleep } from 'node:timers/promises'
import { connectBus } from '@nabolag/bus'
import { openTimeSeries } from '@nabolag/timeseries'

export type ProbeTask = {
  readonly mqtt: string
  readonly clickhouse: string
  readonly houseId: number
  readonly seconds: number
}
/** Seconds from just before each publish to the first answer that had it. */
export type ProbeResult = { readonly delays: number[]; readonly missing: number }

const task = JSON.parse(process.argv[2]!) as ProbeTask
process.on('disconnect', () => process.exit(1))
const bus = await connectBus({ url: task.mqtt })
const store = openTimeSeries(task.clickhouse)
const publishedAt: number[] = []
const delays: number[] = []
const end = performance.now() + task.seconds * 1000
const base = Date.now()

const publishing = (async () => {
  while (performance.now() < end) {
    const n = publishedAt.push(performance.now()) - 1
    void bus.publish(`sensors/probe/${task.houseId}/0`, {
      measurement: 'probe',
      tags: { house_id: task.houseId, device_name: 'probe' },
      fields: { number: n },
      time: new Date(base + n).toISOString(),
    })
    await sleep(250)
  }
})()
while (performance.now() < end + 60_000) {
  const [newest] = await store.newest({ houseId: task.houseId, field: 'number' })
  const readAt = performance.now()
  const seen = newest ? Number(newest.value) : -1
  while (delays.length <= seen) delays.push((readAt - publishedAt[delays.length]!) / 1000)
  if (readAt > end && delays.length === publishedAt.length) break
  // Asking costs the engine time too, so not more often than the answer needs.
  await sleep(50)
}
await publishing
await bus.close()
await store.close()
const result: ProbeResult = { delays, missing: publishedAt.length - delays.length }
process.send?.(result, () => process.exit(0))
