import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockFolder, lockHolder } from './lock.ts'

let folder: string
let other: ChildProcess | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'))
})
afterEach(() => {
  other?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

async function lockInAnotherProcess(): Promise<number> {
  const file = join(folder, 'holder.ts')
  writeFileSync(
    file,
    `import { lockFolder } from ${JSON.stringify(new URL('./lock.ts', import.meta.url).pathname)}
     lockFolder(${JSON.stringify(folder)})
     process.send!('locked')
     setInterval(() => {}, 1000)`,
  )
  other = fork(file, [], { execArgv: [] })
  await new Promise((resolve) => other?.once('message', resolve))
  return other.pid ?? 0
}

test('a second one is refused and told the process id of the first', async () => {
  const pid = await lockInAnotherProcess()
  expect(() => lockFolder(folder, 'lock', 50)).toThrow(
    expect.objectContaining({ code: 'conflict', extra: { pid }, message: expect.stringContaining(`process ${pid}`) }),
  )
  expect(lockHolder(folder)?.pid).toBe(pid)
})

test('the lock of a killed process is free at once', async () => {
  await lockInAnotherProcess()
  const ended = new Promise((resolve) => other?.once('exit', resolve))
  other?.kill('SIGKILL')
  await ended
  expect(lockHolder(folder)).toBeUndefined()
  const lock = lockFolder(folder, 'lock', 50)
  lock.release()
})

test('a released lock can be taken again, and looking at it does not take it', () => {
  lockFolder(folder).release()
  expect(lockHolder(folder)).toBeUndefined()
  lockFolder(folder, 'lock', 50).release()
})

test('one folder can have several locks', () => {
  const one = lockFolder(folder, 'lock-a')
  const two = lockFolder(folder, 'lock-b')
  one.release()
  two.release()
})
