/** `nabolag import` against the whole system, as a user starts it. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { program, type Stack, startStack, until } from '../stack.ts'

let stack: Stack
let folder: string
let house: number
const begin = Date.parse('2023-01-01T00:00:00Z')

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nabolag-import-'))
  stack = await startStack({ folder: join(folder, 'data'), timeout: 120_000 })
  house = ((await stack.ask('/api/houses/new', { method: 'POST', body: {} })).body as { id: number }).id
}, 180_000)
afterAll(async () => {
  await stack?.stop()
  rmSync(folder, { recursive: true, force: true })
}, 180_000)

const file = (name: string, content: string | Buffer) => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const valuesOf = async (group: string, field: string, device: string): Promise<(number | string | boolean)[]> => {
  const { body } = await stack.ask(`/api/houses/${house}/data`, {
    method: 'POST',
    body: { group, field, device, start: '2023-01-01', end: '2024-01-01', resolution: 'raw' },
  })
  const { series } = body as { series: { values: (number | string | boolean)[] }[] }
  return series.flatMap(({ values }) => values.filter((value) => value !== null))
}

test('line protocol, annotated CSV and plain CSV, two at once and packed; what is refused is kept beside the file', async () => {
  const lines = Array.from(
    { length: 100 },
    (_, at) => `airSensor,house_id=7,sensor_name=old eco2=${at}i ${begin + at}000000`,
  )
  const lp = file(
    'lines.lp.gz',
    gzipSync(
      `${lines.join('\n')}\nairSensor,house_id=8 eco2=1i ${begin}000000\nairSensor,house_id=7 humidity=140 ${begin}000000\nbad line\n`,
    ),
  )
  const annotated = file(
    'annotated.csv',
    [
      '#group,false,false,false,false,true,true',
      '#datatype,string,long,dateTime:RFC3339,double,string,string',
      '#default,_result,,,,,',
      ',result,table,_time,_value,_field,_measurement',
      ...Array.from(
        { length: 100 },
        (_, at) => `,,0,${new Date(begin + at).toISOString()},${at},power,powerConsumption`,
      ),
    ].join('\r\n'),
  )
  const both = await stack.run('import', String(house), lp, annotated, '--was-house', '7', '--device', 'from-influx')
  expect(both.errors.trim()).toBe('2 rows were refused')
  expect(both.code).toBe(3)
  expect(both.output.split('\n').map((line) => line.replace(/ in [\d.]+ s .*/, ''))).toEqual(
    [
      `${lp}: 103 rows, 100 points stored`,
      '  1 rows of other houses left out',
      `  2 rows refused; they are in ${lp}.rejected:`,
      '    1 × fields.humidity is 140, above 100 % (first in line 102)',
      '    1 × the fields are missing (first in line 103)'.replace('the fields are missing', 'a field has no value'),
      `${annotated}: 100 rows, 100 points stored`,
      '',
    ].map((line) => line.replace('a field has no value', 'the field line has no value')),
  )
  expect(readFileSync(`${lp}.rejected`, 'utf8')).toBe(
    `# line 102: fields.humidity is 140, above 100 %\nairSensor,house_id=7 humidity=140 ${begin}000000\n# line 103: the field line has no value\nbad line\n`,
  )
  expect(await valuesOf('airSensor', 'eco2', 'old')).toEqual(Array.from({ length: 100 }, (_, at) => at))
  expect(await valuesOf('powerConsumption', 'power', 'from-influx')).toHaveLength(100)

  const plain = file(
    'cellar.csv',
    'Tid;Temp;Rom\n01.05.2023 12:00;7,5;Kjeller\n01.05.2023 13:00;;Kjeller\n01.05.2023 14:00;kaldt;Kjeller\n',
  )
  const options = [
    '--group',
    'airSensor',
    '--device',
    'cellar',
    '--zone',
    'Europe/Oslo',
    '--map',
    'Temp=temperature',
    '--map',
    'Rom=location',
  ]
  const dry = await stack.run('import', String(house), plain, ...options, '--dry-run')
  expect([dry.code, existsSync(`${plain}.rejected`)]).toEqual([3, false])
  expect(dry.output).toContain('3 rows, 1 points would be stored')
  expect(await valuesOf('airSensor', 'temperature', 'cellar')).toEqual([])
  const real = await stack.run('import', String(house), plain, ...options)
  expect(real.output).toContain('1 × fields.temperature of airSensor is a number, got a text (first in line 4)')
  expect(readFileSync(`${plain}.rejected`, 'utf8')).toMatch(
    /^Tid;Temp;Rom\n# line 4: .*\n01.05.2023 14:00;kaldt;Kjeller\n$/,
  )
  expect(await valuesOf('airSensor', 'temperature', 'cellar')).toEqual([7.5])
})

test('what export wrote, import takes', async () => {
  const path = join(folder, 'own.csv')
  await stack.command('export', '--house', String(house), '--device', 'old', '--out', path)
  const other = ((await stack.ask('/api/houses/new', { method: 'POST', body: {} })).body as { id: number }).id
  expect(
    await stack.command(
      'import',
      String(other),
      path,
      '--group',
      'airSensor',
      '--map',
      'value=eco2',
      '--device',
      'old',
    ),
  ).toContain('100 rows, 100 points stored')
})

test('killed in the middle, the same command goes on, and nothing is double or missing', async () => {
  const rows = 400_000
  const content = Array.from({ length: rows }, (_, at) =>
    at % 1000 === 7 ? 'airSensor eco2=oops' : `airSensor,device_name=long eco2=${at}i ${begin + at * 10}000000`,
  ).join('\n')
  const path = file('long.lp', content)
  const child = spawn(process.execPath, [program, 'import', String(house), path], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NABOLAG_DATA: stack.folder },
    stdio: 'ignore',
  })
  const imports = join(stack.folder, 'imports')
  try {
    await until(
      'two batches are stored',
      async () => {
        const name = readdirSync(imports).find((one) => one.endsWith('.json'))
        return JSON.parse(readFileSync(join(imports, name ?? ''), 'utf8')).checkpoint.counts.samples > 40_000
      },
      60_000,
    )
  } finally {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }
  const again = await stack.run('import', String(house), path)
  expect(again.errors).toMatch(/goes on after \d+ rows/)
  expect(again.output).toContain('400,000 rows, 399,600 points stored')
  expect(again.output).toContain('400 rows refused')
  expect(
    readFileSync(`${path}.rejected`, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('# line')).length,
  ).toBe(400)
  const values = await valuesOf('airSensor', 'eco2', 'long')
  expect(values.length).toBe(399_600)
  expect(new Set(values).size).toBe(399_600)
  expect(readdirSync(imports)).toEqual([])
}, 180_000)

test('a house that is not there, a file that is not there, a zone that is none', async () => {
  const path = file('one.lp', `airSensor eco2=1i ${begin}000000\n`)
  const missing = await stack.run('import', '4711', path)
  expect([missing.code, missing.errors]).toEqual([1, expect.stringContaining('no such house')])
  expect((await stack.run('import', String(house), join(folder, 'none.csv'))).code).toBe(1)
  expect((await stack.run('import', String(house), path, '--zone', 'Mars/Olympus')).errors).toContain('time zone')
})
