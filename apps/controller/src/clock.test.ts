import { expect, test } from 'vitest'
import { makeClock } from './clock.ts'

const minute = 60_000

/** A machine whose clocks the test moves, and a database that keeps its own time. */
function machine(ahead = 0) {
  const start = 1_800_000_000_000
  const at = { steady: 0, wall: start + ahead, asked: 0, database: start }
  const lines: string[] = []
  const log = {
    error: (_: object, text: string) => lines.push(text),
    info: (_: object, text: string) => lines.push(text),
  }
  const clock = makeClock(
    async () => {
      at.asked++
      return at.database
    },
    log,
    { steady: () => at.steady, wall: () => at.wall },
  )
  const pass = (milliseconds: number) => {
    at.steady += milliseconds
    at.wall += milliseconds
    at.database += milliseconds
  }
  return { clock, at, lines, pass }
}

test('a clock that agrees is asked about twice a minute, and nothing is said', async () => {
  const { clock, at, lines, pass } = machine(90_000)
  for (let second = 0; second < 60; second++) {
    await clock.check()
    pass(1000)
  }
  expect(at.asked).toBe(2)
  expect(clock.isOff()).toBe(false)
  expect(clock.database()).toBe(at.database)
  expect(lines).toEqual([])
})

test('a clock that jumps is noticed at once, said once, and believed again when it is right', async () => {
  const { clock, at, lines, pass } = machine()
  await clock.check()
  pass(1000)
  at.wall += 5 * minute
  expect(clock.isOff()).toBe(true)
  for (let second = 0; second < 10; second++) {
    pass(1000)
    await clock.check()
  }
  expect(clock.database()).toBe(at.database)
  expect(lines).toEqual([expect.stringContaining('300 s ahead of the database')])
  at.wall -= 10 * minute
  pass(3000)
  await clock.check()
  expect(clock.ahead()).toBe(-5 * minute)
  at.wall += 5 * minute
  pass(31_000)
  await clock.check()
  expect(clock.isOff()).toBe(false)
  expect(lines).toHaveLength(2)
})

test('after a sleep, in which the monotonic clock stood still, the database is asked before anything is believed', async () => {
  const { clock, at, lines, pass } = machine()
  await clock.check()
  pass(5000)
  at.wall += 8 * 60 * minute
  at.database += 8 * 60 * minute
  await clock.check()
  expect(clock.isOff()).toBe(false)
  expect(lines).toEqual([])
})
