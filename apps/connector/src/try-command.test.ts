import type { AnyIntegration } from '@nabolag/integrations'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { obedient } from './fixtures/obedient.ts'
import { json, startVendor, type Vendor } from './fixtures/vendor.ts'
import { commandOnce } from './try-command.ts'

let vendor: Vendor
let pods: { id: string; name: string; target: number; mode: string; on: boolean; lowest: number; highest: number }[]
let obeys: boolean
let patches: string[]
beforeEach(async () => {
  vendor = await startVendor()
  obeys = true
  patches = []
  const pod = { target: 20, mode: 'heat', on: true, lowest: 16, highest: 30 }
  pods = [
    { id: 'p1', name: 'Stue', ...pod },
    { id: 'p2', name: 'Stue', ...pod },
  ]
  vendor.answer = async (request, response) => {
    if (request.method === 'GET') return json(response, 200, { time: new Date().toISOString(), pods })
    let text = ''
    for await (const part of request) text += String(part)
    patches.push(`${request.url} ${text}`)
    const pod = pods.find(({ id }) => request.url === `/v1/pods/${id}`)
    if (obeys && pod) pod.target = JSON.parse(text).target
    json(response, obeys ? 200 : 422, 'no power')
  }
})
afterEach(() => vendor.close())

const setTo = (values: object, timeout = 5000) =>
  commandOnce({
    integration: obedient as unknown as AnyIntegration,
    credentials: { token: 'geheim' },
    baseUrl: vendor.base,
    contact: 'test@example.org',
    timeout,
    command: { capability: 'thermostat', verb: 'setTargetTemperature', arguments: values },
  })

test('a command goes out once, to the place that is meant, and a reading shows it', async () => {
  const { state, command, reading } = await setTo({ temperature: 21.5, location: 'Stue (p2)' })
  expect([state, command.location]).toEqual(['confirmed', 'Stue (p2)'])
  expect(reading).toMatchObject({ location: 'Stue (p2)', fields: { targetTemperature: 21.5 } })
  expect(patches).toEqual(['/v1/pods/p2 {"target":21.5}'])
})

test.each([
  ['outside the bounds of the actuator', { temperature: 34, location: 'Stue' }, /allowed is 16 to 30/],
  ['without saying which of two', { temperature: 20 }, /say which/],
  ['without its argument', { location: 'Stue' }, /temperature/],
])('nothing is sent %s', async (_, values, words) => {
  await expect(setTo(values)).rejects.toMatchObject({ kind: 'rejected', message: expect.stringMatching(words) })
  expect(patches).toEqual([])
})

test('what the vendor would not have is told in its words', async () => {
  obeys = false
  await expect(setTo({ temperature: 20, location: 'Stue' })).rejects.toMatchObject({
    kind: 'rejected',
    message: expect.stringMatching(/no power/),
  })
})

test('without a reading that shows it, it is what the integration said', async () => {
  const answer = vendor.answer
  vendor.answer = (request, response) =>
    request.method === 'GET' ? answer(request, response) : json(response, 200, { taken: true })
  const { state, reading } = await setTo({ temperature: 25, location: 'Stue' }, 1500)
  expect([state, reading]).toEqual(['applied', undefined])
})
