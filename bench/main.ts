/** `npm run bench -- NAME [--json]`: runs one bench on a real stack and says whether it reached what it should. */
import { cpus, totalmem } from 'node:os'

type Reach = { readonly name: string; readonly value: number; readonly limit: number; readonly ok: boolean }
type Report = { readonly reach: readonly Reach[] } & Readonly<Record<string, unknown>>
type Bench = { run(options: { json: boolean }): Promise<Report> }

const benches: Record<string, () => Promise<Bench>> = {
  query: () => import('./query.ts'),
  ingest: () => import('./ingest.ts'),
  density: () => import('./density.ts'),
  start: () => import('./start.ts'),
  control: () => import('./control.ts'),
}

const [name = ''] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const json = process.argv.includes('--json')
const bench = benches[name]
if (!bench) {
  console.error(`Usage: npm run bench -- ${Object.keys(benches).join(' | ')} [--json]`)
  process.exit(2)
}
const report = await (await bench()).run({ json })
const machine = {
  cores: cpus().length,
  processor: cpus()[0]?.model,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
}
if (json) console.log(JSON.stringify({ bench: name, machine, ...report }))
else {
  for (const { name: what, value, limit, ok } of report.reach)
    console.log(`${ok ? 'reached' : 'MISSED '}  ${what}: ${value} (limit ${limit})`)
}
process.exit(report.reach.every(({ ok }) => ok) ? 0 : 1)
