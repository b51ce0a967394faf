/** One part of the stack in a process of its own, for tests and benches: `child.ts <part> <settings as JSON>`. */
import { readSettings } from '@nabolag/core'

const [part, given = '{}'] = process.argv.slice(2)
const settings = JSON.parse(given) as Record<string, unknown>
type Started = { readonly url?: string; readonly stats?: () => unknown }

const start: Record<string, () => Promise<Started>> = {
  async broker() {
    const { startBroker } = await import('@nabolag/engines/broker')
    return startBroker(settings as Parameters<typeof startBroker>[0])
  },
  async clickhouse() {
    const { startClickHouse } = await import('@nabolag/engines/clickhouse')
    return startClickHouse(settings as Parameters<typeof startClickHouse>[0])
  },
  async datalogger() {
    const { startDatalogger } = await import('../index.ts')
    return startDatalogger(readSettings(settings as Record<string, string>))
  },
}

// Without its parent a child has nothing to do.
process.on('disconnect', () => process.exit(0))
const started = await start[part ?? '']!()
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ stats: started.stats?.(), memory: process.memoryUsage().rss, processor: (user + system) / 1e6 })
})
process.send?.({ ready: true, url: started.url })
