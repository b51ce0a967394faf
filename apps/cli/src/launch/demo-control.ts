/** Puts the demo's houses under control, over the API as their owners would, and lays down the receipts of their past. */
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Problem, readSettings } from '@nabolag/core'
import type { ControlPast } from '@nabolag/simulators'
import { type Login, signIn } from './demo-houses.ts'
import type { Started } from './protocol.ts'

export type ControlGiven = {
  readonly http: string
  readonly login: Login
  /** What `controlPast` has left. */
  readonly file: string
}

type Room = { readonly id: number; readonly name: string; readonly loop?: number }
type Loop = { readonly id: number }

/** A device tells what it can do with its first answer: usually within seconds. */
const waitsFor = 60_000

/** Houses that have rooms already are left as they are. */
export async function demoControl(given: unknown): Promise<Started & { info: unknown }> {
  const { http, login, file } = given as ControlGiven
  const { demoHouses, demoSetup } = await import('@nabolag/simulators')
  const api = await signIn(http, login)
  const past = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ControlPast) : undefined
  let made = 0
  for (const house of demoHouses) {
    const { number } = house
    const setup = demoSetup(house)
    if ((await api<Room[]>('GET', `/houses/${number}/rooms`)).length > 0) continue
    const { prices, area, built, battery } = setup
    await api('PUT', `/houses/${number}/prices/settings`, prices)
    await api('PUT', `/houses/${number}/control/facts`, { area, built, ...(battery && { battery }) })
    /** The store's loops by their numbers in the setup. */
    const loops = new Map<number, number>()
    for (const room of setup.rooms) {
      const loop = setup.loops.find((one) => one.room === room.id)
      const { name, area: floor, comfort, sensors } = room
      const actuator = loop && { actuator: placeOf(loop.actuator) }
      const body = { name, area: floor, comfort, sensors, ...actuator }
      const { loop: id } = await patiently(() => api<Room>('POST', `/houses/${number}/rooms`, body))
      if (!loop || id === undefined) continue
      const { mode, controller, settings } = loop
      await api('PATCH', `/houses/${number}/control/${id}`, { mode, controller, settings })
      loops.set(loop.id, id)
    }
    for (const loop of setup.loops) {
      if (loop.room !== undefined) continue
      const { kind, mode, controller, settings, actuator } = loop
      const body = { kind, mode, controller, settings, actuator: placeOf(actuator) }
      const { id } = await patiently(() => api<Loop>('POST', `/houses/${number}/control`, body))
      loops.set(loop.id, id)
    }
    made += loops.size
    const receipts = past?.houses.find((one) => one.house === number)?.receipts ?? []
    await keepReceipts(
      number,
      receipts.flatMap(({ loop, receipt }) => {
        const id = loops.get(loop)
        return id === undefined ? [] : [{ loop: id, at: Date.parse(receipt.at), receipt }]
      }),
    )
  }
  return { close: async () => {}, info: { made } }
}

const placeOf = ({ device, count, location, capability }: Readonly<Record<string, unknown>>) => ({
  ...{ device, count, location, capability },
})

/** While the device has not answered yet, nobody knows its actuators, and the API says so. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const until = Date.now() + waitsFor
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (Date.now() > until) throw error
      await sleep(500)
    }
  }
}

async function keepReceipts(house: number, receipts: readonly { loop: number; at: number; receipt: object }[]) {
  if (receipts.length === 0) return
  const { DATABASE_URL, NABOLAG_MASTER_KEY } = readSettings(process.env)
  if (!DATABASE_URL || !NABOLAG_MASTER_KEY) throw Problem('bad-request', 'The demo needs DATABASE_URL and a master key')
  const { openStore } = await import('@nabolag/store')
  const store = await openStore({ url: DATABASE_URL, masterKey: NABOLAG_MASTER_KEY, connections: 1 })
  try {
    await store.fleet.addReceipts(
      house,
      receipts.map((one) => ({ ...one, receipt: one.receipt as Readonly<Record<string, unknown>> })),
    )
  } finally {
    await store.close()
  }
}
