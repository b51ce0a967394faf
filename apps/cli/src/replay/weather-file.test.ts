import { expect, test } from 'vitest'
import { parseSeries } from './series-file.ts'
import { weatherIn } from './weather-file.ts'

const weatherOf = (header: string, ...rows: string[]) =>
  weatherIn(
    parseSeries('own.csv', [header, ...rows.map((row, n) => `2026-01-01T0${n}:00Z,${row}`)].join('\n'), undefined),
  )

test('the temperature is found, with sun, humidity and clouds where they are; the rest is left', () => {
  const { points, columns } = weatherOf(
    'time_utc,outdoor_temperature_c,indoor_temperature_c,global_radiation_w_m2,cloud_cover_pct,wind',
    ...['-4.5,21,-2,100,3', '-5,21,,90,3', ',21,30,,3', '-6,21,40,80,3'],
  )
  expect(columns).toEqual({
    temperature: 'outdoor_temperature_c',
    irradiance: 'global_radiation_w_m2',
    cloud: 'cloud_cover_pct',
  })
  const at = (hour: number) => Date.parse('2026-01-01T00:00Z') + hour * 3_600_000
  expect(points).toEqual([
    { at: at(0), temperature: -4.5, irradiance: 0, cloud: 100 },
    { at: at(1), temperature: -5, cloud: 90 },
    { at: at(3), temperature: -6, irradiance: 40, cloud: 80 },
  ])
})

test.each([
  { name: 'no temperature', header: 'time,wind', rows: ['3', '4'], says: /no column of the outdoor temperature.*wind/ },
  {
    name: 'two',
    header: 'time,temperature_a,temperature_b',
    rows: ['1,2'],
    says: /several columns of the temperature/,
  },
  { name: 'kelvin', header: 'time,temperature', rows: ['268', '269'], says: /is 268 at 2026-01-01.*°C, -60 to 50/ },
  { name: 'fahrenheit', header: 'time,temperature_f', rows: ['20', '21'], says: /temperature_f must be in °C/ },
  {
    name: 'kW/m²',
    header: 'time,temperature,irradiance',
    rows: ['1,0.2', '2,0.6'],
    says: /at most 0.6: it must be in W/,
  },
  {
    name: 'a share of the sky',
    header: 'time,temperature,cloud',
    rows: ['1,0.2', '2,1'],
    says: /at most 1: it must be in %/,
  },
  { name: 'one row', header: 'time,temperature', rows: ['1'], says: /fewer than two/ },
])('what does not fit is refused: $name', ({ header, rows, says }) => {
  expect(() => weatherOf(header, ...rows)).toThrow(says)
})
