import fc from 'fast-check'
import { Type } from 'typebox'
import { expect, test } from 'vitest'
import {
  defineControl,
  type HeatingView,
  type PiMemory,
  priceResponsivePi,
  publishedSettings,
  type Wanted,
} from '../controls/index.ts'
import { discretise } from '../thermal/index.ts'
import { believed, type Limits, type Move, type Reading, roomLimits, roomRules, takeTurn } from './index.ts'

const minute = 60_000
const start = Date.parse('2024-03-30T20:00:00Z')
const limits: Limits = { ...roomLimits, movesPerDay: 6 }
const wish = { temperature: 21, lowest: 20, highest: 22, from: 'weekday' } as const
const rarely = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -127, 85, null)
const price = fc.oneof(
  { weight: 5, arbitrary: fc.double({ min: -1, max: 8, noNaN: true }) },
  { weight: 1, arbitrary: fc.double() },
)

/** One turn's luck: what the sensor, the clock, the prices and the unit do. */
const luck = fc.record({
  value: fc.oneof(
    { weight: 8, arbitrary: fc.double({ min: 3, max: 31, noNaN: true }) },
    { weight: 2, arbitrary: rarely },
  ),
  /** Most follow the room's own slow walk; the rest jump to `value`. */
  jumps: fc.oneof({ weight: 12, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  walk: fc.double({ min: -1.5, max: 1.5, noNaN: true }),
  sensor: fc.constantFrom('sends', 'sends', 'sends', 'sends', 'late', 'repeats', 'missing', 'future'),
  minutes: fc.oneof(
    { weight: 8, arbitrary: fc.constant(5) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 200 }) },
  ),
  held: fc.constantFrom('told', 'told', 'told', 'unknown', 'by-hand'),
  unit: fc.constantFrom('on' as const, 'off' as const, 'off-by-itself' as const, 'unknown' as const),
  prices: fc.array(price, { maxLength: 6 }),
  mode: fc.constantFrom(
    'control' as const,
    'control' as const,
    'control' as const,
    'advise' as const,
    'observe' as const,
  ),
  paused: fc.boolean(),
})

/** A control that answers anything at all, or fails. */
const wild = (answers: readonly number[]) => {
  let turn = 0
  return defineControl<HeatingView>()({
    name: 'wild',
    label: 'Anything at all',
    settings: Type.Object({}),
    decide() {
      const temperature = answers[turn++ % answers.length] as number
      if (temperature === 99) throw new Error('out of its mind')
      const set: Wanted = { temperature, on: temperature > 15, swing: 'wide' }
      return { set, because: 'So it is', saw: {}, bound: [], memory: undefined }
    },
  })
}

test.each([
  { name: 'the price-responsive PI', control: () => priceResponsivePi },
  { name: 'a control gone mad', control: (answers: readonly number[]) => wild(answers) },
])('whatever comes, the limits hold: $name', ({ control }) => {
  const counted = { turns: 0, command: 0, safety: 0, release: 0, none: 0 }
  fc.assert(
    fc.property(
      fc.array(luck, { minLength: 30, maxLength: 120 }),
      fc.array(fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(99, Number.NaN, Number.POSITIVE_INFINITY)), {
        minLength: 1,
        maxLength: 9,
      }),
      fc.double({ min: 4, max: 30, noNaN: true }),
      (script, answers, first) => {
        const one = control(answers) as typeof priceResponsivePi
        let now = start
        let temperature = first
        let readings: Reading[] = []
        let memory: PiMemory | undefined
        let held: Wanted = { temperature: 20, on: true }
        const history: Move[] = []
        for (const { sensor, jumps, walk, value, minutes, ...turn } of script) {
          now += minutes * minute
          temperature = Math.min(35, Math.max(2, temperature + walk + (first < 17 ? -0.3 : 0.1)))
          const measured = jumps ? value : temperature
          if (sensor === 'sends') readings.push({ at: now - minute, value: measured })
          if (sensor === 'late') readings.push({ at: now - 50 * minute, value: measured })
          if (sensor === 'repeats' && readings.length > 0) readings.push({ ...(readings.at(-1) as Reading) })
          if (sensor === 'future' && walk > 1.4) readings.push({ at: now + 60 * minute, value: measured })
          readings = readings.slice(-12)
          if (turn.held === 'by-hand') held = { temperature: 14, on: true }
          const known = turn.held === 'unknown' ? ('unknown' as const) : held
          const room = believed(readings, now, roomRules)
          const hours = turn.prices.map((spot, i) => ({
            from: now + (i - 1) * 3_600_000,
            to: now + i * 3_600_000,
            spot,
            grid: 0.3,
          }))
          const {
            verdict,
            receipt,
            move,
            memory: next,
          } = takeTurn(one, {
            view: {
              now,
              room,
              wish,
              unit: turn.unit,
              held: known === 'unknown' ? 'unknown' : { at: start, value: known.temperature as number },
              setpoints: { lowest: 10, highest: 26, step: 1 },
              prices: hours,
            },
            settings: publishedSettings,
            memory,
            guard: {
              now,
              mode: turn.mode,
              readings,
              held: known,
              ...(turn.paused ? { pausedUntil: now + 1 } : {}),
            },
            limits,
            history,
            place: 'Living room',
            zone: 'Europe/Oslo',
            price: turn.prices[0] ?? 'unknown',
          })
          counted.turns++
          counted[verdict.outcome]++
          memory = next
          expect(receipt.sentence.length).toBeGreaterThan(20)
          expect(() => JSON.stringify(receipt)).not.toThrow()
          if (verdict.outcome === 'none') {
            expect(move).toBeUndefined()
            // Near freezing, and believed: enough is done already, or a safety command went out just now.
            if (room !== 'unknown' && room.value < 8 && turn.mode === 'control') {
              const within = known === 'unknown' ? 60 : 10
              const justNow = history.some(
                ({ at, set }) => Number(set.temperature ?? 12) >= 12 && now - at < within * minute,
              )
              const enough = known !== 'unknown' && (known.temperature as number) >= 12 && known.on === true
              expect(justNow || enough).toBe(true)
            }
            continue
          }
          const command = verdict.command ?? {}
          expect(turn.mode).toBe('control')
          // Nothing but the two arguments with bounds, and within them.
          expect(Object.keys(command).every((name) => name === 'temperature' || name === 'on')).toBe(true)
          if (command.temperature !== undefined) {
            expect(Number.isInteger(command.temperature)).toBe(true)
            expect(command.temperature).toBeGreaterThanOrEqual(10)
            expect(command.temperature).toBeLessThanOrEqual(26)
          }
          const before = history.toSorted((a, b) => b.at - a.at)
          if (verdict.outcome === 'release') {
            expect(command).toEqual({ temperature: 20 })
            expect(before[0]?.kind).not.toBe('release')
          } else {
            // Never on what is not known.
            expect(room).not.toBe('unknown')
          }
          if (verdict.outcome === 'command') {
            expect(turn.paused).toBe(false)
            expect(before.every(({ at }) => now - at >= limits.minutesBetween * minute)).toBe(true)
            expect(before.filter(({ at }) => now - at < 24 * 3_600_000).length).toBeLessThan(limits.movesPerDay)
            if (room !== 'unknown' && room.value < 8 && command.temperature !== undefined)
              expect(command.temperature).toBeGreaterThanOrEqual(12)
          }
          if (verdict.outcome === 'safety')
            expect(before.every(({ at, kind }) => kind !== 'safety' || now - at >= 10 * minute)).toBe(true)
          if (move) history.push(move)
          held = { ...held, ...command }
        }
      },
    ),
    { numRuns: 150 },
  )
  console.info(`${control([1]).name}: ${JSON.stringify(counted)}`)
  // Each outcome has been seen, or the test has looked at nothing.
  expect(Math.min(counted.turns, counted.command, counted.safety, counted.release, counted.none)).toBeGreaterThan(10)
})

test('a house whose control wants it off never freezes while there is heat, with half of the commands lost', () => {
  const house = { Ci: 2.1, Ce: 6.3, Hie: 1, Hia: 0.045, Hea: 0.1173, Aw: 0, Ae: 0 }
  const step = discretise(house, 1 / 12)
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { minLength: 7, maxLength: 40 }),
      fc.integer({ min: -25, max: 5 }),
      (lost, outdoor) => {
        const cold = wild([10])
        let state = { air: 12, structure: 11 }
        let held: Wanted = { temperature: 10, on: false }
        const readings: Reading[] = []
        const history: Move[] = []
        let turnsOfSafety = 0
        for (let i = 0; i < 3 * 288; i++) {
          const now = start + i * 5 * minute
          readings.push({ at: now, value: state.air })
          const { move } = takeTurn(cold, {
            view: {} as HeatingView,
            settings: {},
            memory: undefined,
            guard: { now, mode: 'control', readings: readings.slice(-6), held, pausedUntil: now + 1 },
            limits: { ...limits, movesPerDay: 4 },
            history,
            place: 'Cabin',
            zone: 'Europe/Oslo',
            price: 9,
          })
          if (move) {
            history.push(move)
            if (move.kind === 'safety') turnsOfSafety++
            // At most six in a row are lost.
            if (!lost[history.length % lost.length] || history.length % 7 === 0) held = { ...held, ...move.set }
          }
          const heats = held.on === true
          const heat = heats ? 8 * Math.min(1, Math.max(0, (held.temperature as number) - state.air + 0.5)) : 0
          state = step(state, { outdoor, heat, gains: 0, sun: 0 })
          if (lost.every((one) => !one)) expect(state.air).toBeGreaterThan(8)
          else expect(state.air).toBeGreaterThan(4)
        }
        expect(turnsOfSafety).toBeGreaterThan(0)
      },
    ),
    { numRuns: 25 },
  )
})
