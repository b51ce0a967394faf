import { checkHouseFile } from '@nabolag/control'
import { heatLoss } from '@nabolag/control/thermal/index'
import { expect, test } from 'vitest'
import { describedHouse } from './described-house.ts'
import { dry, spotAround, start } from './house.testing.ts'
import { makeTwin } from './twin.ts'

const room = { name: 'Stue', area: 40, comfort: { temperature: 21, deviation: 1 } }
const described = (rooms: readonly object[], more: object = {}) =>
  describedHouse(checkHouseFile({ name: 'Hytta', latitude: 61, longitude: 10.4, rooms, ...more }))

test.each([
  { loss: 60, capacity: 3 },
  { loss: 400, capacity: 0.5 },
  { loss: 15, capacity: 12 },
])('loss $loss W/K and capacity $capacity kWh/K are what the room has', ({ loss, capacity }) => {
  const { setup, rooms } = described([{ ...room, loss, capacity, sun: 5, heatPump: { power: 1.5 } }])
  const model = rooms[1]!.model!
  expect(heatLoss(model)).toBeCloseTo(loss / 1000, 12)
  expect(model.Ci + model.Ce).toBeCloseTo(capacity, 12)
  expect(model.Aw + model.Ae).toBeCloseTo(5, 12)
  expect(Math.min(...[model.Hia, model.Hea, model.Hie])).toBeGreaterThan(0)
  expect(setup.rooms[0]!.model).toEqual(model)
})

test('the controls may believe something else than the truth', () => {
  const { setup, rooms } = described([{ ...room, loss: 60, capacity: 3, believed: { loss: 45 }, heaters: 2 }])
  const believed = setup.rooms[0]!.model!
  expect(heatLoss(believed)).toBeCloseTo(0.045, 12)
  expect(heatLoss(rooms[1]!.model!)).toBeCloseTo(0.06, 12)
  expect(believed.Ci).toBe(rooms[1]!.model!.Ci)
})

test('a pump gives what its power and COP say, a heater what it draws, and roofs look where the compass says', () => {
  const { setup, roofs } = described(
    [
      { ...room, heatPump: { power: 1.5, cop: 3, copPerKelvin: 0.1 } },
      { ...room, name: 'Bad', heaters: 0.8 },
    ],
    {
      panels: [90, 180, 270].map((faces) => ({ peak: 4, tilt: 30, faces })),
      ...{ battery: { capacity: 8, power: 3 }, ventilation: {} },
    },
  )
  expect(setup.rooms[0]!.heating!.pump).toMatchObject({ c0: 3, c1: 0.1, power: 1.5, capacity: expect.closeTo(5.55, 9) })
  expect(setup.loops.map(({ kind, actuator }) => [kind, actuator.capability])).toEqual([
    ['heating', 'thermostat'],
    ['heating', 'heater'],
    ['battery', 'battery'],
    ['ventilation', 'ventilation'],
  ])
  // The roofs of the simulated world count from north towards west.
  expect(roofs!.map(({ azimuth }) => azimuth)).toEqual([-90, -180, 90])
  expect(roofs![0]).toMatchObject({ peak: 4000, inverter: 4000 })
})

test('a described house keeps its wish, with the power that its loss asks for', () => {
  const given = described([{ ...room, loss: 100, capacity: 1, sun: 0, heaters: 6 }], {
    people: 0,
    outdoorThermometer: true,
  })
  const { setup, ...more } = given
  const twin = makeTwin({ setup, start, outside: () => dry, spot: spotAround(start, 3), ...more })
  twin.command(1, 'heater', 'setTargetTemperature', { temperature: 21 })
  twin.step(60 * 72)
  const { air, electric } = twin.truth().rooms[1]!
  const day = twin.step(60 * 24)
  // 100 W/K from the mean of the air down to -8 °C, less what lamps and cooking give.
  const mean = day.rooms[1]!
  expect(day.hvac! + 0.002 * 40).toBeLessThan(0.1 * (mean + 8))
  expect(day.hvac!).toBeGreaterThan(0.1 * (mean + 8) - 0.6)
  expect(air).toBeGreaterThan(19)
  expect(electric).toBeGreaterThanOrEqual(0)
  expect(twin.seen(start + 96 * 3_600_000).outdoor.length).toBeGreaterThan(10)
})
