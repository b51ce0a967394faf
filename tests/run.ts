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
  {
    package: 'python3-paho-mqtt',
    proof: '/usr/lib/python3/dist-packages/paho/mqtt/client.py',
    for: 'the device in a container of templates/container',
  },
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

type Counts = { passed: number; failed: number; skipped: number; failures: string[] }
type Results = {
  readonly [count: string]: unknown
  readonly testResults?: readonly {
    readonly name: string
    readonly status: string
    readonly message?: string
    readonly assertionResults: readonly {
      readonly status: string
      readonly fullName: string
      readonly failureMessages?: readonly string[]
    }[]
  }[]
}

/** One run of Vitest; a run that ends badly has at least one failure, whatever it counted. */
function runVitest(title: string, args: readonly string[]): Counts {
  console.log(`\n${title}`)
  const folder = mkdtempSync(join(tmpdir(), 'nabolag-tests-'))
  const results = join(folder, 'results.json')
  const vitest = new URL('../node_modules/vitest/vitest.mjs', import.meta.url).pathname
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`]
  const { status } = spawnSync(process.execPath, [vitest, 'run', ...reporters, ...args], { stdio: 'inherit' })
  try {
    const counted = JSON.parse(readFileSync(results, 'utf8')) as Results
    const number = (name: string) => Number(counted[name] ?? 0)
    const failures = failuresOf(counted)
    if (status !== 0 && failures.length === 0)
      failures.push(`${title}: no test failed, but something did beside them: see "Unhandled Errors" above`)
    return {
      passed: number('numPassedTests'),
      failed: Math.max(number('numFailedTests'), failures.length),
      skipped: number('numPendingTests') + number('numTodoTests'),
      failures,
    }
  } catch {
    return {
      passed: 0,
      failed: 1,
      skipped: 0,
      failures: [`${title}: Vitest left no results, it did not get to the end`],
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Name and first line of what went wrong, to stand at the end where a long log is cut at the front. */
const failuresOf = ({ testResults = [] }: Results): string[] =>
  testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed')
    if (failed.length === 0 && status === 'failed') return [`${name}: ${message?.split('\n')[0] ?? ''}`]
    return failed.map((test) => `${name}: ${test.fullName}: ${test.failureMessages?.[0]?.split('\n')[0] ?? ''}`)
  })

const given = process.argv.slice(2)
const elsewhere = ['--exclude=packages/**', '--exclude=apps/**', '--exclude=web/**']
/** They take the whole machine and look at memory, disk or how soon something is back: one at a time, nothing beside. */
const heavy = ['flood', 'full-disk', 'kill', 'launcher']
  .map((name) => `tests/faults/${name}.test.ts`)
  .concat('tests/roles.test.ts')

const runs =
  given.length > 0
    ? [runVitest('Tests', given)]
    : [
        runVitest('Tests of the parts', ['--exclude=tests/**']),
        // Mostly they wait for something to happen: three of them share the machine well.
        runVitest('Tests of the whole', [...elsewhere, ...heavy.map((file) => `--exclude=${file}`), '--maxWorkers=3']),
        runVitest('Tests that load the machine', [...heavy, '--maxWorkers=1']),
      ]
for (const failure of runs.flatMap((run) => run.failures)) console.log(`Failed: ${failure}`)
const sum = (of: 'passed' | 'failed' | 'skipped') => runs.reduce((total, run) => total + run[of], 0)
console.log(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`)
process.exitCode = sum('failed') === 0 && sum('passed') > 0 ? 0 : 1
