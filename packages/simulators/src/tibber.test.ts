import { VendorFailure } from '@nabolag/core'
import type { Reading } from '@nabolag/integrations'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { demoHouses, makeWorld, type Simulators, startSimulators } from './index.ts'
import { listenFor, pollOnce } from './plain-client.testing.ts'
import { severalHomes } from './tibber-home.ts'

const hour = 3_600_000
let simulators: Simulators
beforeAll(async () => {
  const start = Math.floor(Date.now() / hour) * hour - 1000 * hour
  simulators = await startSimulators({
    vendors: ['tibber'],
    world: makeWorld({ start, houses: demoHouses.slice(0, 3) }),
  })
})
afterAll(() => simulators.close())
afterEach(() => simulators.faults.tibber.clear())

const several = { 'api-key': severalHomes }
const homes = ['House 3', 'House 4', 'House 5']
const listen = (count: number, credentials: object = several) =>
  listenFor('tibber-realtime', simulators.urls.tibber, credentials, count)
const poll = (since?: string, credentials: object = several) =>
  pollOnce('tibber-hourly', simulators.urls.tibber, credentials, { since })
const namesOf = (readings: readonly Reading[]) => [...new Set(readings.map(({ location }) => location))].sort()
// The first of each home comes at once: the measurement before.
const idOf = async (name: string) => (await listen(3)).find(({ location }) => location === name)!.place!

describe('several homes of an account', () => {
  test('all are heard over one socket, each with its id', async () => {
    const readings = await listen(3)
    expect(namesOf(readings)).toEqual(homes)
    expect(new Set(readings.map(({ place }) => place)).size).toBe(3)
  })

  test('one alone, by number, name or id', async () => {
    expect(namesOf(await listen(1, { ...several, pulse_index: '1' }))).toEqual(['House 4'])
    expect(namesOf(await listen(1, { ...several, home: 'House 5' }))).toEqual(['House 5'])
    expect(namesOf(await listen(1, { ...several, home: await idOf('House 5') }))).toEqual(['House 5'])
    for (const nobody of [{ pulse_index: '3' }, { home: 'House 9' }])
      await expect(listen(1, { ...several, ...nobody })).rejects.toMatchObject({ kind: 'refused' })
  })

  test('one that cannot be started, or falls silent, leaves the others', async () => {
    const id = await idOf('House 4')
    for (const fault of ['outage', 'mute'] as const) {
      simulators.faults.tibber.set(fault, { account: id })
      expect(namesOf(await listen(2))).toEqual(['House 3', 'House 5'])
      expect(simulators.faults.tibber.struck[fault]).toBeGreaterThan(0)
      simulators.faults.tibber.clear()
    }
  })

  test('when none can be started it fails', async () => {
    const id = await idOf('House 4')
    simulators.faults.tibber.set('outage', { account: id })
    const failure = await listen(1, { ...several, home: id }).catch((error) => error)
    expect(failure).toBeInstanceOf(VendorFailure)
    expect(failure.kind).toBe('unreachable')
  })

  test('the hours of all, and what panels gave', async () => {
    const readings = await poll(new Date().toISOString())
    expect(namesOf(readings)).toEqual(homes)
    const produced = readings.filter(({ fields }) => 'hourlyProduction' in fields)
    expect(namesOf(produced)).toEqual(['House 5'])
    expect(produced.some(({ fields }) => (fields.hourlyProduction as number) > 0)).toBe(true)
    expect(new Set(readings.map(({ time, place }) => `${time} ${place}`)).size).toBe(readings.length)
  })
})

describe('gaps are filled', () => {
  const hoursOf = (readings: readonly Reading[]) => new Set(readings.map(({ time }) => time)).size
  const ago = (hours: number) => new Date(Date.now() - hours * hour).toISOString()
  test.each([
    ['all there is at first', undefined, 744],
    ['a week when nothing was missed', 2, 170],
    ['a week and the gap after an outage', 300, 468],
    ['no more than Tibber gives', 5000, 744],
  ])('%s', async (_, since, hours) => {
    const got = hoursOf(await poll(since === undefined ? undefined : ago(since), { 'api-key': 'sim-tibber-house-3' }))
    // The last two hours have not been delivered; an hour may have begun meanwhile.
    expect(got).toBeGreaterThanOrEqual(hours - 3)
    expect(got).toBeLessThanOrEqual(hours)
  })
})

describe('a day on which clocks changed', () => {
  test.each([
    ['autumn', 25],
    ['spring', 23],
  ] as const)('in %s the hours of the day are %i, each once', async (season, count) => {
    simulators.faults.tibber.set('dst', { season, seconds: 25 * 3600 })
    const readings = await poll(undefined, { 'api-key': 'sim-tibber-house-3' })
    const times = readings.map(({ time }) => Date.parse(time))
    expect(new Set(times).size).toBe(times.length)
    for (let nth = 1; nth < times.length; nth++) expect(times[nth]! - times[nth - 1]!).toBe(hour)
    const days = new Map<string, number>()
    for (const { time } of readings) days.set(time.slice(0, 10), (days.get(time.slice(0, 10)) ?? 0) + 1)
    expect([...days.values()]).toContain(count)
  })

  test('the live meter says the hour twice, with its offset', async () => {
    const hours: string[] = []
    for (const seconds of [-60, 60]) {
      simulators.faults.tibber.set('dst', { seconds })
      const [{ time } = { time: '' }] = await listen(1, { 'api-key': 'sim-tibber-house-3' })
      hours.push(time.slice(11, 13) + time.slice(23))
    }
    expect(hours).toEqual(['02+02:00', '02+01:00'])
  })
})
