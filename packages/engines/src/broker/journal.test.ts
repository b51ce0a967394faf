import { execFileSync } from 'node:child_process'
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Journal, type JournalLimits } from './journal.ts'
import { defaultLimits } from './limits.ts'
import { makeFolder, removeFolder, until } from './testing.ts'

const limits: JournalLimits = { ...defaultLimits, syncToDisk: false }
let folder = ''
beforeEach(async () => {
  folder = await makeFolder()
})
afterEach(() => removeFolder(folder))

const openJournal = (given: Partial<JournalLimits> = {}, lines: string[] = []) =>
  Journal.open(folder, { ...limits, ...given }, (_level, message) => lines.push(message))

const write = (journal: Journal, payload: string) =>
  new Promise<void>((resolve) => void journal.append('sensors/meter/1/0', Buffer.from(payload), 1, resolve))

async function readAll(journal: Journal): Promise<string[]> {
  const found: string[] = []
  let at = journal.start
  for (;;) {
    const { records, next } = await journal.read(at)
    if (records.length === 0) return found
    found.push(...records.map(({ payload }) => payload.toString()))
    at = next
  }
}

test('what was appended is there in its order after a restart, over several segments', async () => {
  const journal = await openJournal({ segmentBytes: 2_000 })
  const sent = Array.from({ length: 500 }, (_, number) => `message ${number}`)
  for (let from = 0; from < sent.length; from += 50) {
    await Promise.all(sent.slice(from, from + 50).map((text) => write(journal, text)))
  }
  expect(await readAll(journal)).toEqual(sent)
  await journal.close()
  const again = await openJournal({ segmentBytes: 2_000 })
  expect(again.segments).toBeGreaterThan(5)
  expect(again.messages).toBe(500)
  expect(await readAll(again)).toEqual(sent)
  await again.close()
})

test('a torn tail of any length is cut, and the whole records before it stay', async () => {
  const journal = await openJournal()
  const sent = ['one', 'two', 'three', 'four']
  for (const text of sent) await write(journal, text)
  await journal.close()
  const path = join(folder, (await readdir(folder))[0]!)
  const whole = await readFile(path)
  const one = whole.length - 'onetwothreefour'.length
  let cuts = 0
  for (let length = whole.length; length > 0; length -= 3) {
    await writeFile(path, whole.subarray(0, length))
    const lines: string[] = []
    const torn = await openJournal({}, lines)
    const found = await readAll(torn)
    expect(found).toEqual(sent.slice(0, found.length))
    expect(found.length).toBeGreaterThanOrEqual(Math.floor((length - 15) / (one / 4 + 5)))
    await write(torn, 'after')
    expect(await readAll(torn)).toEqual([...found, 'after'])
    await torn.close()
    for (const name of await readdir(folder)) await truncate(join(folder, name), 0)
    cuts += 1
  }
  expect(cuts).toBeGreaterThan(30)
})

test('any bytes instead of the tail are cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (garbage) => {
      const journal = await openJournal()
      await write(journal, 'good')
      const before = await readAll(journal)
      await journal.close()
      const path = join(folder, (await readdir(folder)).sort().at(-1)!)
      await writeFile(path, Buffer.concat([await readFile(path), garbage]))
      const again = await openJournal()
      expect(await readAll(again)).toEqual(before)
      await again.close()
    }),
    { numRuns: 40 },
  )
})

test('beyond the limit senders wait until a segment has been deleted', async () => {
  const journal = await openJournal({ journalMessages: 10 })
  let written = 0
  for (let number = 0; number < 15; number++) void write(journal, `${number}`).then(() => (written += 1))
  await until(() => written === 10)
  expect(journal.waiting).toBe(5)
  expect(journal.isFull).toBe(true)
  for (const { segment, size } of journal.list()) await journal.drop(segment, size)
  await until(() => written === 15)
  await journal.close()
})

test('what its sender took back while it waited is not written', async () => {
  const journal = await openJournal({ journalMessages: 1 })
  await write(journal, 'first')
  const withdraw = journal.append('sensors/meter/1/0', Buffer.from('second'), 1, () => {})
  withdraw()
  journal.sweep()
  expect(journal.waiting).toBe(0)
  await journal.close()
})

const mount = (path: string): boolean => {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', path], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

test('a full disk acknowledges nothing, says so once, loses nothing and goes on when there is room', async ({
  skip,
}) => {
  if (!mount(folder)) return skip('mounting a small disk is not allowed here')
  try {
    const lines: string[] = []
    const journal = await Journal.open(join(folder, 'journal'), limits, (_level, message) => lines.push(message))
    await writeFile(join(folder, 'ballast'), Buffer.alloc(1_500_000))
    const written: number[] = []
    for (let number = 0; number < 100; number++) {
      void write(journal, `${number} ${'x'.repeat(10_000)}`).then(() => written.push(number))
      if (number % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await until(() => journal.diskFull)
    const before = written.length
    expect(before).toBeLessThan(100)
    const { size } = await stat(join(folder, 'journal', (await readdir(join(folder, 'journal')))[0]!))
    expect(size).toBe(journal.bytes)
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(written.length).toBe(before)
    expect(lines.filter((line) => line.includes('cannot be written')).length).toBe(1)
    await truncate(join(folder, 'ballast'), 0)
    await until(() => written.length === 100)
    expect(journal.diskFull).toBe(false)
    const found = await readAll(journal)
    expect(found.map((text) => Number.parseInt(text, 10))).toEqual(Array.from({ length: 100 }, (_, number) => number))
    await journal.close()
  } finally {
    execFileSync('umount', [folder])
  }
})
