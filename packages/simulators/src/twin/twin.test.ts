import { localTimeOf } from '@nabolag/core'
import { describe, expect, test } from 'vitest'
import { dry, hour, minute, model, setupOf, spotAround, start, twinOf } from './house.testing.ts'
import { worldWeather } from './surroundings.ts'

/** Nothing is lost, nothing is late. */
const prompt = { lost: 0, commandMinutes: 0, showMinutes: 0 }
const set = (temperature: number) => ['thermostat', 'setTargetTemperature', { temperature }] as const

describe('the heat pump', () => {
  test('holds about what it is set to, and its heat is its electricity times its COP', () => {
    const twin = twinOf({ room: { manners: prompt }, setup: setupOf(), people: 0 })
    twin.step(4 * 24 * 60)
    let heat = 0
    let electric = 0
    for (let n = 0; n < 24 * 60; n++) {
      twin.step(1)
      heat += twin.truth().rooms[1]!.heat
      electric += twin.truth().rooms[1]!.electric
    }
    const { air } = twin.truth().rooms[1]!
    expect(Math.abs(air - 21)).toBeLessThan(1.1)
    expect(heat / electric).toBeCloseTo(3.4 - 8 * 0.075, 1)
    // What goes in goes out: 150 W/K less what people's things give.
    expect(heat / 1440).toBeLessThan(0.15 * (air + 8))
    expect(heat / 1440).toBeGreaterThan(0.15 * (air + 8) - 0.6)
  })

  test('obeys after a while, warms up slowly, and shows it later still', () => {
    const twin = twinOf({ room: { manners: { lost: 0, commandMinutes: 2, showMinutes: 5, lagMinutes: 10 } } })
    twin.step(120)
    const before = twin.truth().rooms[1]!
    twin.command(1, ...set(26))
    const seen: { shown: number; set: number; heat: number; electric: number }[] = []
    for (let n = 0; n < 30; n++) {
      const { loops } = twin.step(1)
      const { heat, electric } = twin.truth().rooms[1]!
      const shown = twin.seen(start + (121 + n) * minute).held[1]!.set.temperature as number
      seen.push({ shown, set: loops[1]!.setpoint!, heat, electric })
    }
    const obeyed = seen.findIndex((one) => one.set === 26)
    const shown = seen.findIndex((one) => one.shown === 26)
    expect(obeyed).toBeGreaterThanOrEqual(0)
    expect(obeyed).toBeLessThanOrEqual(2)
    expect(shown).toBeGreaterThanOrEqual(obeyed)
    expect(shown).toBeLessThanOrEqual(obeyed + 5)
    const full = seen.at(-1)!.heat
    expect(seen[obeyed]!.electric).toBeGreaterThan(before.electric + 0.2)
    const after10 = seen[obeyed + 9]!.heat
    // A time constant of ten minutes: two thirds of the way, about.
    expect((after10 - before.heat) / (full - before.heat)).toBeGreaterThan(0.5)
    expect((after10 - before.heat) / (full - before.heat)).toBeLessThan(0.8)
    const held = twin.seen(start + 151 * minute).held[1]!
    expect(held.since).toBeGreaterThanOrEqual(start + 120 * minute)
  })

  test('takes whole degrees', () => {
    const twin = twinOf({ room: { manners: prompt } })
    twin.command(1, ...set(22.6))
    expect(twin.step(2).loops[1]!.setpoint).toBe(23)
  })

  test('loses about the share of the commands that it was told to lose', () => {
    const twin = twinOf({ room: { manners: { lost: 0.3 } } })
    const arrived = Array.from({ length: 1000 }, (_, n) => twin.command(1, ...set(18 + (n % 5)))).filter(Boolean)
    expect(arrived.length).toBeGreaterThan(640)
    expect(arrived.length).toBeLessThan(760)
  })

  test('never runs below its least power, and cycles where less is needed', () => {
    const mild = { ...dry, temperature: 14 }
    const twin = twinOf({ room: { manners: prompt }, outside: () => mild, people: 0 })
    const most = 8 / (3.4 + 14 * 0.075)
    let starts = 0
    let before = 0
    for (let n = 0; n < 2 * 24 * 60; n++) {
      twin.step(1)
      const { electric } = twin.truth().rooms[1]!
      expect(electric === 0 || electric >= 0.149 * most).toBe(true)
      if (before === 0 && electric > 0) starts++
      before = electric
    }
    expect(starts).toBeGreaterThan(3)
  })

  test.each([
    {
      name: 'stops now and then in humid air around zero',
      outside: { ...dry, temperature: 1, humidity: 95 },
      stops: true,
    },
    { name: 'does not in dry cold', outside: { ...dry, temperature: 1, humidity: 60 }, stops: false },
  ])('$name', ({ outside, stops }) => {
    const twin = twinOf({ room: { manners: prompt }, outside: () => outside })
    twin.command(1, ...set(28))
    twin.step(10)
    let stood = 0
    for (let n = 0; n < 300; n++) {
      twin.step(1)
      if (twin.truth().rooms[1]!.electric === 0) stood++
    }
    // Five hours: four minutes of each 54 or so.
    expect(stood).toBe(stops ? stood : 0)
    if (stops) expect(stood).toBeGreaterThanOrEqual(16)
    if (stops) expect(stood).toBeLessThanOrEqual(28)
  })

  test('has heaters beside it that help when the room is two kelvin too cold, whatever it is set to', () => {
    const power = (outdoor: number) => {
      const pump = { capacity: 3, fading: 0 }
      const outside = () => ({ ...dry, temperature: outdoor })
      const twin = twinOf({ room: { manners: prompt, resistance: 3, pump }, outside, people: 0 })
      twin.command(1, ...set(26))
      twin.step(4 * 24 * 60)
      return twin.truth().rooms[1]!
    }
    expect(power(4).electric).toBeLessThan(1)
    const cold = power(-15)
    expect(cold.electric).toBeGreaterThan(2)
    expect(cold.air).toBeGreaterThan(17.5)
  })

  test('a plain heater gives what it draws', () => {
    const setup = setupOf()
    const loop = { ...setup.loops[0]!, actuator: { ...setup.loops[0]!.actuator, capability: 'heater' as const } }
    const twin = twinOf({ setup: { ...setup, loops: [loop] }, room: { manners: prompt, resistance: 4 } })
    twin.command(1, 'heater', 'setTargetTemperature', { temperature: 28 })
    twin.step(90)
    const { heat, electric } = twin.truth().rooms[1]!
    expect(electric).toBeCloseTo(4, 1)
    expect(heat).toBeCloseTo(4, 1)
  })

  test('switched off it is cold, whatever its set-point', () => {
    const twin = twinOf({ room: { manners: prompt } })
    twin.command(1, 'thermostat', 'setOn', { on: false })
    twin.step(12 * 60)
    expect(twin.truth().rooms[1]!.air).toBeLessThan(18)
    expect(twin.seen(start + 12 * hour).held[1]!.set.on).toBe(false)
  })

  test('what it does not know it refuses', () => {
    const twin = twinOf()
    expect(twin.command(9, ...set(20))).toBe(false)
    expect(twin.command(1, 'thermostat', 'dance', {})).toBe(false)
    expect(twin.command(1, 'battery', 'setChargeLimit', { power: 5 })).toBe(false)
    expect(twin.command(1, 'thermostat', 'setTargetTemperature', { temperature: Number.NaN })).toBe(false)
  })
})

describe('what acts on the rooms', () => {
  const warmth = (given: Parameters<typeof twinOf>[0]) => {
    const twin = twinOf({ people: 0, ...given })
    twin.command(1, 'thermostat', 'setOn', { on: false })
    return (minutes: number) => {
      twin.step(minutes)
      return twin.truth().rooms[1]!.air
    }
  }
  test('sun warms', () => {
    const shade = warmth({})(180)
    expect(warmth({ outside: () => ({ ...dry, irradiance: 500 }) })(180)).toBeGreaterThan(shade + 0.5)
  })
  test('an open window cools for as long as it is open', () => {
    const open = { loss: 0.4, minutes: 30, perDay: 8 }
    const still = twinOf({})
    const draughty = twinOf({ room: { window: open } })
    let cooled = 0
    for (let n = 0; n < 24 * 12; n++) {
      still.step(5)
      draughty.step(5)
      if (draughty.truth().rooms[1]!.air < still.truth().rooms[1]!.air - 0.3) cooled++
    }
    expect(cooled).toBeGreaterThan(20)
  })
  test('a stove warms in the evening', () => {
    const hottest = (stove?: number) => {
      const twin = twinOf({ room: stove === undefined ? {} : { stove } })
      let most = 0
      for (let n = 0; n < 4 * 24; n++) {
        twin.step(60)
        most = Math.max(most, twin.truth().rooms[1]!.air)
      }
      return most
    }
    // The heat pump rests meanwhile, so it is less than the stove alone would do.
    expect(hottest(3)).toBeGreaterThan(hottest() + 0.4)
  })
})

describe('the same seed is the same house', () => {
  const run = (seed: number, steps: readonly number[]) => {
    const twin = twinOf({ seed, outside: worldWeather(3, { latitude: 63.4, longitude: 10.4 }) })
    for (const minutes of steps) twin.step(minutes)
    const { at } = twin.truth()
    return { truth: twin.truth(), seen: twin.seen(at) }
  }
  test('twice, and whether it is stepped by one minute or by the hour', () => {
    const once = run(5, [60, 60, 60])
    expect(run(5, [60, 60, 60])).toEqual(once)
    expect(
      run(
        5,
        Array.from({ length: 180 }, () => 1),
      ),
    ).toEqual(once)
  })
  test('another seed is another house', () => {
    expect(run(6, [180]).seen.rooms).not.toEqual(run(5, [180]).seen.rooms)
  })
})

test('what it remembers does not grow: after 70 days no more than after 35', () => {
  const twin = twinOf({ spot: spotAround(start, 80) })
  const sizes = [35, 35].map((days) => {
    for (let n = 0; n < days * 24; n++) {
      twin.step(60)
      if (n % 7 === 0) twin.seen(twin.truth().at)
    }
    const { rooms, power, use, spot } = twin.seen(twin.truth().at)
    return [rooms[1]![0]!.length, power.length, use.length, spot.length]
  })
  for (const [readings, power, use, spot] of sizes) {
    expect(readings).toBeLessThanOrEqual(37)
    expect(power).toBeLessThanOrEqual(91)
    expect(use).toBeLessThanOrEqual(32 * 24)
    expect(spot).toBeLessThanOrEqual(10 * 24)
  }
})

describe('ventilation and battery', () => {
  const loop = (id: number, kind: 'ventilation' | 'battery') => ({
    ...{ id, kind, mode: 'control' as const, controller: kind, settings: {}, limits: {} },
    actuator: { device: 'x', count: 1, location: '', capability: kind },
  })
  const setup = setupOf(1)
  test('carbon dioxide settles where what people breathe out is what the fans take away', () => {
    const twin = twinOf({
      setup: { ...setup, loops: [...setup.loops, loop(7, 'ventilation')] },
      // Saturday night: everybody is in.
      start: Date.parse('2026-01-10T20:00:00Z'),
      ventilation: { volume: 300, flows: { low: 40, normal: 90, high: 200 } },
      people: 4,
    })
    twin.command(7, 'ventilation', 'setFanLevel', { fanLevel: 'normal' })
    twin.step(11 * 60)
    // 420 + 4 · 0.018 · 1e6 / 90
    expect(twin.truth().co2).toBeCloseTo(420 + (4 * 0.018 * 1e6) / 90, -2)
    twin.command(7, 'ventilation', 'setFanLevel', { fanLevel: 'high' })
    const { hvac, co2 } = twin.step(60)
    expect(twin.truth().co2).toBeLessThan(1000)
    expect(co2).toBeGreaterThan(twin.truth().co2!)
    expect(hvac! - twin.truth().rooms[1]!.electric).toBeGreaterThan(-2)
    const seen = twin.seen(twin.truth().at)
    expect(seen.air!.co2!.value).toBeGreaterThan(400)
    expect(seen.held[7]!.set).toMatchObject({ fanLevel: 'high' })
    expect(localTimeOf(twin.truth().at, 'Europe/Oslo').weekday).toBe(0)
  })
  test('more fresh air costs heat', () => {
    const loss = (fanLevel: string) => {
      const twin = twinOf({ setup: { ...setup, loops: [...setup.loops, loop(7, 'ventilation')] } })
      twin.command(7, 'ventilation', 'setFanLevel', { fanLevel })
      twin.command(1, 'thermostat', 'setOn', { on: false })
      twin.step(600)
      return twin.truth().rooms[1]!.air
    }
    expect(loss('low')).toBeGreaterThan(loss('high') + 0.3)
  })
  test('the battery does as it is told, and never holds more than it can', () => {
    const twin = twinOf({
      setup: { ...setup, battery: { capacity: 10, power: 5 }, loops: [...setup.loops, loop(8, 'battery')] },
    })
    twin.command(8, 'battery', 'setGridSetpoint', { power: 9000 })
    const charging = twin.step(20)
    expect(twin.truth().grid).toBeCloseTo(twin.truth().load + twin.truth().rooms[1]!.electric + 5, 1)
    expect(charging.charge).toBeGreaterThan(60)
    twin.step(600)
    expect(twin.truth().charge).toBeLessThanOrEqual(100)
    twin.command(8, 'battery', 'setGridSetpoint', { power: 0 })
    const using = twin.step(30)
    expect(using.grid).toBeLessThan(0.2)
    const seen = twin.seen(twin.truth().at)
    expect(seen.battery!.charge.value).toBeGreaterThan(50)
    expect(seen.held[8]!.set).toMatchObject({ power: 0 })
    twin.step(24 * 60)
    expect(twin.truth().charge).toBeGreaterThanOrEqual(9.5)
  })
  test('a roof is seen, foretold and sold', () => {
    const roofs = [{ site: 'a', name: 'South', peak: 6000, inverter: 6000, tilt: 30, azimuth: 180 }]
    const noon = Date.parse('2026-06-21T10:00:00Z')
    const twin = twinOf({
      ...{
        start: noon,
        roofs,
        spot: spotAround(noon, 3),
        outside: () => ({ ...dry, temperature: 18, irradiance: 700 }),
      },
    })
    expect(twin.step(60).grid).toBeLessThan(-1)
    expect(twin.seen(noon + hour).weather.some(({ solarPower = 0 }) => solarPower > 2000)).toBe(true)
  })
})

test('the house it is made from is the one it is', () => {
  const cold = twinOf({ room: { model: { ...model, Hia: 0.3 } } })
  const usual = twinOf({})
  for (const twin of [cold, usual]) twin.command(1, 'thermostat', 'setOn', { on: false })
  cold.step(300)
  usual.step(300)
  expect(cold.truth().rooms[1]!.air).toBeLessThan(usual.truth().rooms[1]!.air - 1)
})
