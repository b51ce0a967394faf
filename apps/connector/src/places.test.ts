import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { device, openStage, type Stage, until } from './fixtures/stage.ts'
import { json, startVendor, type Vendor } from './fixtures/vendor.ts'
import { locate, makePlaceSaver, type Place, type Places, readPlaces, writePlaces } from './places.ts'

const reading = (place: string | undefined, location: string | undefined) => ({
  time: '2026-01-01T00:00:00Z',
  ...(place === undefined ? {} : { place }),
  ...(location === undefined ? {} : { location }),
  fields: { temperature: 20 },
})
/** Where the readings of one answer are logged, and what is told of it. */
const see = (places: Places, rooms: readonly (readonly [string, string])[], now = 0) => {
  const { readings, lines } = locate(
    places,
    rooms.map(([place, name]) => reading(place, name)),
    now,
    1000,
  )
  return { at: readings.map(({ location }) => location), lines }
}

test('a place keeps its location through all names', () => {
  const places: Places = new Map()
  expect(see(places, [['a', 'Stue']])).toEqual({ at: ['Stue'], lines: ['New: "Stue".'] })
  expect(see(places, [['a', 'Sofakrok']])).toEqual({
    at: ['Stue'],
    lines: ['"Stue" is now called "Sofakrok"; it goes on being logged as "Stue".'],
  })
  expect(see(places, [['a', 'Sofakrok']])).toEqual({ at: ['Stue'], lines: [] })
  expect(see(places, [['b', 'Stue']]).at).toEqual(['Stue (b)'])
  expect(places.get('a')).toMatchObject({ location: 'Stue', name: 'Sofakrok' })
})

test('two places of one name are two', () => {
  const places: Places = new Map()
  const { at, lines } = see(places, [
    ['a', 'Bad'],
    ['b', 'Bad'],
    ['c', ''],
  ])
  expect(at).toEqual(['Bad', 'Bad (b)', 'c'])
  expect(lines[1]).toBe('New: "Bad", as another place has that name: it is logged as "Bad (b)".')
  // Whatever order they come in later.
  expect(see(places, [['b', 'Bad']]).at).toEqual(['Bad (b)'])
})

test('one that vanishes is told once, and again when it is back', () => {
  const places: Places = new Map()
  see(places, [
    ['a', 'Stue'],
    ['b', 'Bad'],
  ])
  expect(see(places, [['a', 'Stue']], 900).lines).toEqual([])
  expect(see(places, [['a', 'Stue']], 1100).lines).toEqual([`"Bad" has not been in the vendor's answers for 1100 ms.`])
  expect(see(places, [['a', 'Stue']], 1200).lines).toEqual([])
  const back = see(
    places,
    [
      ['a', 'Stue'],
      ['b', 'Bad'],
    ],
    5000,
  )
  expect(back).toEqual({ at: ['Stue', 'Bad'], lines: ['"Bad" is back.'] })
})

test('readings without a place stay where they say, and nothing is noted', () => {
  const places: Places = new Map()
  const readings = [reading(undefined, 'Stue'), reading(undefined, undefined)]
  expect(locate(places, readings, 0, 1000)).toEqual({ readings, lines: [] })
  expect(places.size).toBe(0)
})

test('no two places ever share a location, and none ever moves, over restarts too', () => {
  let answers = 0
  const room = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('Stue', 'Bad', 'Stue (b)', ''))
  const answer = fc.uniqueArray(room, { selector: ([id]) => id })
  fc.assert(
    fc.property(fc.array(answer, { maxLength: 12 }), (list) => {
      let places: Places = new Map()
      const first = new Map<string, string | undefined>()
      for (const [step, rooms] of list.entries()) {
        const { at } = see(places, rooms, step * 700)
        for (const [index, [id]] of rooms.entries()) {
          if (!first.has(id)) first.set(id, at[index])
          expect(at[index]).toBe(first.get(id))
        }
        expect(new Set(first.values()).size).toBe(first.size)
        places = readPlaces(JSON.parse(JSON.stringify(writePlaces(places))))
        answers++
      }
    }),
  )
  expect(answers).toBeGreaterThan(100)
})

test('whatever is stored in their place, the device goes on', () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.array(fc.record({ place: fc.string() }), { minLength: 1 })), (stored) => {
      expect(readPlaces(stored)).toEqual(new Map())
    }),
  )
})

test('they are stored after news, and now and then', () => {
  const isWorthSaving = makePlaceSaver()
  const places: Places = new Map([['a', { place: 'a', location: 'x', name: 'x', lastSeenAt: 0 }]])
  const now = 10 ** 9
  expect(isWorthSaving(places, false, now)).toBe(true)
  expect(isWorthSaving(places, false, now + 60_000)).toBe(false)
  expect(isWorthSaving(places, true, now + 61_000)).toBe(true)
  expect(isWorthSaving(places, false, now + 17 * 60_000)).toBe(true)
  expect(isWorthSaving(new Map(), true, now + 10 ** 7)).toBe(false)
})

let vendor: Vendor
let stages: Stage[] = []
let rooms: { id: string; name: string; temperature: number; heater: boolean }[]
beforeEach(async () => {
  vendor = await startVendor()
  rooms = [
    { id: 'r1', name: 'Stue', temperature: 20, heater: false },
    { id: 'r2', name: 'Bad', temperature: 24, heater: true },
  ]
  vendor.answer = (_, response) => json(response, 200, { time: new Date().toISOString(), rooms })
})
afterEach(async () => {
  for (const stage of stages) await stage.close()
  stages = []
  await vendor.close()
})

type Message = { measurement: string; tags: { location: string } }
const messagesOf = (stage: Stage, id: number) =>
  stage.published
    .filter(({ topic }) => topic.startsWith('sensors/') && topic.includes(`/${id}/`))
    .flatMap(({ payload }) => JSON.parse(payload) as Message[])
const linesOf = (stage: Stage) => stage.lines.map(({ message }) => message)

test('a device follows its rooms, over a restart too, and each reading keeps its own group', async () => {
  const one = device('placed', { token: 'x' })
  const before = await openStage([one], vendor.base)
  stages.push(before)
  await until('both are heard', () => messagesOf(before, one.id).length >= 2)
  expect(messagesOf(before, one.id).slice(0, 2)).toMatchObject([
    { measurement: 'airSensor', tags: { location: 'Stue' } },
    { measurement: 'heater', tags: { location: 'Bad' } },
  ])
  await until('the owner is told', () => linesOf(before).includes('New: "Bad".'))
  await until('they are stored', () => (before.places.get(one.id) as Place[] | undefined)?.length === 2)
  await before.close()
  rooms = [
    { id: 'r1', name: 'Kontor', temperature: 20, heater: false },
    { id: 'r3', name: 'Stue', temperature: 21, heater: false },
  ]
  const after = await openStage([one], vendor.base, {}, before)
  stages = [after]
  await until('they are heard', () => messagesOf(after, one.id).length >= 2)
  expect(new Set(messagesOf(after, one.id).map(({ tags }) => tags.location))).toEqual(new Set(['Stue', 'Stue (r3)']))
  await until('the one that is gone is missed', () =>
    linesOf(after).some((line) => /^"Bad" has not been in the vendor's answers/.test(line)),
  )
  expect(linesOf(after)).toContain('"Stue" is now called "Kontor"; it goes on being logged as "Stue".')
  const [place] = after.places.get(one.id) as Place[]
  expect(place).toMatchObject({ place: 'r1', location: 'Stue', name: 'Kontor' })
})
