/** A broker in a process of its own, for tests that kill it. Options come as JSON; the port goes out over IPC. */
import { startBroker } from '../broker.ts'

const broker = await startBroker(JSON.parse(process.argv[2] ?? '{}'))
process.send?.({ port: broker.port })
process.on('message', () => {
  process.send?.({ stats: broker.stats(), memory: process.memoryUsage(), cpu: process.cpuUsage() })
})
process.on('disconnect', () => process.exit())
process.on('SIGTERM', () => void broker.close().then(() => process.exit()))
