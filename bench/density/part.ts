/** One process of the density bench: PostgreSQL, the broker with a reader, or the connector. Ends with its parent. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { consume } from '@nabolag/bus'
import { startConnector } from '@nabolag/connector'
import { readSettings } from '@nabolag/core'
import { startBroker } from '@nabolag/engines/broker'
import { startPostgres } from '@nabolag/engines/postgres'
import { pino } from 'pino'

const [part, folder = ''] = process.argv.slice(2)
process.on('disconnect', () => process.exit(0))

if (part === 'postgres') {
  const { url } = await startPostgres({ folder })
  process.send?.({ url })
} else if (part === 'broker') {
  const { url } = await startBroker({ folder, host: '127.0.0.1', port: 0, user: 'bench', password: 'bench' })
  let samples = 0
  const consumer = consume({
    url,
    clientId: 'datalogger-bench',
    filters: ['sensors/#'],
    onMessage: (delivery) => {
      samples++
      consumer.acknowledge([delivery])
    },
  })
  await consumer.ready
  process.on('message', () => process.send?.({ messages: samples }))
  process.send?.({ url })
} else {
  const connector = await startConnector(readSettings(process.env), {
    log: pino({ level: 'warn' }, pino.destination(2)),
    // The vendors count by address; the simulators stand for many.
    budgetScale: 1e6,
  })
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  process.on('message', async (what) => {
    const stats = connector.stats()
    if (what === 'stats') return process.send?.({ stats })
    const loopDelayP99 = delay.percentile(99) / 1e6 - 10
    const threads = await connector.measure()
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 2000))
    const rss = process.memoryUsage.rss()
    delay.reset()
    process.send?.({ stats, rss, loopDelayP99, threads })
  })
  process.send?.({ id: connector.id })
}
