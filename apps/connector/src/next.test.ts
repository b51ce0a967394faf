import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { namedPoll, type Pace } from './course.ts'
import { device, openStage, type Stage, until } from './fixtures/stage.ts'
import { json, room, startVendor, type Vendor } from './fixtures/vendor.ts'

const minute = 60_000
const day = 24 * 60 * minute
const pace: Pace = {
  polled: true,
  anonymous: false,
  every: 10 * minute,
  staleAfter: minute,
  pause: minute,
  reconnect: undefined,
  least: 0,
  tempo: 1,
}
const now = Date.UTC(2026, 0, 1)
const iso = (time: number) => new Date(time).toISOString()

test.each([
  { name: 'a time to come', answer: iso(now + 3 * 60 * minute), wait: 3 * 60 * minute },
  { name: 'one without a zone is UTC', answer: '2026-01-01T02:00:00', wait: 120 * minute },
  { name: 'the past', answer: iso(now - 1), wait: 10 * minute, complaint: /past/ },
  { name: 'the present', answer: iso(now), wait: 10 * minute, complaint: /past/ },
  { name: 'too far away', answer: iso(now + 8 * day), wait: 7 * day, complaint: /7 days/ },
  { name: 'no time', answer: 'tomorrow', complaint: /ISO 8601/ },
  { name: 'no text', answer: now, complaint: /ISO 8601/ },
  { name: 'nothing', answer: undefined, complaint: /ISO 8601/ },
] as { name: string; answer: unknown; wait?: number; complaint?: RegExp }[])('$name', ({ answer, wait, complaint }) => {
  const { at, complaint: said } = namedPoll(answer, pace, now, 0, 0)
  expect(at).toBe(wait === undefined ? undefined : now + wait)
  if (complaint) expect(said).toMatch(complaint)
  else expect(said).toBeUndefined()
})

test('what is named is never asked before its time, nor before the vendor wants it, nor a minute late', () => {
  const far = fc.integer({ min: -day, max: 9 * day })
  const chance = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(far, far, chance, (wait, hold, at) => {
      const named = namedPoll(iso(now + wait), pace, now, now + hold, at).at ?? 0
      const wanted = wait <= 0 ? pace.every : Math.min(wait, 7 * day)
      expect(named).toBeGreaterThanOrEqual(now + Math.max(wanted, hold))
      expect(named).toBeLessThanOrEqual(now + Math.max(wanted, hold) + minute)
    }),
  )
})

let vendor: Vendor
let stages: Stage[] = []
beforeEach(async () => {
  vendor = await startVendor()
})
afterEach(async () => {
  for (const stage of stages) await stage.close()
  stages = []
  await vendor.close()
})
const open = async (devices: Stage['devices'], before?: Stage) => {
  const stage = await openStage(devices, vendor.base, {}, before)
  stages.push(stage)
  return stage
}

test('the vendor is asked when the integration says so, over a restart too', async () => {
  const next = Date.now() + 4500
  vendor.answer = (_, response) =>
    json(response, 200, { ...room(), next: iso(Date.now() < next ? next : Date.now() + minute) })
  const one = device('named', { token: 'x' })
  const before = await open([one])
  await until(
    'it runs, and that is stored',
    () => before.statuses.get(one.id)?.state === 'running' && before.resumes.has(one.id),
  )
  const after = await open([one], before)
  await before.close()
  await until('it was asked again', () => vendor.requests.length === 2)
  expect(vendor.requests[1]!.at).toBeGreaterThanOrEqual(next)
  await after.close()
})

test('one that names nothing of use is asked at its interval, and its owner is told once', async () => {
  vendor.answer = (_, response) => json(response, 200, { ...room(), next: 'soon' })
  const one = device('named', { token: 'x' })
  const stage = await open([one])
  await until('it was asked often', () => vendor.requests.length >= 4)
  expect(stage.lines.filter(({ message }) => /does not know when to ask next/.test(message))).toHaveLength(1)
})

test('an answer of another shape is asked for again by the back-off, whatever its Expires', async () => {
  const headers = { expires: new Date(Date.now() + 3_600_000).toUTCString(), etag: '"1"' }
  const { answer } = vendor
  vendor.answer = (_, response) => json(response, 200, { rooms: 'none' }, headers)
  const one = device('open', { place: 'x' })
  const stage = await open([one])
  await until('it is told', () => /has changed/.test(stage.statuses.get(one.id)?.reason ?? ''))
  vendor.answer = answer
  await until('it runs', () => stage.statuses.get(one.id)?.state === 'running')
  expect(vendor.requests.every(({ headers: sent }) => sent['if-none-match'] === undefined)).toBe(true)
})
