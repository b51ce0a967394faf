import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openLogFile } from './log-files.ts'

test('starts a new file when one is full, keeps as many as asked, and goes on in the newest', () => {
  const folder = mkdtempSync(join(tmpdir(), 'logs-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const first = openLogFile(folder, 'api', 10, 2)
  for (const line of ['one 456\n', 'two 456\n', 'three 6\n']) first.write(line)
  first.close()
  const again = openLogFile(folder, 'api', 10, 2)
  again.write('four 56\n')
  again.close()
  expect(readdirSync(folder).sort()).toEqual(['api.1.log', 'api.2.log', 'api.log'])
  expect(readFileSync(join(folder, 'api.log'), 'utf8')).toBe('four 56\n')
  expect(readFileSync(join(folder, 'api.2.log'), 'utf8')).toBe('two 456\n')
  expect(statSync(join(folder, 'api.log')).mode & 0o777).toBe(0o600)
})
