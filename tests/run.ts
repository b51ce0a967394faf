/**
 * `npm test`: every test. Installs what some tests need from Debian's packages where it may, says what it did and
 * what is left out, and ends with one plain line of counts.
 *
 * Arguments go to Vitest: `npm test -- packages/core`.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const needed = [
  {
    package: 'mosquitto',
    proof: '/usr/sbin/mosquitto',
    for: 'the bus and the roles against a broker that is not ours',
  },
  { package: 'mosquitto-clients', proof: '/usr/bin/mosquitto_pub', for: 'publishing from a shell' },
  { package: 'postgresql-15', proof: '/usr/lib/postgresql/15/bin/postgres', for: 'the store on PostgreSQL itself' },
  { package: 'chromium', proof: '/usr/bin/chromium', for: 'the web page in a browser' },
]

const missing = needed.filter(({ proof }) => !existsSync(proof))
if (missing.length > 0) {
  const names = missing.map((need) => need.package)
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.log(`Installing from Debian for the tests: ${names.join(', ')}`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    spawnSync('apt-get', ['update', '-q'], { stdio: 'ignore', env })
    spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...names], { stdio: 'ignore', env })
  }
  for (const need of missing) {
    if (!existsSync(need.proof)) console.log(`Left out, ${need.package} is not installed: ${need.for}`)
  }
}
const shared = existsSync(new URL('../../shared/vendors', import.meta.url))
if (!shared) console.log("Left out, ../shared is not beside this clone: the vendors' recorded answers")

const folder = mkdtempSync(join(tmpdir(), 'nabolag-tests-'))
const results = join(folder, 'results.json')
const vitest = new URL('../node_modules/vitest/vitest.mjs', import.meta.url).pathname
const run = spawnSync(
  process.execPath,
  [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${results}`, ...process.argv.slice(2)],
  { stdio: 'inherit' },
)

type Counts = { numPassedTests: number; numFailedTests: number; numPendingTests: number; numFailedTestSuites: number }
let counts: Counts | undefined
try {
  counts = JSON.parse(readFileSync(results, 'utf8')) as Counts
} catch {
  console.error('Vitest left no results: it did not get to the end')
}
rmSync(folder, { recursive: true, force: true })
const code = run.status ?? 1
const failed = counts ? Math.max(counts.numFailedTests, code === 0 ? 0 : 1) : 1
console.log(`\n${counts?.numPassedTests ?? 0} passed, ${failed} failed, ${counts?.numPendingTests ?? 0} skipped`)
process.exitCode = code === 0 && counts && counts.numPassedTests > 0 ? 0 : code || 1
