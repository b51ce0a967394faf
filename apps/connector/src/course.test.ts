import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  afterFailure,
  afterSilence,
  afterSuccess,
  backOff,
  type Course,
  leastWait,
  longestWait,
  newCourse,
  nextPoll,
  type Pace,
  refusedWait,
  shutOutWait,
} from './course.ts'

const pace: Pace = {
  polled: true,
  anonymous: false,
  every: 60_000,
  staleAfter: 180_000,
  pause: 300_000,
  reconnect: undefined,
  least: 0,
  tempo: 1,
}
const chance = fc.double({ min: 0, max: 1, noNaN: true })
const now = Date.UTC(2023, 4, 8)

test('the wait doubles from about a second and never exceeds five minutes', () => {
  expect([1, 2, 3, 4].map((failures) => backOff(failures, 1000, 1))).toEqual([1000, 2000, 4000, 8000])
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), chance, (failures, luck) => {
      const wait = backOff(failures, 1000, luck)
      expect(wait).toBeGreaterThanOrEqual(100)
      expect(wait).toBeLessThanOrEqual(longestWait)
    }),
  )
})

test('no failure of any kind is waited for longer than is asked for, five minutes, or the pause', () => {
  const kinds = fc.constantFrom('unreachable', 'changed', 'throttled', 'refused', 'rejected')
  fc.assert(
    fc.property(kinds, fc.integer({ min: 1, max: 60 }), chance, (kind, times, luck) => {
      let course = newCourse(now, now)
      for (let i = 0; i < times; i++) course = afterFailure(course, { kind, message: 'x' }, pace, now, luck)
      const wait = course.nextTryAt - now
      expect(wait).toBeGreaterThan(0)
      if (kind === 'refused') expect(wait).toBeGreaterThanOrEqual(refusedWait)
      else expect(wait).toBeLessThanOrEqual(kind === 'throttled' ? 8 * 1.2 * pace.pause : longestWait)
    }),
  )
})

test('an outage does not use up the few calls that an account may make in an hour', () => {
  const limit = { count: 30, per: 3_600_000 }
  const sparing = { ...pace, least: leastWait(limit) }
  fc.assert(
    fc.property(chance, (luck) => {
      let [course, tries, at] = [newCourse(now, now), 0, now]
      for (; at < now + limit.per; at = course.nextTryAt, tries++) {
        course = afterFailure(course, { kind: 'unreachable', message: 'x' }, sparing, at, luck)
        expect(course.nextTryAt - at).toBeLessThanOrEqual(longestWait)
      }
      expect(2 * tries).toBeLessThanOrEqual(limit.count)
    }),
  )
  expect([leastWait(undefined), leastWait({ count: 10, per: 86_400_000 })]).toEqual([0, longestWait / 1.2])
  expect(leastWait({ count: 8, per: 10_000 })).toBe(2500)
})

test('where nobody signs in, refused is tried again after hours, and nobody is asked for credentials', () => {
  const anonymous = { ...pace, anonymous: true }
  const course = afterFailure(newCourse(now, now), { kind: 'refused', message: 'It answered 403' }, anonymous, now, 0.5)
  expect(course.nextTryAt - now).toBeGreaterThanOrEqual(shutOutWait)
  expect(course.nextTryAt - now).toBeLessThan(1.1 * shutOutWait)
  expect(course.reason).toMatch(/^It answered 403; the vendor does not let this server in/)
  expect(course.reason).not.toMatch(/credentials/)
})

test('an account that never held a measurement says so, also when it has become stale', () => {
  const early = afterSuccess(newCourse(now, now), undefined, pace, now + 1000, now)
  expect([early.state, early.reason]).toEqual(['starting', expect.stringMatching(/set up in this account/)])
  const late = afterSuccess(early, undefined, pace, now + 2 * pace.staleAfter, now)
  expect([late.state, late.reason]).toEqual([
    'stale',
    expect.stringMatching(/no measurement for .*set up in this account/),
  ])
})

test('a time that the vendor names is kept', () => {
  const until = now + 900_000
  const course = afterFailure(newCourse(now, now), { kind: 'throttled', message: 'x', until }, pace, now, 0.5)
  expect(course.state).toBe('throttled')
  expect(course.nextTryAt).toBeGreaterThanOrEqual(until)
  expect(course.nextTryAt).toBeLessThan(until + 10_000)
})

test('a stream is never opened again sooner than its vendor wants', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), chance, (times, luck) => {
      const stream = { ...pace, polled: false, reconnect: [5000, 60_000] as const }
      let course = newCourse(now, now)
      for (let i = 0; i < times; i++) course = afterSilence(course, stream, now, luck)
      expect(course.state).toBe('stale')
      expect(course.nextTryAt - now).toBeGreaterThanOrEqual(5000)
      expect(course.nextTryAt - now).toBeLessThanOrEqual(longestWait)
    }),
  )
})

const failedThrice = (): Course => {
  let course = newCourse(now, now)
  for (let i = 0; i < 3; i++) course = afterFailure(course, { kind: 'unreachable', message: 'x' }, pace, now, 1)
  return course
}

test('ten good polls wipe out what failed before; nine do not', () => {
  let course = failedThrice()
  const good = () => {
    course = afterSuccess(course, now + course.goodCount, pace, now, now)
  }
  for (let i = 0; i < 9; i++) good()
  expect(course.failures).toBe(3)
  good()
  expect(course.failures).toBe(0)
})

test('a sample whose time lay ahead does not make those after it old', () => {
  const hour = 3_600_000
  let course = afterSuccess(newCourse(now, now), now + 2 * hour, pace, now, now)
  for (let past = pace.every; past < hour; past += pace.every) {
    course = afterSuccess(course, now + past, pace, now + past, now)
    expect(course.state).toBe('running')
  }
  // As with prices: the same ones, for hours yet to come, are nothing new.
  course = afterSuccess(course, now + 9 * hour, pace, now + hour, now)
  const { movedAt } = course
  course = afterSuccess(course, now + 9 * hour, pace, now + 2 * hour, now)
  expect(course.movedAt).toBe(movedAt)
})

test('after the clock was put back a poll comes within an interval', () => {
  expect(nextPoll(now + 3_600_000, pace, now, 0, 0.5)).toBe(now + pace.every)
})

test('for a stream only ten good minutes do', () => {
  const stream = { ...pace, polled: false }
  let course = failedThrice()
  for (let i = 0; i < 100; i++) course = afterSuccess(course, now + i, stream, now + i * 1000, now)
  expect(course.failures).toBe(3)
  course = afterSuccess(course, now + 600_000, stream, now + 600_000, now)
  expect(course.failures).toBe(0)
})

test('a poll keeps its phase within a twentieth, and never comes before the answer expires', () => {
  fc.assert(
    fc.property(
      chance,
      fc.integer({ min: 0, max: 600_000 }),
      fc.integer({ min: 0, max: 3_600_000 }),
      (luck, late, expiry) => {
        const present = now + late
        const next = nextPoll(now, pace, present, 0, luck)
        expect(next).toBeGreaterThan(present)
        const off = (next - now) % pace.every
        expect(Math.min(off, pace.every - off)).toBeLessThanOrEqual(0.05 * pace.every + 1)
        expect(nextPoll(now, pace, present, present + expiry, luck)).toBeGreaterThanOrEqual(present + expiry)
      },
    ),
  )
})

test('every reason is one sentence that ends with what mends it', () => {
  const kinds = ['unreachable', 'changed', 'throttled', 'refused', 'rejected'] as const
  for (const kind of kinds) {
    const { reason } = afterFailure(newCourse(now, now), { kind, message: 'The vendor said no.' }, pace, now, 0)
    expect(reason).toMatch(/^The vendor said no; .*\.$/)
  }
})
