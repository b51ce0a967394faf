/**
 * The simulators as a process: `node main.ts [met] [tibber] … [--port met=9001] [--seed 2023] [--start ms]
 * [--host 127.0.0.1]`; all vendors when none is named. Prints one line of JSON with the addresses once they answer; ends
 * with its parent, or when told. `nabolag simulate` is the same for people.
 */
import { parseArgs } from 'node:util'
import { makeWorld, startSimulators, type VendorName, vendorNames } from './index.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string' },
    start: { type: 'string' },
    host: { type: 'string' },
  },
})
const isVendor = (name: string): name is VendorName => (vendorNames as readonly string[]).includes(name)
const unknown = positionals.filter((name) => !isVendor(name))
if (unknown.length > 0) {
  process.stderr.write(`There is no vendor ${unknown.join(', ')}; there are ${vendorNames.join(', ')}\n`)
  process.exit(2)
}
const number = (text: string | undefined) => (text === undefined ? undefined : Number(text))

const simulators = await startSimulators({
  vendors: positionals.length === 0 ? vendorNames : positionals.filter(isVendor),
  ports: Object.fromEntries(values.port.map((pair) => pair.split('=')).map(([name, port]) => [name, Number(port)])),
  world: makeWorld({ seed: number(values.seed), start: number(values.start) }),
  host: values.host,
})
process.stdout.write(`${JSON.stringify({ urls: simulators.urls, start: simulators.world.start })}\n`)

const stop = async () => {
  await simulators.close()
  process.exit(0)
}
process.on('SIGINT', stop)
process.on('SIGTERM', stop)
if (process.connected) process.on('disconnect', stop)
