import { expect, test } from 'vitest'
import { columnOf, parseSeries } from './series-file.ts'

const oslo = 'Europe/Oslo'
const utc = (iso: string) => Date.parse(`${iso}Z`)
const timesOf = (text: string, zone?: string) => parseSeries('own.csv', text, zone).rows.map(({ at }) => at)

test.each([
  { name: 'UTC', text: 'time,x\n2026-01-31T13:00Z,1' },
  { name: 'an offset', text: 'time,x\n2026-01-31T14:00+01:00,1' },
  { name: 'a column that says UTC', text: 'time_utc,x\n2026-01-31 13:00,1' },
  { name: 'a zone that was named', text: 'time,x\n2026-01-31 14:00,1', zone: oslo },
  { name: 'a Norwegian date', text: 'Tid;x\n31.01.2026 14:00;1', zone: oslo },
  { name: 'seconds since 1970', text: 'time,x\n1769864400,1' },
  { name: 'one of two columns of times', text: 'local_time,time_utc,x\n2026-01-31T14:00+0100,2026-01-31T13:00Z,1' },
])('times are read with their zone: $name', ({ text, zone }) => {
  expect(timesOf(text, zone)).toEqual([utc('2026-01-31T13:00')])
})

test('the hour that clocks repeat is read twice, in either order; nothing is made of the hour they skip', () => {
  const autumn = ['01:00', '02:00', '02:00', '03:00'].map((time, n) => `2026-10-25 ${time},${n}`)
  const hours = [0, 1, 2, 3].map((n) => utc('2026-10-24T23:00') + n * 3_600_000)
  expect(timesOf(`time,x\n${autumn.join('\n')}`, oslo)).toEqual(hours)
  const backwards = parseSeries('own.csv', `time,x\n${autumn.toReversed().join('\n')}`, oslo)
  expect(columnOf(backwards, 'x')).toEqual(hours.map((at, value) => ({ at, value })))
  const quarters = ['02:00', '02:15', '02:30', '02:45'].map((time) => `2026-10-25 ${time},1`)
  expect(timesOf(`time,x\n${[...quarters, ...quarters].join('\n')}`, oslo)).toHaveLength(8)
  expect(() => timesOf('time,x\n2026-03-29 02:30,1', oslo)).toThrow(/line 2.*does not exist in Europe\/Oslo/)
})

test('rows are sorted and those that stand there twice count once, and both is told', () => {
  const file = parseSeries(
    'own.csv',
    '# mine\ntime;x\n2026-01-02T00:00Z;1,5\n2026-01-01T00:00Z;\n2026-01-02T00:00Z;1,5\n',
    undefined,
  )
  expect(columnOf(file, 'x')).toEqual([{ at: utc('2026-01-02T00:00'), value: 1.5 }])
  expect(file.notes).toEqual([expect.stringContaining('sorted'), expect.stringContaining('1 row stands there twice')])
})

test.each([
  {
    name: 'no zone',
    text: 'time,x\n2026-01-31 14:00,1',
    says: /line 2: the time 2026-01-31 14:00 has no zone.*--time-zone/,
  },
  { name: 'no times', text: 'a,b\n1,2', says: /no column has a name such as time/ },
  {
    name: 'no such time',
    text: 'time,x\n2026-02-30T00:00Z,1',
    says: /line 2: the time “2026-02-30T00:00Z” cannot be read/,
  },
  {
    name: 'two values of one time',
    text: 'time,x\n2026-01-01T00:00Z,1\n2026-01-01T01:00+01:00,2',
    says: /line 3.*line 2 already/,
  },
  { name: 'nothing', text: '\n\n', says: /nothing in it/ },
  { name: 'no rows', text: 'time,x\n', says: /no row/ },
])('what is not certain is refused with its line: $name', ({ text, says }) => {
  expect(() => timesOf(text)).toThrow(says)
})

test('a cell that is no number is refused, one that says nothing is not known', () => {
  const file = parseSeries('own.csv', 'time,x,y\n2026-01-01T00:00Z,NaN,1\n2026-01-01T01:00Z,-,one', undefined)
  expect(columnOf(file, 'x')).toEqual([])
  expect(() => columnOf(file, 'y')).toThrow(/line 3: y is not a number/)
})
