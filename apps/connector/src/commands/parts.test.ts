import { VendorFailure } from '@nabolag/core'
import type { Http, Link } from '@nabolag/integrations/define'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { makeConfirming, shows } from './confirm.ts'
import { guard } from './gate.ts'
import { readBusCommand } from './intake.ts'

const where = { houseId: 3, integration: 'a', count: 0, account: 'h3.x.0' }
const read = (text: string) => readBusCommand(where, Buffer.from(text))

test.each([
  { text: '{"capability":"c","verb":"v","arguments":{}}', validity: { seconds: 60 } },
  { text: '{"id":"7","capability":"c","verb":"v","validFor":5}', validity: { seconds: 5 }, requestId: '7' },
  { text: '{"validUntil":"2020-01-01T00:00:00Z"}', validity: { until: Date.UTC(2020, 0, 1) } },
  { text: '{"id":7}', malformed: /id must be a text/ },
  { text: '{"id":""}', malformed: /id must be a text/ },
  { text: '{"validfor":5}', malformed: /no "validfor" in a command/ },
  { text: '{"id":"7","validFor":"5"}', malformed: /1 to 3600/, requestId: '7' },
  { text: '{"validFor":5000}', malformed: /1 to 3600/ },
  { text: '{"validUntil":"tomorrow"}', malformed: /ISO 8601/ },
  { text: '{"validUntil":"2099-01-01T00:00:00Z"}', malformed: /more than an hour/ },
  { text: '{"validFor":5,"validUntil":"2020-01-01T00:00:00Z"}', malformed: /cannot both/ },
  { text: '[]', malformed: /not a JSON object/ },
  { text: '{', malformed: /not JSON/ },
  { text: `"${'x'.repeat(20_000)}"`, malformed: /larger than/ },
])('a command of a program: $text', ({ text, validity, requestId, malformed }) => {
  const command = read(text)
  if (validity) expect(command.validity).toEqual(validity)
  expect(command.requestId).toBe(requestId)
  if (malformed) expect(command.malformed).toMatch(malformed)
  else expect(command.malformed).toBeUndefined()
})

test('whatever a program publishes is read without a failure', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void readBusCommand(where, bytes)))
  fc.assert(fc.property(fc.json(), (text) => void read(text)))
})

const by = { field: 'targetTemperature', argument: 'temperature', within: 0.3 }
test.each([
  { location: 'Stue', fields: { targetTemperature: 21.3 }, shown: true },
  { location: 'Stue', fields: { targetTemperature: 21.4 }, shown: false },
  { location: 'Bad', fields: { targetTemperature: 21 }, shown: false },
  { location: 'Stue', fields: { targetTemperature: '21' }, shown: false },
  { location: 'Stue', fields: { temperature: 21 }, shown: false },
])('a reading $fields of $location shows it: $shown', ({ location, fields, shown }) => {
  const command = { location: 'Stue', arguments: { temperature: 21 } }
  expect(shows({ location, fields: fields as never }, command, by)).toBe(shown)
})

test('only what was asked for after the command confirms it, and a later command takes its place', () => {
  const confirmed: string[] = []
  const waiting = makeConfirming({ patience: 60_000, onConfirmed: (id) => confirmed.push(id), onGivenUp: () => {} })
  const command = { device: 1, capability: 'thermostat', verb: 'setTargetTemperature', location: '' }
  const now = Date.now()
  const reading = (targetTemperature: number) => [{ time: '', fields: { targetTemperature } }]
  waiting.add({ ...command, id: 'first', arguments: { temperature: 20 }, doneAt: now })
  waiting.heard(1, reading(20), now - 1)
  expect(confirmed).toEqual([])
  waiting.add({ ...command, id: 'second', arguments: { temperature: 22 }, doneAt: now + 5 })
  waiting.heard(1, reading(20), now + 10)
  waiting.heard(2, reading(22), now + 10)
  waiting.heard(1, reading(22), now + 10)
  waiting.heard(1, reading(22), now + 20)
  expect(confirmed).toEqual(['second'])
  waiting.close()
})

test('one that no reading shows is given up', async () => {
  await new Promise<void>((resolve) => {
    const waiting = makeConfirming({ patience: 30, onConfirmed: () => {}, onGivenUp: (id) => id === 'x' && resolve() })
    const command = { device: 1, capability: 'thermostat', verb: 'setOn', location: '', arguments: { on: true } }
    waiting.add({ ...command, id: 'x', doneAt: Date.now() })
  })
})

test('what looks passes; what changes something is stopped at the gate, every time', async () => {
  const changing = { count: 0, taken: 0 }
  const sent: string[] = []
  const closed = new VendorFailure('rejected', 'no')
  const pass = async () => {
    throw closed
  }
  /** As the host's: asks for a permit, then sends. */
  const call = (name: string) => async () => {
    if (changing.count > 0) await pass()
    sent.push(name)
  }
  const http = {
    ...Object.fromEntries(['get', 'post', 'put', 'patch', 'delete'].map((name) => [name, call(name)])),
    exchange: (method: string) => call(`exchange ${method}`)(),
  } as unknown as Http
  const link = {
    http,
    mqtt: async ({ hello }: { hello?: unknown[] }) => {
      await call(hello ? 'hello' : 'mqtt')()
      return { publish: call('publish'), close: async () => {} }
    },
  } as unknown as Link
  const guarded = guard({ http, link }, pass, changing)
  await guarded.http.get('/')
  await guarded.http.exchange('GET', '/')
  await guarded.link.http.get('/')
  const connection = { url: '', username: '', password: '', subscribe: [] }
  const opened = await guarded.link.mqtt(connection)
  for (const change of [
    () => guarded.http.post('/'),
    () => guarded.http.put('/'),
    () => guarded.http.patch('/'),
    () => guarded.http.delete('/'),
    () => guarded.http.exchange('POST', '/'),
    () => guarded.link.http.post('/'),
    () => guarded.link.mqtt({ ...connection, hello: [{ topic: 'a', payload: '' }] }),
    () => opened.publish({ topic: 'a', payload: '' }),
  ])
    await expect(change()).rejects.toBe(closed)
  await guarded.http.get('/')
  expect(sent).toEqual(['get', 'exchange GET', 'get', 'mqtt', 'get'])
})
