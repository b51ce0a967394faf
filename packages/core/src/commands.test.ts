import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkOwnBounds, describeActuators, keepsBound, narrowest, type OwnBounds } from './bounds.ts'
import { type Actuator, type Bound, capabilities } from './capabilities.ts'
import { checkCommand, recheckCommand } from './commands.ts'

const living: Actuator = {
  location: 'Stue',
  capability: 'thermostat',
  verbs: {
    setTargetTemperature: { temperature: { minimum: 16, maximum: 30, step: 0.5 } },
    setMode: { mode: { values: ['heat', 'cool'] } },
    setFanLevel: { fanLevel: { values: ['low', 'high'] } },
    setFallback: {},
  },
}
const bed: Actuator = { ...living, location: 'Soverom' }
const own: OwnBounds = { thermostat: { setTargetTemperature: { temperature: { maximum: 24 } } } }
const one = { actuators: [living], bounds: own }
const two = { actuators: [living, bed], bounds: {} }

const set = (args: unknown, verb: unknown = 'setTargetTemperature', capability: unknown = 'thermostat') => ({
  capability,
  verb,
  arguments: args,
})

test.each([
  { name: 'within all bounds', given: set({ temperature: 21.5 }), location: 'Stue' },
  { name: 'at the bound', given: set({ temperature: 24 }), location: 'Stue' },
  { name: 'another verb', given: set({ mode: 'cool' }, 'setMode'), location: 'Stue' },
  { name: 'named', given: set({ temperature: 30, location: 'Soverom' }), device: two, location: 'Soverom' },
  {
    name: 'nothing is known yet',
    given: set({ temperature: 22 }),
    device: { actuators: undefined, bounds: own },
    location: '',
  },
])('taken: $name', ({ given, device = one, location }) => {
  expect(checkCommand(given, device)).toMatchObject({ command: { location } })
})

const outside = 'out-of-bounds'
test.each([
  {
    name: 'above the owner’s bound',
    given: set({ temperature: 24.5 }),
    code: outside,
    says: '16 to 24 °C in steps of 0.5',
  },
  { name: 'below the device’s', given: set({ temperature: 15 }), code: outside, says: 'temperature is 15' },
  { name: 'above the capability’s', given: set({ temperature: 36 }), device: two, code: outside, says: '5 to 35' },
  { name: 'between two steps', given: set({ temperature: 21.3 }), code: outside, says: 'steps of 0.5' },
  {
    name: 'the owner’s bound, nothing else known',
    given: set({ temperature: 25 }),
    device: { actuators: undefined, bounds: own },
    code: outside,
  },
  {
    name: 'a word that the device does not have',
    given: set({ mode: 'dry' }, 'setMode'),
    code: outside,
    says: 'heat, cool',
  },
  { name: 'a word that nobody has', given: set({ mode: 'boil' }, 'setMode'), code: outside, says: 'fan, dry' },
  {
    name: 'in a schedule too',
    given: set({ timezone: 'Europe/Oslo', schedule: [{ at: '06:00', temperature: 25 }] }, 'setFallback'),
    code: outside,
    says: '24',
  },
  { name: 'NaN', given: set({ temperature: Number.NaN }), says: 'must be a number' },
  { name: 'Infinity', given: set({ temperature: Number.POSITIVE_INFINITY }), says: 'must be a number' },
  { name: 'a text', given: set({ temperature: '21' }), says: 'must be a number, not "21"' },
  { name: 'null', given: set({ temperature: null }), says: 'must be a number' },
  { name: 'no argument', given: set({}), says: 'needs the argument temperature' },
  { name: 'an unknown one', given: set({ temperature: 21, speed: 1 }), says: 'no argument "speed"' },
  { name: 'one of the prototype', given: set({ temperature: 21, constructor: 1 }), says: 'no argument' },
  { name: 'a list for arguments', given: set([21]), says: 'object of named values' },
  { name: 'no such verb', given: set({}, 'explode'), says: 'it has setTargetTemperature' },
  { name: 'no such capability', given: set({}, 'x', 'toString'), says: 'no capability "toString"' },
  { name: 'a verb it does not know', given: set({ on: true }, 'setOn'), says: 'does not know setOn' },
  { name: 'several, none named', given: set({ temperature: 20 }), device: two, says: 'Stue, Soverom' },
  { name: 'nobody of that name', given: set({ temperature: 20, location: 'Bad' }), device: two, says: 'Stue, Soverom' },
  { name: 'another capability', given: set({ power: 1 }, 'setGridSetpoint', 'battery'), says: 'it has thermostat' },
  {
    name: 'nothing to command',
    given: set({ temperature: 20 }),
    device: { actuators: [], bounds: {} },
    says: 'it has none',
  },
])('refused: $name', ({ given, device = one, code = 'bad-request', says = '' }) => {
  expect(checkCommand(given, device)).toMatchObject({ complaint: { code, message: expect.stringContaining(says) } })
})

test('what is out of bounds names the argument, its value and what is allowed', () => {
  expect(checkCommand(set({ temperature: 40 }), one)).toEqual({
    complaint: {
      code: 'out-of-bounds',
      message: 'temperature is 40 °C; allowed is 5 to 35 °C',
      argument: 'temperature',
      value: 40,
      allowed: '5 to 35 °C',
    },
  })
})

test('a kept command is checked again against what is known now', () => {
  const kept = { capability: 'thermostat', verb: 'setTargetTemperature', location: '', arguments: { temperature: 24 } }
  expect(recheckCommand(kept, one)).toMatchObject({ command: { location: 'Stue' } })
  expect(recheckCommand(kept, two)).toMatchObject({ complaint: { code: 'bad-request' } })
  expect(recheckCommand({ ...kept, location: 'Soverom' }, one)).toMatchObject({ complaint: { code: 'bad-request' } })
})

test.each([
  { given: { thermostat: { setTargetTemperature: { temperature: { maximum: 24 } } } }, fine: true },
  { given: { thermostat: { setFallback: { temperature: { minimum: 10, maximum: 20 } } } }, fine: true },
  { given: { thermostat: { setOn: { on: { values: [true] } } } }, fine: true },
  { given: {}, fine: true },
  { given: null, fine: false },
  { given: { kettle: {} }, fine: false },
  { given: { thermostat: { boil: {} } }, fine: false },
  { given: { thermostat: { setTargetTemperature: { location: { values: ['a'] } } } }, fine: false },
  { given: { thermostat: { setTargetTemperature: { temperature: {} } } }, fine: false },
  { given: { thermostat: { setTargetTemperature: { temperature: { max: 24 } } } }, fine: false },
  { given: { thermostat: { setTargetTemperature: { temperature: { maximum: '24' } } } }, fine: false },
  { given: { thermostat: { setTargetTemperature: { temperature: { maximum: Number.NaN } } } }, fine: false },
  { given: { thermostat: { setTargetTemperature: { temperature: { minimum: 25, maximum: 24 } } } }, fine: false },
  { given: { thermostat: { setTargetTemperature: { temperature: { step: 0 } } } }, fine: false },
  { given: { thermostat: { setMode: { mode: { minimum: 1 } } } }, fine: false },
  { given: { thermostat: { setMode: { mode: { values: [] } } } }, fine: false },
])('an owner’s bounds: $given', ({ given, fine }) => {
  expect('bounds' in checkOwnBounds(given)).toBe(fine)
})

test('several bounds together leave what all of them allow', () => {
  expect(
    narrowest([
      { minimum: 16, maximum: 30, step: 1 },
      { minimum: 18.3, maximum: 24 },
    ]),
  ).toEqual({
    minimum: 19,
    maximum: 24,
    step: 1,
  })
  expect(narrowest([{ values: ['low', 'high'] }, { values: ['high', 'auto'] }])).toEqual({ values: ['high'] })
  const [shown] = describeActuators(one)
  expect(shown?.verbs.setTargetTemperature).toEqual({ temperature: { minimum: 16, maximum: 24, step: 0.5 } })
  expect(shown?.verbs.setFallback?.temperature).toMatchObject({ minimum: 16, maximum: 24 })
})

const bound = fc.record(
  {
    minimum: fc.integer({ min: 0, max: 20 }),
    maximum: fc.integer({ min: 15, max: 40 }),
    step: fc.constantFrom(0.5, 1),
  },
  { requiredKeys: [] },
)

test('whatever is asked for, nothing outside of any bound is taken', () => {
  let taken = 0
  const value = fc.oneof(
    fc.integer({ min: 0, max: 40 }),
    fc.double(),
    fc.integer({ min: 0, max: 80 }).map((half) => half / 2),
    fc.string(),
    fc.constantFrom(null, true, {}, [21]),
  )
  fc.assert(
    fc.property(value, bound, bound, fc.boolean(), (temperature, vendors, owners, inSchedule) => {
      const device = {
        actuators: [{ ...living, verbs: { setTargetTemperature: { temperature: vendors }, setFallback: {} } }],
        bounds: { thermostat: { setTargetTemperature: { temperature: owners } } },
      }
      const given = inSchedule
        ? set(
            {
              timezone: 'UTC',
              schedule: [
                { at: '00:00', temperature: 20 },
                { at: '06:00', temperature },
              ],
            },
            'setFallback',
          )
        : set({ temperature })
      const checked = checkCommand(given, device)
      if (!('command' in checked)) return
      taken++
      expect(typeof temperature).toBe('number')
      const { minimum, maximum } = capabilities.thermostat.verbs.setTargetTemperature.arguments.properties
        .temperature as Bound
      const all: Bound[] = [vendors, owners, { minimum, maximum }]
      for (const one of all) expect(keepsBound(temperature, one)).toBe(true)
      expect(temperature as number).toBeGreaterThanOrEqual(5)
      expect(temperature as number).toBeLessThanOrEqual(Math.min(35, owners.maximum ?? 35, vendors.maximum ?? 35))
    }),
    { numRuns: 5000 },
  )
  expect(taken).toBeGreaterThan(100)
})

test('no input makes the check throw', () => {
  fc.assert(
    fc.property(fc.anything(), fc.anything(), fc.anything(), (capability, verb, args) => {
      expect(checkCommand({ capability, verb, arguments: args }, two)).toHaveProperty('complaint')
    }),
    { numRuns: 3000 },
  )
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.anything()), (args) => void checkCommand(set(args), two)))
  fc.assert(fc.property(fc.anything(), (given) => void checkOwnBounds(given)))
})
