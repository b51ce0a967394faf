import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const command = fileURLToPath(new URL('../../bin/nabolag.js', import.meta.url))
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'replay-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const nabolag = (...given: string[]) =>
  new Promise<{ code: number; out: string; err: string }>((resolve) => {
    execFile(process.execPath, [command, 'control', 'replay', ...given], (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err }),
    )
  })
const span = ['--from', '2026-01-12', '--to', '2026-01-12T06:00', '--warm-up', '2', '--minutes', '15']

test('a made-up house can be tried without a server: a table, JSON and a page that needs nothing else', async () => {
  const plot = join(folder, 'day.html')
  const intensity = join(folder, 'grams.csv')
  writeFileSync(intensity, 'time,gCO2/kWh\n2026-01-01T00:00Z,28\n')
  const compare = ['--compare', 'schedule,price-responsive-pi:careful,model-predictive']
  const [table, json] = await Promise.all([
    nabolag('--simulated', ...span, ...compare, '--plot', plot),
    nabolag(
      '--simulated',
      '4',
      ...span,
      '--controller',
      'model-predictive',
      '--intensity',
      intensity,
      '--json',
      '--series',
    ),
  ])
  expect(table).toMatchObject({ code: 0 })
  expect(table.out).toMatch(/discomfort \(tdis_tot\) +K·h per room +\d+\.\d +\d+\.\d +\d+\.\d/)
  expect(table.out).toMatch(/saved at equal mean temperature .*%.*%/)
  const page = readFileSync(plot, 'utf8')
  expect(page.match(/<svg /g)).toHaveLength(15)
  expect(page).toContain('class="band"')
  expect(page).toContain('prefers-color-scheme: dark')
  expect(page).not.toMatch(/<script|https?:|src=|NaN|undefined/)
  const { house, runs } = JSON.parse(json.out)
  expect(house.name).toBe('House 4')
  expect(runs).toHaveLength(1)
  expect(runs[0].keyFigures).toMatchObject({ hours: expect.closeTo(6, 9), emis_tot: expect.any(Number) })
  expect(runs[0].steps).toHaveLength(24)
  expect(runs[0].steps[0]).toMatchObject({ price: expect.any(Number), charge: expect.any(Number) })
  expect(runs[0].plans.length).toBeGreaterThan(5)
  expect(runs[0].plans.every(({ status }: { status: string }) => status === 'optimal')).toBe(true)
})

test.each([
  { name: 'no house', given: span, says: '--house NUMBER, or --simulated' },
  {
    name: 'an end before the beginning',
    given: ['--simulated', '--from', '2026-02-01', '--to', '2026-01-01'],
    says: '--to must be after --from',
  },
  { name: 'an unknown control', given: ['--simulated', ...span, '--controller', 'magic'], says: 'there are schedule' },
  {
    name: 'settings of nobody',
    given: ['--simulated', ...span, '--settings', '{"offset": 1}'],
    says: 'with --controller',
  },
  {
    name: 'prices for what was logged',
    given: ['--house', '3', ...span, '--prices', 'own.csv'],
    says: 'add --twin, or try --simulated or --house-file',
  },
  { name: 'two houses', given: ['--simulated', '--house-file', 'own.json', ...span], says: '--house NUMBER, or' },
  { name: 'an unknown made-up house', given: ['--simulated', '9', ...span], says: 'there are 3, 4, 5' },
])('$name is a mistake that is told with what to do', async ({ given, says }) => {
  const { code, out, err } = await nabolag(...given)
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toContain(says)
})
