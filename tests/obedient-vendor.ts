/** A vendor whose pods obey, a house with devices of it, and connectors between: for the tests of commands. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Connector, startConnector } from '@nabolag/connector'
import { desiredTopic, readSettings } from '@nabolag/core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { makeStand, makeToken, type Stand } from './thesis/stand.ts'

type Pod = {
  id: string
  name: string
  target: number
  mode: string
  on: boolean
  lowest: number
  highest: number
}
type Sent = {
  readonly method: string
  readonly path: string
  readonly body: Record<string, unknown>
  readonly at: number
}

export const pod = (id: string, name: string): Pod => ({
  id,
  name,
  target: 20,
  mode: 'heat',
  on: true,
  lowest: 16,
  highest: 30,
})

/** A vendor whose pods obey. */
async function startVendor() {
  const vendor = {
    base: '',
    pods: [pod('p1', 'Stue')],
    /** What reached it and changes something. */
    sent: [] as Sent[],
    /** Answers in the vendor's place when it returns a status. */
    meet: (_sent: Sent): number | undefined => undefined,
    /** ms before it answers a change. */
    slow: 0,
    deaf: false,
    readable: true,
    /** s, as it says with a refusal. */
    retryAfter: undefined as number | undefined,
  }
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    void bodyOf(request).then(async (body) => {
      const path = request.url ?? ''
      const one = vendor.pods.find(({ id }) => path.startsWith(`/v1/pods/${id}`))
      if (request.method === 'GET') {
        if (!vendor.readable) return answer(401, { message: 'not you' })
        return answer(200, one ?? { time: new Date().toISOString(), pods: vendor.pods })
      }
      const sent = { method: request.method ?? '', path, body, at: Date.now() }
      vendor.sent.push(sent)
      if (vendor.slow > 0) await new Promise((resolve) => setTimeout(resolve, vendor.slow))
      const status = vendor.meet(sent)
      if (vendor.retryAfter !== undefined) response.setHeader('retry-after', vendor.retryAfter)
      if (status !== undefined) return answer(status, { message: 'no, with top-secret' })
      if (one && !vendor.deaf) Object.assign(one, body)
      answer(200, {})
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  vendor.base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  return Object.assign(vendor, { close })
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ''
  for await (const part of request) text += part
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const module = new URL('../apps/connector/src/fixtures/list.ts', import.meta.url).href
export const ends: (() => Promise<unknown>)[] = []
export let stand: Stand
export let token: string
export let house: number
export let vendor: Awaited<ReturnType<typeof startVendor>>
export const connectors: Connector[] = []

/** Makes all of it before the tests of a file, and ends it after them. */
export function useObedientVendor(): void {
  beforeAll(async () => {
    stand = await makeStand()
    ends.push(() => stand.close())
    vendor = await startVendor()
    ends.push(() => vendor.close())
    token = await makeToken(stand, 'kari')
    const row = { group: 'heatPumpController', requiredFields: ['token'], credentialsSchema: {}, allowMultiple: true }
    await stand.store.fleet.syncIntegrations(
      ['obedient', 'rationed'].map((name) => ({ ...row, name, label: name, vendor: name, samplingSeconds: 1 })),
    )
    const kari = stand.store.as(await stand.store.people.askerNamed('kari'))
    house = (await kari.createHouse({ name: 'One' })).id
  }, 180_000)
  afterEach(async () => {
    Object.assign(vendor, {
      pods: [pod('p1', 'Stue')],
      sent: [],
      meet: () => undefined,
      slow: 0,
      deaf: false,
      readable: true,
      retryAfter: undefined,
    })
  })
  afterAll(async () => {
    await start(0)
    for (const end of ends.reverse()) await end()
  })
}

export const ask = (method: string, path: string, json?: unknown, as = token) =>
  stand.ask(method, path, { token: as, json })

/** Makes it so that so many connectors run. */
export async function start(wanted = 1): Promise<void> {
  while (connectors.length > wanted) await connectors.pop()?.close()
  while (connectors.length < wanted) connectors.push(await startOne())
}

export function settingsFor() {
  const urls = ['obedient', 'rationed'].map((name) => `${name}=${vendor.base}`).join(',')
  return { ...stand.addresses, NABOLAG_VENDOR_URLS: urls, NABOLAG_CONTACT: 'a@example.org' }
}

async function startOne(): Promise<Connector> {
  return startConnector(readSettings(settingsFor()), {
    log: silent,
    tempo: 0.02,
    rereadEvery: 500,
    runTimeout: 2000,
    integrations: ['obedient', 'rationed'].map((name) => ({ name, module })),
  })
}

export type Shown = {
  id: string
  state: string
  reason: string | null
  location: string
  history: { state: string }[]
  asked_by: string
}
let tokens = 0

/** A device of its own for each test; `actuators` waits until they are known. */
export async function add(integration = 'obedient') {
  const { store } = stand
  const tenant = store.as(await store.people.askerNamed('kari'))
  const device = await tenant.addDevice(house, integration, { credentials: { token: `top-secret-${++tokens}` } })
  await stand.bus.publish(desiredTopic(house, integration, device.count), '{}')
  const path = `/api/houses/${house}/devices/${integration}/count/${device.count}`
  const known = async () => ((await (await ask('GET', `${path}/actuators`)).json()) as { known: boolean }).known
  const command = async (body: unknown) => {
    const answer = await ask('POST', `${path}/commands`, body)
    return { status: answer.status, location: answer.headers.get('location'), body: (await answer.json()) as Shown }
  }
  const warm = (temperature: unknown, more: object = {}) =>
    command({ capability: 'thermostat', verb: 'setTargetTemperature', arguments: { temperature }, ...more })
  const read = async (id: string) => (await (await ask('GET', `${path}/commands/${id}`)).json()) as Shown
  const becomes = async (id: string, state: string) => {
    await until(
      `command is ${state}`,
      async () => (await read(id)).state === state,
      async () => JSON.stringify(await read(id)),
    )
    return read(id)
  }
  const remove = () => ask('DELETE', path)
  return { path, count: device.count, known, command, warm, read, becomes, remove, tenant, id: device.id }
}

export async function until(
  what: string,
  so: () => boolean | Promise<boolean>,
  instead: () => Promise<string> = async () => 'nothing',
  patience = 40_000,
): Promise<void> {
  const deadline = Date.now() + patience
  while (!(await so())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}; it is ${await instead()}`)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}

export const states = ({ history }: Shown) => history.map(({ state }) => state)
