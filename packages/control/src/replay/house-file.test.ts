import { expect, test } from 'vitest'
import { checkHouseFile } from './house-file.ts'

const room = { name: 'Stue', area: 40, comfort: { temperature: 21, deviation: 1 }, heatPump: { power: 1.5 } }
const house = { name: 'Hytta', latitude: 61, longitude: 10.4, rooms: [room] }
const withRoom = (more: object) => ({ ...house, rooms: [{ ...room, ...more }] })

test('one wish for the day and one for the night is a wish for each hour', () => {
  const night = { from: 22, to: 6, temperature: 18, deviation: 2 }
  const { comfort } = checkHouseFile(withRoom({ comfort: { ...room.comfort, night } })).rooms[0]!
  const hours = (temperature: number) =>
    comfort.weekday.flatMap((one, n) => (one.temperature === temperature ? [n] : []))
  expect(hours(18)).toEqual([0, 1, 2, 3, 4, 5, 22, 23])
  expect(hours(21)).toHaveLength(16)
  expect(comfort).toMatchObject({ weekend: comfort.weekday, exceptions: [] })
  const nap = { ...night, from: 12, to: 14 }
  const even = checkHouseFile(withRoom({ comfort: { ...room.comfort, night: nap } })).rooms[0]!.comfort
  expect(even.weekday.map(({ temperature }) => temperature).indexOf(18)).toBe(12)
})

test('hours may be told one by one, as the settings endpoint has them', () => {
  const day = Array.from({ length: 24 }, (_, n) => ({ temperature: 15 + (n % 5), deviation: 1 }))
  const { comfort } = checkHouseFile(withRoom({ comfort: { weekday: day, weekend: day } })).rooms[0]!
  expect(comfort).toEqual({ weekday: day, weekend: day, exceptions: [] })
})

test.each([
  { name: 'a list', given: [], says: /^The house must be object/ },
  { name: 'no place', given: { name: 'A', rooms: [room] }, says: /^The house: latitude, longitude is missing/ },
  { name: 'a word nobody knows', given: { ...house, colour: 1 }, says: /^The house: colour is not known here/ },
  { name: 'no rooms', given: { ...house, rooms: [] }, says: /^rooms must not have fewer than 1 items/ },
  { name: 'watts', given: withRoom({ heatPump: { power: 1500 } }), says: /^rooms.0.heatPump.power must be <= 50/ },
  { name: 'kW/K', given: withRoom({ loss: 2.1, area: 140 }), says: /^rooms.0.loss is 2.1 W\/K for 140 m².*0.015 W\/K/ },
  { name: 'Wh/K', given: withRoom({ capacity: 2100 }), says: /^rooms.0.capacity is 2100 kWh\/K for 40 m²/ },
  {
    name: 'a belief in kJ',
    given: withRoom({ believed: { capacity: 900 } }),
    says: /^rooms.0.believed.capacity is 900/,
  },
  {
    name: 'nothing that heats',
    given: withRoom({ heatPump: undefined }),
    says: /^rooms.0 \(Stue\) has nothing that heats/,
  },
  { name: 'two rooms of a name', given: { ...house, rooms: [room, room] }, says: /^rooms.1.name: there are two rooms/ },
  { name: 'no comfort', given: withRoom({ comfort: undefined }), says: /^rooms.0: comfort is missing/ },
  {
    name: 'half a comfort',
    given: withRoom({ comfort: { temperature: 21 } }),
    says: /^rooms.0.comfort: deviation is missing/,
  },
  {
    name: 'a short day',
    given: withRoom({ comfort: { weekday: [], weekend: [] } }),
    says: /^rooms.0.comfort.weekday must/,
  },
  { name: 'no such zone', given: { ...house, timezone: 'Oslo' }, says: /^timezone Oslo is not known/ },
  { name: 'prices that do not fit', given: { ...house, prices: { area: 3 } }, says: /^area must/ },
  {
    name: 'a model and a loss',
    given: withRoom({ loss: 40, model: { Ci: 1, Ce: 3, Hie: 0.5, Hia: 0.02, Hea: 0.05, Aw: 0, Ae: 0 } }),
    says: /has a model: leave out loss/,
  },
])('what does not fit is named: $name', ({ given, says }) => {
  expect(() => checkHouseFile(JSON.parse(JSON.stringify(given)))).toThrow(says)
})
