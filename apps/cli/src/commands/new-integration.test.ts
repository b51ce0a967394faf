import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeNewIntegration } from './new-integration.ts'

const here = join(import.meta.dirname, '../../../..')
const run = promisify(execFile)
let root: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'nabolag-new-'))
  for (const part of ['packages/integrations', 'packages/simulators'])
    await cp(join(here, part), join(root, part), { recursive: true, filter: (file) => !file.includes('node_modules') })
  await symlink(join(here, 'node_modules'), join(root, 'node_modules'))
  await cp(join(here, 'package.json'), join(root, 'package.json'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

/** Runs a few lines in a process of its own, as an author's clone would. */
async function runLines(lines: string): Promise<unknown> {
  const file = join(root, 'lines.ts')
  await writeFile(file, lines)
  const { stdout } = await run(process.execPath, [file], { cwd: root })
  return JSON.parse(stdout)
}

test('a new integration maps its case, and its simulator gives it a first sample, before a line is changed', async () => {
  const files = await writeNewIntegration({ root, name: 'acme-thermometer', label: 'Acme thermometer' })
  expect(files).toContain('packages/integrations/src/acme-thermometer/index.ts')
  const lines = `
    import { readFileSync } from 'node:fs'
    import { Check } from 'typebox/value'
    import { integrations } from './packages/integrations/src/list.ts'
    import { startSimulators } from './packages/simulators/src/index.ts'
    const acme = integrations.find(({ name }) => name === 'acme-thermometer')
    const folder = 'packages/integrations/src/acme-thermometer/cases/two-sensors/'
    const read = (file) => JSON.parse(readFileSync(folder + file, 'utf8'))
    const simulators = await startSimulators({ vendors: ['acme'] })
    const [account] = simulators.started.get('acme').accounts
    const answer = await fetch(simulators.urls.acme + '/v1/sensors', {
      headers: { authorization: 'Bearer ' + account.credentials['api-key'] },
    })
    const status = await answer.json()
    const refused = await fetch(simulators.urls.acme + '/v1/sensors')
    await simulators.close()
    console.log(JSON.stringify({
      mapped: acme.samples(read('answer.json'), {}),
      expected: read('expected.json'),
      fits: Check(acme.status, status),
      samples: acme.samples(status, {}).length,
      refused: refused.status,
      account: account.integration,
    }))`
  const { mapped, expected, ...seen } = (await runLines(lines)) as Record<string, unknown>
  expect(mapped).toEqual(expected)
  expect(seen).toEqual({ fits: true, samples: 2, refused: 401, account: 'acme-thermometer' })
})

test('what it writes and enters is in the house form', async () => {
  await cp(join(here, 'biome.json'), join(root, 'biome.json'))
  const files = await writeNewIntegration({ root, name: 'borealis-air', label: 'Borealis air' })
  const biome = join(here, 'node_modules/@biomejs/biome/bin/biome')
  const asked = ['check', '--vcs-enabled=false', ...files.filter((file) => file.endsWith('.ts'))]
  await run(process.execPath, [biome, ...asked], { cwd: root })
})

test('a second integration of a vendor shares its simulator', async () => {
  const files = await writeNewIntegration({ root, name: 'acme-heater', group: 'heater' })
  expect(files.filter((file) => file.startsWith('packages/simulators'))).toEqual([])
  expect(await readFile(join(root, 'packages/integrations/src/acme-heater/index.ts'), 'utf8')).toContain(
    "label: 'Acme heater'",
  )
})

test.each([
  { name: 'met', problem: /is there already/ },
  { name: 'Acme', problem: /cannot be a name/ },
  { name: '../acme', problem: /cannot be a name/ },
  { name: '9lives', problem: /cannot be a name/ },
  { name: 'acme-two', group: 'weather', problem: /There is no group weather; there are airSensor/ },
  { name: 'acme-two', label: "it's", problem: /quotes/ },
])('$name is refused: $problem', async ({ problem, ...given }) => {
  await expect(writeNewIntegration({ root, ...given })).rejects.toThrow(problem)
})
