import type { AnyIntegration } from '@nabolag/integrations'
import { Agent } from 'undici'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { obedient } from './fixtures/obedient.ts'
import { json, startVendor, type Vendor } from './fixtures/vendor.ts'
import { makeHttpCache } from './http-cache.ts'
import { load } from './loaded.ts'
import { makeRuns } from './runs.ts'
import { makeSource } from './source.ts'

const usual = 200
const slow = 700

let vendor: Vendor
let sweeping: NodeJS.Timeout
beforeEach(async () => {
  vendor = await startVendor()
  vendor.answer = (_, response) => void setTimeout(() => json(response, 200, {}), slow)
})
afterEach(async () => {
  clearInterval(sweeping)
  await vendor.close()
})

function makeCommander() {
  const loaded = load(obedient as unknown as AnyIntegration, vendor.base)
  const seed = { id: 1, houseId: 1, count: 0, credentials: { token: 't' }, course: undefined, places: undefined }
  const source = makeSource(seed, loaded, Date.now(), 0)
  const ignore = () => {}
  const runs = makeRuns(
    {
      loaded,
      sessions: undefined,
      host: {
        agent: new Agent(),
        cache: makeHttpCache(),
        asking: new Map(),
        userAgent: 'nabolag/test',
        addresses: loaded.addresses,
        timeout: usual,
        bodyLimit: 2 ** 20,
      },
      watch: { mark: ignore, runFor: (_id, run) => run(), current: () => undefined },
      runTimeout: usual,
      permit: async () => {},
      pause: ignore,
      takers: { samples: ignore, places: ignore, lines: ignore, heard: ignore },
    },
    { settle: ignore, plan: ignore, isKnown: () => true, drain: ignore },
  )
  sweeping = setInterval(() => runs.sweep([source]), 20)
  return { runs, source }
}

test('a command that its vendor answers late is waited for where the integration says so, and counts as no fetch', async () => {
  const { runs, source } = makeCommander()
  const late = runs.lend(source, 1, ({ http }) => http.patch('/pods/p1', { body: {}, patience: '5 s' }))
  expect(runs.active).toBe(0)
  await expect(late).resolves.toEqual({})
  await expect(runs.lend(source, 1, ({ http }) => http.patch('/pods/p1', { body: {} }))).rejects.toMatchObject({
    kind: 'unreachable',
  })
})
