import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { startPublisher, storedNumbers } from '../publisher.ts'
import { type Ask, removeFolder, type Stack, signIn, startStack, until } from '../stack.ts'

/**
 * A disk that is full: nothing is acknowledged that cannot be kept, somebody is told, and all goes on by itself when
 * there is room again.
 */
const noMount = whyNoMount()
if (noMount) console.log(`Left out, the full disk: ${noMount}`)
const name = 'mill-sense'
const patience = 120_000

const places = [
  // `keeps`: publishers are still served, because what they send is safe elsewhere.
  { what: 'the whole data folder', place: '.', size: '96m', keeps: false, says: /The journal cannot be written/ },
  { what: 'the broker’s journal', place: 'broker', size: '16m', keeps: false, says: /The journal cannot be written/ },
  { what: 'ClickHouse’s folder', place: 'clickhouse', size: '48m', keeps: true, says: /no room left to keep data/ },
  { what: 'PostgreSQL’s folder', place: 'postgres', size: '64m', keeps: true, says: undefined },
] as const

describe.skipIf(noMount !== undefined)('when the disk is full', () => {
  test.each(places)(
    '$what: nothing acknowledged is lost or doubled, it is said, and it goes on by itself',
    { timeout: 600_000 },
    async ({ place, size, keeps, says }) => {
      const folder = mkdtempSync(join(tmpdir(), 'nabolag-full-'))
      const disk = join(folder, 'data', place)
      mkdirSync(disk, { recursive: true, mode: 0o700 })
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', disk])
      let stack: Stack | undefined
      try {
        stack = await startStack({ folder: join(folder, 'data'), json: true, timeout: 180_000 })
        await fillAndFree(stack, disk, { place, keeps, says })
      } finally {
        await stack?.stop()
        execFileSync('umount', ['-l', disk])
        removeFolder(folder)
      }
    },
  )
})

async function fillAndFree(
  stack: Stack,
  disk: string,
  { place, keeps, says }: Omit<(typeof places)[number], 'what' | 'size'>,
) {
  const made = await stack.ask('/api/houses/new', { method: 'POST', body: { name: 'Full' } })
  const house = (made.body as { id: number }).id
  const login = JSON.parse(await stack.command('publisher', 'add', '--house', String(house), '--name', name, '--json'))
  let ask: Ask = stack.ask
  const stored = () => storedNumbers(ask, house, name)
  const publisher = await startPublisher({ mqttPort: stack.mqttPort, house, name, login, every: 5 })
  const { acknowledged } = publisher
  await until('it logs', async () => (await stored()).length > 50, patience)

  const ballast = join(disk, 'ballast')
  fill(ballast)
  const before = acknowledged.size
  if (keeps) {
    await until('publishers are served meanwhile', () => acknowledged.size > before + 200, patience)
  } else {
    await until('nothing more is acknowledged', () => standsStill(() => acknowledged.size, 4000), patience)
  }
  const output = () => stack.output()
  if (says) await until(`the log says ${says}`, () => says.test(output()), patience)
  const doctor = await stack.run('doctor', '--json')
  const findings = JSON.parse(doctor.output) as { check: string; state: string; found: string; mend?: string }[]
  expect(findings.filter(({ check, found }) => check === 'disk' && found.startsWith('0 MB free'))).toMatchObject([
    { state: 'bad' },
  ])
  expect(doctor.code).toBe(1)
  const addHouse = () => stack.ask('/api/houses/new', { method: 'POST', body: { name: 'One more' } })
  if (place === 'postgres')
    await until(
      'who wants to write in PostgreSQL is told',
      async () => {
        const { status, body } = await addHouse()
        return status === 507 && (body as { code?: string }).code === 'disk-full'
      },
      patience,
    )
  const during = acknowledged.size
  // Long enough for whoever cannot live without room to die and to be started again.
  await sleep(5000)
  fill(ballast)
  if (!keeps) expect(acknowledged.size - during).toBeLessThan(100)

  rmSync(ballast)
  const full = acknowledged.size
  await until('it goes on by itself', () => acknowledged.size > full + 200, patience)
  await publisher.stop()
  await until(
    'the server can be signed in to again',
    async () => {
      ask = await signIn(stack.http, 'admin', 'correct horse battery')
      return true
    },
    patience,
  )
  await until(
    'everything acknowledged is readable',
    async () => {
      const there = new Set(await stored())
      return [...acknowledged].every((index) => there.has(index))
    },
    patience,
  )
  const values = await stored()
  expect(new Set(values).size).toBe(values.length)
  await until('all is well', async () => (await stack.ask('/api/health')).status === 200, patience)
  await until('houses can be made again', async () => (await addHouse()).status === 200, patience)
  const ends = [...output().matchAll(/"kind":"ended","name":"(\w+)"/g)].map(([, one]) => one)
  console.log(
    `${acknowledged.size} of ${publisher.sent} acknowledged, ${before} before, ${full - before} while it was full; ${values.length} stored; ended and started again: ${ends.join(', ') || 'nobody'}`,
  )
}

/** Writes until not one more byte fits. */
function fill(file: string): void {
  const handle = openSync(file, 'a')
  for (const size of [1_048_576, 65_536, 4096, 512, 1]) {
    const chunk = Buffer.alloc(size, 1)
    try {
      while (writeSync(handle, chunk) === size);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }
  closeSync(handle)
}

/** Whether a number stays the same for so long, ms. */
async function standsStill(value: () => number, milliseconds: number): Promise<boolean> {
  const before = value()
  await sleep(milliseconds)
  return value() === before
}

function whyNoMount(): string | undefined {
  const place = mkdtempSync(join(tmpdir(), 'nabolag-mount-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place], { stdio: 'pipe' })
    execFileSync('umount', [place])
    return undefined
  } catch (error) {
    return `a small file system cannot be mounted here (${
      String((error as Error).message)
        .split('\n')
        .at(-2) ?? ''
    })`
  } finally {
    rmdirSync(place)
  }
}
