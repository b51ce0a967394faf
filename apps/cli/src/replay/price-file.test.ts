import { expect, test } from 'vitest'
import { type PriceFileAsked, pricesIn, unitIn } from './price-file.ts'
import { parseSeries } from './series-file.ts'

const start = Date.parse('2026-01-01T00:00Z')
const minutes = (count: number) => count * 60_000
/** A file with a price at each of these minutes. */
const fileOf = (header: string, at: readonly number[], price: (n: number) => number = () => 1) =>
  parseSeries(
    'own.csv',
    [header, ...at.map((minute, n) => `${new Date(start + minutes(minute)).toISOString()},${price(n)}`)].join('\n'),
    undefined,
  )
const every = (step: number, count: number) => Array.from({ length: count }, (_, n) => n * step)

test.each([
  { header: 'se3_eur_per_mwh', price: 80, rate: 11.5, gives: 0.92 },
  { header: 'NOK/kWh', price: 0.92, gives: 0.92 },
  { header: 'no1_nok_per_mwh', price: 920, gives: 0.92 },
  { header: 'Pris (øre/kWh)', price: 92, gives: 0.92 },
  { header: 'price', unit: 'ore/kWh', price: 92, gives: 0.92 },
  { header: 'kr/kWh', price: -0.05, gives: -0.05 },
  { header: 'öre/kWh', price: 90, rate: 1.02, gives: 0.918 },
])('a unit is read from the header or the option: $header', ({ header, price, gives, ...asked }) => {
  const { spot } = pricesIn(
    fileOf(`time,${header}`, every(60, 3), () => price),
    asked,
  )
  expect(spot).toEqual(
    every(60, 3).map((at) => ({
      ...{ start: start + minutes(at), end: start + minutes(at + 60) },
      price: expect.closeTo(gives, 9),
    })),
  )
})

test('words that are no unit are none', () => {
  for (const text of ['price', 'krill per kwh', 'EUR', 'kwh', 'nokk/kwh', 'eur/m3'])
    expect(unitIn(text)).toBeUndefined()
})

const nok = 'time,NOK/kWh'
test.each<{ name: string; header: string; at?: number[]; price?: number; asked?: PriceFileAsked; says: RegExp }>([
  { name: 'no unit', header: 'time,price', says: /price names no unit: say --price-unit/ },
  { name: 'no rate', header: 'time,eur_per_mwh', says: /in EUR: say how many NOK.*--rate/ },
  { name: 'a rate for kroner', header: nok, asked: { rate: 11 }, says: /in NOK already/ },
  { name: 'two units', header: nok, asked: { unit: 'øre/kWh' }, says: /says NOK\/kWh, and --price-unit says øre\/kWh/ },
  { name: 'an unknown unit', header: nok, asked: { unit: 'beads' }, says: /beads is no unit/ },
  { name: 'no such column', header: nok, asked: { column: 'x' }, says: /no column x; it has NOK\/kWh/ },
  { name: 'MWh taken for kWh', header: nok, price: 920, says: /up to 920 NOK\/kWh: the unit must be another/ },
  { name: 'kWh taken for MWh', header: 'time,nok_per_mwh', price: 0.92, says: /at most 0.00092 NOK\/kWh/ },
  { name: 'days', header: nok, at: every(1440, 4), says: /24 h apart/ },
  { name: 'crooked times', header: nok, at: [7, 67, 127], says: /whole quarters.*00:07/ },
  { name: 'one row', header: nok, at: [0], says: /fewer than two/ },
])('what does not fit is refused: $name', ({ header, at = every(60, 4), price = 1, asked, says }) => {
  expect(() =>
    pricesIn(
      fileOf(header, at, () => price),
      asked,
    ),
  ).toThrow(says)
})

test('of several columns one must be named', () => {
  const file = parseSeries(
    'own.csv',
    'time,se3_eur_per_mwh,se4_eur_per_mwh\n2026-01-01T00:00Z,1,2\n2026-01-01T01:00Z,50,60',
    undefined,
  )
  expect(() => pricesIn(file, { rate: 11 })).toThrow(/--price-column; there are se3_eur_per_mwh, se4_eur_per_mwh/)
  expect(pricesIn(file, { rate: 10, column: 'se4_eur_per_mwh' }).spot[1]).toMatchObject({ price: 0.6 })
})

test('a row that is missing leaves a gap, also where hours turn into quarters', () => {
  const lengths = (at: readonly number[]) =>
    pricesIn(fileOf(nok, at)).spot.map(({ start: from, end }) => (end - from) / minutes(1))
  expect(lengths([0, 60, 120, 240, 300, 360])).toEqual([60, 60, 60, 60, 60, 60])
  expect(lengths([0, 15, 30, 60, 75, 90, 105])).toEqual([15, 15, 15, 15, 15, 15, 15])
  expect(lengths([...every(60, 4), ...every(15, 5).map((at) => 240 + at)])).toEqual([
    60, 60, 60, 60, 15, 15, 15, 15, 15,
  ])
  expect(lengths([0, 15, 30, 45, 60, 120, 180, 240])).toEqual([15, 15, 15, 15, 60, 60, 60, 60])
})
