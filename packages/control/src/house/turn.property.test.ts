import { keepsBound } from '@nabolag/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isNumber, type Wanted } from '../controls/define-control.ts'
import { loadSolver, makePlanner } from '../mpc/index.ts'
import type { View } from '../mpc/view.ts'
import { judge, type Reading, roomRules } from '../safety/readings.ts'
import {
  corrupted,
  heldOf,
  hour,
  house,
  type Luck,
  luck,
  minute,
  nextReadings,
  planOf,
  spotOf,
  weatherOf,
} from './luck.testing.ts'
import { isPlanDue, planViewOf } from './plan-view.ts'
import { turnOfHouse } from './turn.ts'
import { type HouseMemory, type HouseSeen, type HouseSetup, type LoopSetup, type LoopTurn, noMemory } from './types.ts'

type Sent = { readonly at: number; readonly kind: string }
type Planning = (view: View) => ReturnType<typeof planOf>

/** What a loop acts on, and for how long it may. */
const freshOf = { heating: 30, ventilation: 45, battery: 15 } as const

/** A reading that somebody may act upon, as this test sees it. */
const isUsable = (readings: readonly Reading[], kind: LoopSetup['kind'], now: number) => {
  const newest = readings.toSorted((a, b) => a.at - b.at).at(-1)
  if (!newest || !isNumber(newest.value) || newest.at > now + 5 * minute) return false
  const isPossible =
    kind === 'heating'
      ? Math.abs(newest.value) < 46
      : kind === 'ventilation' || (newest.value >= 0 && newest.value <= 100)
  return isPossible && now - newest.at <= freshOf[kind] * minute
}

const counted = { houses: 0, turns: 0, command: 0, safety: 0, release: 0, none: 0, plans: 0, views: 0, corrupted: 0 }

/** Lives one house through what befalls it, and looks at everything that comes out. */
function live({ setup, start, first, prices }: House, script: readonly Luck[], planning: Planning | undefined) {
  let now = start
  let memory: HouseMemory = noMemory
  const values = [first, first + 1, 700, 50]
  const readings: Reading[][] = [[], [], [], []]
  const held = new Map<number, Wanted>()
  for (const { id, kind } of setup.loops) held.set(id, kind === 'heating' ? { temperature: 20, on: true } : {})
  const sent = new Map<number, Sent[]>(setup.loops.map(({ id }) => [id, []]))
  counted.houses++
  for (const one of script) {
    now += one.minutes * minute
    for (const [n, walk] of one.walk.entries()) {
      const size = [1, 1, 120, 8][n]!
      values[n] = Math.min(
        n === 2 ? 3000 : n === 3 ? 100 : 34,
        Math.max(n < 2 ? 2 : 0, values[n]! + (walk / 10) * size),
      )
      const given = { now, value: values[n]!, odd: one.odd }
      readings[n] = nextReadings(readings[n]!, one.sensors[n]!, given)
    }
    const words = setup.loops.flatMap(({ id }) => {
      const word = heldOf(one.held[id - 1]!, held.get(id)!, now)
      return word ? [[id, word] as const] : []
    })
    const seen: HouseSeen = {
      rooms: { 1: [readings[0]!, []], 2: [readings[1]!] },
      held: Object.fromEntries(words) as HouseSeen['held'],
      spot: spotOf(prices, start),
      weather: weatherOf(one.weather, now),
      outdoor: one.weather === 'odd' ? [{ at: now, value: one.odd }] : [],
      power: [{ at: now, value: one.weather === 'odd' ? one.odd : 900 }],
      use: [1, 2, 3].map((n) => ({
        start: now - n * hour,
        end: now - (n - 1) * hour,
        energy: n === 2 ? one.walk[0]! / 3 : 2,
      })),
      air: { ...(readings[2]!.at(-1) && { co2: readings[2]!.at(-1)! }) },
      ...(readings[3]!.at(-1) && { battery: { charge: readings[3]!.at(-1)!, load: { at: now, value: one.odd } } }),
    }
    if (one.memory === 'lost') memory = noMemory
    if (one.memory === 'corrupted') memory = corrupted(memory, one.where, one.instead) as HouseMemory
    // The limits count what is remembered.
    if (one.memory !== 'kept') for (const { id } of setup.loops) sent.set(id, [])
    if (one.memory === 'corrupted') counted.corrupted++
    const quiet = one.paused ? { pausedUntil: now + 1 } : {}
    const today: HouseSetup = { ...setup, loops: setup.loops.map((loop) => ({ ...loop, mode: one.mode, ...quiet })) }
    const due = isPlanDue(today, memory, now)
    const view = due || one.where[1]! < 3 ? planViewOf(today, seen, memory, now) : undefined
    if (view) counted.views++
    const plan = planning ? due && view && planning(view) : planOf(one.plan, now, one)
    if (plan) counted.plans++
    const turn = turnOfHouse({ setup: today, seen, memory, ...(plan && { plan }), now })
    counted.turns++

    expect(turn.loops.map(({ loop }) => loop)).toEqual(setup.loops.map(({ id }) => id))
    for (const [n, result] of turn.loops.entries()) {
      const loop = today.loops[n]!
      const its = n < 2 ? [readings[n]!] : loop.kind === 'battery' ? [readings[3]!.slice(-1)] : [readings[2]!.slice(-1)]
      looksRight(loop, result, now)
      counted[result.verdict.outcome]++
      if (result.verdict.outcome === 'none') continue
      expect(loop.mode).toBe('control')
      const all = sent.get(loop.id)!
      const fresh = its.some((list) => isUsable(list, loop.kind, now))
      if (result.verdict.outcome === 'release') {
        // Nothing that could be acted upon for the last hour and a half, or half an hour of a battery.
        const within = (loop.kind === 'battery' ? 30 : 90) * minute
        const upTo = (list: (typeof its)[number], at: number) => list.filter((one) => one.at <= at)
        // A thermometer that does nothing but jump is as good as none.
        const couldBeActedUpon = (list: (typeof its)[number]) =>
          list.some(
            ({ at }) =>
              at <= now &&
              now - at < within &&
              (loop.kind === 'heating'
                ? judge(upTo(list, at), at, roomRules).usable
                : isUsable(upTo(list, at), loop.kind, at)),
          )
        expect(its.some(couldBeActedUpon)).toBe(false)
        expect(all.findLast(({ at }) => at === Math.max(...all.map((move) => move.at)))?.kind).not.toBe('release')
      } else expect(fresh, `${loop.kind} on stale data`).toBe(true)
      if (result.verdict.outcome === 'safety')
        expect(all.every(({ at, kind }) => kind !== 'safety' || now < at || now - at >= 10 * minute)).toBe(true)
      if (result.verdict.outcome === 'command') {
        expect(one.paused).toBe(false)
        const usual = { heating: [10, 36], ventilation: [15, 36], battery: [4, 288] }[loop.kind]
        const between = loop.limits.minutesBetween ?? usual[0]!
        const recent = all.filter(({ at }) => Math.abs(now - at) < 24 * hour)
        expect(recent.every(({ at }) => now - at >= between * minute)).toBe(true)
        expect(recent.length).toBeLessThan(loop.limits.movesPerDay ?? usual[1]!)
      }
      all.push({ at: now, kind: result.verdict.outcome })
      held.set(loop.id, { ...held.get(loop.id), ...result.verdict.command })
    }

    const kept = JSON.stringify(turn.memory)
    expect(kept.length).toBeLessThan(200_000)
    expect(oddIn(turn.memory)).toEqual([])
    memory = JSON.parse(kept)
    for (const { sentence } of memory.notices) expect(sentence).toMatch(/^\S.{20,}/)
  }
}
type House = typeof house extends fc.Arbitrary<infer T> ? T : never

/** Where JSON would say something else: numbers that are none. */
const oddIn = (value: unknown, at = ''): string[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, one]) => oddIn(one, `${at}.${name}`))
    : typeof value === 'number' && !Number.isFinite(value)
      ? [`${at} is ${value}`]
      : []

/** Every loop leaves a sentence, and each command keeps the bounds of its actuator, its owner and its verb. */
function looksRight(loop: LoopSetup, { receipt, commands, verdict }: LoopTurn, now: number) {
  expect(receipt.sentence).toMatch(/^\d\d:\d\d, .{20,600}\.$/)
  expect(receipt.sentence).not.toMatch(/NaN|undefined|null|Infinity|\[object|Error|e\+\d/)
  expect(receipt.at).toBe(new Date(now).toISOString())
  expect(oddIn(receipt), receipt.sentence).toEqual([])
  const outcome = commands.filter(({ verb }) => verb !== 'setFallback')
  if (verdict.outcome === 'none') expect(outcome).toEqual([])
  else expect(outcome.length).toBeGreaterThan(0)
  const { lowest = 5, highest = 26 } = loop.limits
  const { verbs } = loop.actuator
  for (const { verb, arguments: given, loop: id } of commands) {
    expect(id).toBe(loop.id)
    expect(given.location ?? '').toBe(loop.actuator.location)
    if (verbs) expect(Object.keys(verbs)).toContain(verb)
    const schedule = (given.schedule ?? []) as { temperature: number }[]
    for (const temperature of verb === 'setTargetTemperature'
      ? [given.temperature]
      : schedule.map((s) => s.temperature)) {
      const own = verbs?.setTargetTemperature?.temperature ?? { minimum: 5, maximum: 26, step: 1 }
      expect(keepsBound(temperature, own), `${temperature}`).toBe(true)
      expect(temperature).toBeGreaterThanOrEqual(lowest)
      expect(temperature).toBeLessThanOrEqual(Math.max(highest, own.minimum ?? 0))
    }
    if (verb === 'setOn') expect(typeof given.on).toBe('boolean')
    if (verb === 'setMode') expect(given.mode).toBe('heat')
    if (verb === 'setFanLevel') expect(['auto', 'low', 'normal', 'high']).toContain(given.fanLevel)
    if (loop.kind === 'battery')
      expect(keepsBound(given.power, { minimum: verb === 'setGridSetpoint' ? -20_000 : 0, maximum: 20_000 })).toBe(true)
  }
}

test('whatever befalls a house, its limits hold, its memory stays small, and each loop says what it did', () => {
  fc.assert(
    fc.property(house, fc.array(luck, { minLength: 20, maxLength: 50 }), (one, script) => live(one, script, undefined)),
    { numRuns: 60 },
  )
  console.info(JSON.stringify(counted))
  // Each outcome has been seen, or the test has looked at nothing.
  expect(Math.min(...Object.values(counted))).toBeGreaterThan(3)
}, 120_000)

test('with the real planner, whatever it is shown, a plan comes out and the limits hold', async () => {
  const planner = makePlanner(await loadSolver())
  const statuses = { optimal: 0, kept: 0, thermostat: 0 }
  const planning: Planning = (view) => {
    const plan = planner.plan(view)
    statuses[plan.status]++
    return plan
  }
  const planned = house.map(({ setup, ...rest }) => ({
    ...rest,
    setup: {
      ...setup,
      loops: setup.loops.map((loop) => ({
        ...loop,
        ...(loop.kind === 'heating' && { controller: 'model-predictive' }),
      })),
    },
  }))
  fc.assert(
    fc.property(planned, fc.array(luck, { minLength: 15, maxLength: 30 }), (one, script) =>
      live(one, script, planning),
    ),
    { numRuns: 5 },
  )
  planner.close()
  console.info(JSON.stringify(statuses))
  expect(Object.keys(statuses)).toHaveLength(3)
  expect(statuses.optimal).toBeGreaterThan(3)
}, 120_000)
