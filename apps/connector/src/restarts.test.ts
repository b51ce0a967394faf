import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { newCourse } from './course.ts'
import { device, openStage, type Stage, until } from './fixtures/stage.ts'
import { json, room, startVendor, type Vendor } from './fixtures/vendor.ts'
import { readResume, writeResume } from './resume.ts'

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
/** Another connector, with what the store knows at this moment: nothing is handed over at the end. */
const killAndStart = async (stage: Stage, devices = stage.devices) => {
  const next = await openStage(devices, vendor.base, {}, stage)
  stages.push(next)
  return next
}
const samplesOf = (stage: Stage, id: number) =>
  stage.published.filter(({ topic }) => topic.startsWith('sensors/') && topic.includes(`/${id}/`))
const stateOf = (stage: Stage, id: number) => stage.statuses.get(id)?.state
const aWhile = () => new Promise((resolve) => setTimeout(resolve, 1000))

/** Answers that hold for so long (ms), with 304 for whoever knows them. */
const holdFor = (life: number) => {
  const stamp = 'Mon, 02 Jan 2023 03:04:05 GMT'
  const until: number[] = []
  vendor.answer = (request, response) => {
    const now = Math.ceil(Date.now() / 1000) * 1000
    const headers = { expires: new Date(now + life).toUTCString(), 'last-modified': stamp }
    until.push(now + life)
    if (request.headers['if-modified-since'] === stamp) response.writeHead(304, headers).end()
    else json(response, 200, room(), headers)
  }
  return { stamp, until }
}

test.each(['polite', 'open'])('a restart asks %s no sooner than the answer expires', async (name) => {
  const { stamp, until: expiries } = holdFor(10_000)
  const one = device(name, { token: 'a', place: 'b' })
  const before = await open([one])
  await until('it runs, and that is stored', () => before.resumes.has(one.id) && stateOf(before, one.id) === 'running')
  expect(vendor.requests).toHaveLength(1)
  const after = await killAndStart(before)
  await before.close()
  expect(stateOf(after, one.id)).toBe('running')
  await until('it was asked again', () => vendor.requests.length === 2, 40_000)
  expect(vendor.requests[1]!.at).toBeGreaterThanOrEqual(expiries[0]!)
  // What took a secret to get is not put on the shelf: it is asked for without a condition.
  expect(vendor.requests[1]!.headers['if-modified-since']).toBe(name === 'open' ? stamp : undefined)
  await until('it is heard', () => samplesOf(after, one.id).length > 0)
})

test('who starts again by hand, or anew at the same place, gets the answer that still holds', async () => {
  holdFor(60_000)
  const one = device('open', { place: '63.4,10.4' })
  const before = await open([one])
  await until('it runs, and that is stored', () => before.resumes.has(one.id) && stateOf(before, one.id) === 'running')
  const [shelved] = before.budgets.keys()
  expect(shelved).toMatch(/^answer\/[\w-]{43}$/)
  const another = device('open', { place: '63.4,10.4' })
  const elsewhere = device('open', { place: '59.9,10.7' })
  const after = await killAndStart(before, [{ ...one, generation: 2 }, another, elsewhere])
  await until('all three are heard', () => after.devices.every(({ id }) => samplesOf(after, id).length > 0))
  expect(vendor.requests.map(({ url }) => url)).toEqual(['/v1/rooms?place=63.4%2C10.4', '/v1/rooms?place=59.9%2C10.7'])
})

test('an answer that a wrong clock or header holds good for a year is asked for anew', async () => {
  holdFor(365 * 24 * 3_600_000)
  const one = device('open', { place: '63.4,10.4' })
  const before = await open([one])
  await until('it runs, and that is stored', () => before.resumes.has(one.id) && stateOf(before, one.id) === 'running')
  const { nextTryAt } = (before.resumes.get(one.id) as { course: { nextTryAt: number } }).course
  expect(nextTryAt - Date.now()).toBeLessThan(1.3 * 24 * 3_600_000)
  for (const [name, kept] of before.budgets)
    if (name.startsWith('answer/'))
      before.budgets.set(name, { ...(kept as object), expires: Date.now() + 365 * 24 * 3_600_000 })
  const after = await killAndStart(before, [{ ...one, generation: 2 }])
  await until('the vendor is asked', () => vendor.requests.length === 2)
  await until('it is heard', () => samplesOf(after, one.id).length > 0)
})

test('refused credentials are not tried again by a restart, new ones are at once', async () => {
  vendor.answer = (_, response) => json(response, 401, {})
  const one = device('polite', { token: 'wrong' })
  let stage = await open([one])
  await until('it is refused, and that is stored', () => stateOf(stage, one.id) === 'refused')
  for (let restart = 0; restart < 3; restart++) {
    stage = await killAndStart(stage)
    expect(stateOf(stage, one.id)).toBe('refused')
    await aWhile()
  }
  expect(vendor.requests).toHaveLength(1)
  expect(stage.statuses.get(one.id)?.reason).toMatch(/401.*enter new credentials/)
  stage.devices[0] = { ...one, generation: 2, credentials: { token: 'right' } }
  stage.desire(one)
  await until('the new ones are tried', () => vendor.requests.length >= 2)
  expect(vendor.requests[1]!.url).toContain('right')
})

test('a pause that the vendor asked for holds over a restart, for all devices of the account', async () => {
  vendor.answer = (_, response) => json(response, 429, {}, { 'retry-after': '3600' })
  const one = device('polite', { token: 'a' })
  const before = await open([one])
  await until('it is throttled', () => stateOf(before, one.id) === 'throttled')
  const asked = vendor.requests.length
  await before.close()
  const newcomer = device('polite', { token: 'a', path: '/other' })
  const stranger = device('polite', { token: 'b' })
  const after = await killAndStart(before, [one, newcomer, stranger])
  await until('all have been told', () => after.devices.every(({ id }) => stateOf(after, id) === 'throttled'))
  expect(vendor.requests.length - asked).toBe(1)
  expect(vendor.requests.at(-1)!.url).toContain('apiKey=b')
  for (const { id } of after.devices) expect(after.statuses.get(id)?.nextTryAt).toBeGreaterThan(Date.now() + 3_500_000)
  const [scope] = [...before.budgets.keys()].filter((key) => key.startsWith('polite/'))
  expect(scope).toMatch(/^polite\/[0-9a-f]{32}$/)
})

test('a device that was stopped and started meanwhile begins afresh', async () => {
  holdFor(60_000)
  const one = device('polite', { token: 'a' })
  const before = await open([one])
  await until('it runs', () => stateOf(before, one.id) === 'running')
  before.devices[0] = { ...one, desired: 'stopped' }
  before.desire(one)
  await until('it is stopped', () => stateOf(before, one.id) === 'stopped')
  const after = await killAndStart(before, [one])
  await until('it was asked', () => vendor.requests.length === 2)
  await until('it runs', () => stateOf(after, one.id) === 'running')
})

test('whatever else is stored in its place, the device starts', () => {
  const status = { state: 'running', reason: undefined, since: 0, restarts: 0, run: 1 } as const
  const known = device('polite', {}, { status: { ...status, lastSampleAt: undefined, nextTryAt: undefined } })
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.record({ generation: fc.constant(1), course: fc.anything() })), (resume) => {
      expect(readResume({ ...known, resume })).toBeUndefined()
    }),
  )
  const now = Date.now()
  const course = { ...newCourse(now, now + 1000), newest: 5 }
  const asStored = JSON.parse(JSON.stringify(writeResume(1, course))) as unknown
  expect(readResume({ ...known, resume: asStored })).toEqual(course)
  expect(readResume({ ...known, resume: asStored, generation: 2 })).toBeUndefined()
  expect(readResume({ ...known, resume: writeResume(1, { ...course, nextTryAt: now + 1e12 }) })).toBeUndefined()
})
