import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { folderVersion, keyIdsOf, openDataFolder, readSecrets, writeSecrets } from './data-folder.ts'

let parent: string
let path: string

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'data-folder-'))
  path = join(parent, 'data')
})
afterEach(() => rmSync(parent, { recursive: true, force: true }))

const mode = (file: string) => (statSync(file).mode & 0o777).toString(8)

/** Names, modes, times and contents of everything in a folder. */
const fingerprint = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const file = join(entry.parentPath, entry.name)
      const { mtimeMs, mode } = statSync(file)
      const hash = entry.isFile() ? createHash('sha256').update(readFileSync(file)).digest('hex') : ''
      return [file, mode, mtimeMs, hash].join(' ')
    })
    .sort()
    .join('\n')

test('a new folder and what is generated in it are only for this user', () => {
  const folder = openDataFolder(path)
  expect(mode(path)).toBe('700')
  for (const file of ['secrets.json', 'version.json']) expect(mode(join(path, file))).toBe('600')
  folder.lock.release()
})

test('a folder that others could read is closed to them', () => {
  mkdirSync(path, { mode: 0o755 })
  openDataFolder(path).lock.release()
  expect(mode(path)).toBe('700')
})

test('secrets are made once, of full strength, and no two folders have the same', () => {
  const first = openDataFolder(path)
  first.lock.release()
  const again = openDataFolder(path)
  again.lock.release()
  const other = openDataFolder(join(parent, 'other'))
  other.lock.release()
  expect(again.secrets).toEqual(first.secrets)
  const [id, key] = first.secrets.masterKey.split(':')
  expect(keyIdsOf(first.secrets.masterKey)).toEqual([id])
  expect(Buffer.from(key ?? '', 'base64')).toHaveLength(32)
  for (const name of ['masterKey', 'clickHousePassword', 'mqttPassword'] as const)
    expect(other.secrets[name]).not.toBe(first.secrets[name])
})

test('replaced secrets stay only for this user', () => {
  const folder = openDataFolder(path)
  folder.lock.release()
  writeSecrets(path, { ...folder.secrets, masterKey: 'new:key' })
  expect(readSecrets(path)?.masterKey).toBe('new:key')
  expect(mode(join(path, 'secrets.json'))).toBe('600')
  expect(readdirSync(path)).not.toContain('secrets.json.new')
})

test('a folder of a newer version is refused, and no byte, mode or time of it changes', () => {
  openDataFolder(path).lock.release()
  writeFileSync(join(path, 'version.json'), JSON.stringify({ schema: folderVersion + 1 }))
  mkdirSync(join(path, 'postgres'))
  writeFileSync(join(path, 'postgres', 'base'), 'newer')
  const before = fingerprint(parent)
  expect(() => openDataFolder(path)).toThrow(expect.objectContaining({ code: 'conflict' }))
  expect(fingerprint(parent)).toBe(before)
})
