import type { Delivery, Log } from '@nabolag/bus'
import { Problem, type Sample } from '@nabolag/core'
import type { Rejected } from '@nabolag/timeseries'
import { expect, test, vi } from 'vitest'
import { takeIn } from './intake.ts'
import { makeRejectedQuota } from './rejected-quota.ts'
import { type StoringSettings, startStoring } from './storing.ts'

/** ms */
const patience = 20_000

const delivery = (n: number, samples = 1): Delivery => ({
  topic: 'sensors/mill-sense/3',
  payload: Buffer.from(
    JSON.stringify(
      Array.from({ length: samples }, (_, i) => ({
        measurement: 'beehive',
        tags: { house_id: 3 },
        fields: { n, i },
        time: '2023-05-08T06:00:00Z',
      })),
    ),
  ),
  qos: 1,
  received: Date.now(),
})
const badData = () => {
  const problem = Problem('internal-error', 'ClickHouse: CANNOT_PARSE_INPUT')
  problem.cause = Object.assign(new Error('cannot parse'), { code: '27' })
  return problem
}

/** Storing over a store that does what the test says; the real one is in `datalogger.test.ts`. */
function begin(write: (samples: readonly Sample[]) => Promise<void>, settings: Partial<StoringSettings> = {}) {
  const acknowledged: Delivery[] = []
  const rejected: Rejected[] = []
  const said: string[] = []
  const say = (facts: object, message: string) => void said.push(`${message} ${JSON.stringify(facts)}`)
  const log: Log = { debug: say, info: say, warn: say, error: say }
  const storing = startStoring({
    store: { write, writeRejected: async (rows) => void rejected.push(...rows) },
    quota: makeRejectedQuota(),
    acknowledge: (deliveries) => void acknowledged.push(...deliveries),
    onStored: () => {},
    onRejected: () => {},
    log,
    every: 1,
    backOff: [1, 5],
    ...settings,
  })
  return { storing, acknowledged, rejected, said }
}

test('everything that waits goes into one insert, and is acknowledged after it, in order', async () => {
  const inserts: number[] = []
  let release = () => {}
  const { storing, acknowledged } = begin(async (samples) => {
    inserts.push(samples.length)
    await new Promise<void>((resolve) => {
      release = resolve
    })
  })
  const given = Array.from({ length: 100 }, (_, n) => delivery(n))
  for (const each of given) storing.add(takeIn(each))
  await vi.waitFor(() => expect(inserts).toEqual([100]), patience)
  storing.add(takeIn(delivery(100)))
  expect(acknowledged).toEqual([])
  release()
  await vi.waitFor(() => expect(inserts).toEqual([100, 1]), patience)
  expect(acknowledged).toEqual(given)
  release()
  await storing.close()
})

test('an insert has no more points than allowed, and a message stays whole', async () => {
  const inserts: number[] = []
  const { storing, acknowledged } = begin(async (samples) => void inserts.push(samples.length), { mostPoints: 100 })
  for (const samples of [30, 30, 200, 10]) storing.add(takeIn(delivery(0, samples)))
  await vi.waitFor(() => expect(acknowledged).toHaveLength(4), patience)
  expect(inserts).toEqual([30, 30, 200, 10])
  await storing.close()
})

test.each(['engine-down', 'disk-full', 'too-much-data', 'internal-error'] as const)(
  'while the store fails (%s) nothing is acknowledged; it says so once and goes on by itself',
  async (code) => {
    let failures = 0
    let broken = true
    const { storing, acknowledged, rejected, said } = begin(async () => {
      if (!broken) return
      failures++
      throw Problem(code)
    })
    storing.add(takeIn(delivery(1)))
    await vi.waitFor(() => expect(failures).toBeGreaterThan(3), patience)
    expect(storing.trouble?.reason).toBe(Problem(code).message)
    expect(acknowledged).toEqual([])
    broken = false
    await vi.waitFor(() => expect(acknowledged).toHaveLength(1), patience)
    expect(storing.trouble).toBeUndefined()
    expect(rejected).toEqual([])
    expect(said.filter((line) => line.startsWith('cannot store'))).toHaveLength(1)
    expect(said.filter((line) => line.startsWith('storing again'))).toHaveLength(1)
    await storing.close()
  },
)

test('a sample the store will never have is found, kept as rejected, and holds up nothing else', async () => {
  const stored: unknown[] = []
  const { storing, acknowledged, rejected } = begin(async (samples) => {
    if (samples.some(({ fields }) => fields.n === 13 && fields.i === 2)) throw badData()
    stored.push(...samples.map(({ fields }) => fields))
  })
  for (let n = 0; n < 50; n++) storing.add(takeIn(delivery(n, 5)))
  await vi.waitFor(() => expect(acknowledged).toHaveLength(50), patience)
  expect(stored).toHaveLength(249)
  expect(rejected).toMatchObject([
    { houseId: 3, device: 'mill-sense', reason: expect.stringContaining('could not be stored: ClickHouse') },
  ])
  expect(JSON.parse(rejected[0]!.payload)).toMatchObject({ fields: { n: 13, i: 2 } })
  await storing.close()
})

test('what is refused is kept with its reason before it is acknowledged', async () => {
  const { storing, acknowledged, rejected } = begin(async () => {})
  const bad = { ...delivery(1), payload: Buffer.from('{"half":') }
  storing.add(takeIn(bad))
  await vi.waitFor(() => expect(acknowledged).toEqual([bad]), patience)
  expect(rejected).toMatchObject([{ houseId: 3, payload: '{"half":', reason: expect.stringContaining('not JSON') }])
  await storing.close()
})

test('closing leaves what waits unacknowledged, even in the middle of a failure', async () => {
  const { storing, acknowledged } = begin(
    async () => {
      throw Problem('engine-down')
    },
    { backOff: [60_000, 60_000] },
  )
  storing.add(takeIn(delivery(1)))
  await vi.waitFor(() => expect(storing.trouble).toBeDefined(), patience)
  await storing.close()
  expect(acknowledged).toEqual([])
})

test('a clock that goes back during an insert does not hold up the next one', async () => {
  let clock = Date.now()
  const now = vi.spyOn(Date, 'now').mockImplementation(() => clock)
  const { storing, acknowledged } = begin(async () => {
    clock -= 3_600_000
  })
  storing.add(takeIn(delivery(0)))
  await vi.waitFor(() => expect(acknowledged).toHaveLength(1), patience)
  storing.add(takeIn(delivery(1)))
  now.mockRestore()
  await vi.waitFor(() => expect(acknowledged).toHaveLength(2), patience)
  await storing.close()
})

test('a flood of rejected rows is bounded per house and in all, by the hour', () => {
  const full: (number | undefined)[] = []
  const quota = makeRejectedQuota(10, 25, (houseId) => full.push(houseId))
  const rows = (houseId: number | undefined, count: number): Rejected[] =>
    Array.from({ length: count }, () => ({ received: 0, topic: '', houseId, device: '', reason: '', payload: '' }))
  expect(quota.admit(rows(1, 100), 0)).toHaveLength(10)
  expect(quota.admit(rows(1, 100), 1)).toHaveLength(0)
  expect(quota.admit(rows(2, 8), 2)).toHaveLength(8)
  expect(quota.admit(rows(undefined, 9), 3)).toHaveLength(7)
  expect(full).toEqual([1])
  expect(quota.admit(rows(1, 100), 3_600_000)).toHaveLength(10)
})

test('rejected rows are kept again once a clock that was ahead has gone back', () => {
  const quota = makeRejectedQuota(1)
  const row: Rejected = { received: 0, topic: '', houseId: 1, device: '', reason: '', payload: '' }
  const year = 366 * 86_400_000
  expect(quota.admit([row, row], 2 * year)).toHaveLength(1)
  expect(quota.admit([row], year)).toHaveLength(1)
})
