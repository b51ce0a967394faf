/** A house with devices on real engines, for the tests that ask about its rooms and its control over the API. */
import { usualComfort } from '@nabolag/control'
import { microsFromMillis } from '@nabolag/core'
import type { Tenant } from '@nabolag/store'
import { afterAll, beforeAll } from 'vitest'
import { makeStand, makeToken, type Stand } from './thesis/stand.ts'

export let stand: Stand
export let token: string
export let kari: Tenant
export let house: number
export const now = Date.now()
export const hour = 3_600_000

/** Makes it before the tests of a file, and ends it after them. */
export function useControlHouse(): void {
  beforeAll(async () => {
    stand = await makeStand()
    token = await makeToken(stand, 'kari')
    kari = stand.store.as(await stand.store.people.askerNamed('kari'))
    house = (await kari.createHouse({ name: 'One', timezone: 'Europe/Oslo' })).id
    for (const name of ['sensibo-sky', 'mill-sense', 'mill-heater', 'systemair-vsr500', 'victron', 'met'])
      await kari.addDevice(house, name, { credentials: { of: name } })
    // As the vendor's last answer showed them.
    const verbs = { setTargetTemperature: { temperature: { minimum: 16, maximum: 30, step: 1 } }, setFallback: {} }
    const { id } = await kari.device(house, 'sensibo-sky', 0)
    const actuators = ['Stue', 'Soverom', 'Kjeller'].map((location) => ({ location, capability: 'thermostat', verbs }))
    await stand.store.fleet.remember(id, 'actuators', actuators)
    const sample = (device: string, group: string, location: string, temperature: number) => ({
      ...{ houseId: house, device, count: 0, group, location, tags: {}, issued: undefined },
      ...{ time: microsFromMillis(now - 60_000), fields: { temperature } },
    })
    const samples = [
      sample('sensibo-sky', 'heatPumpController', 'Stue', 20.4),
      sample('mill-sense', 'airSensor', 'Stue', 20.1),
      sample('mill-sense', 'airSensor', 'Bad', 23),
    ]
    await stand.timeseries.write(samples, now)
  }, 180_000)
  afterAll(async () => stand?.close())
}

export type Body = Record<string, unknown>
export async function ask<Answer = Body>(method: string, path: string, json?: unknown, as = token) {
  const answer = await stand.ask(method, `/api/houses/${house}${path}`, { token: as, json })
  const text = await answer.text()
  return { status: answer.status, body: (text === '' ? undefined : JSON.parse(text)) as Answer }
}
export const dayOf = (temperature: number) => usualComfort().weekday.map((wish) => ({ ...wish, temperature }))
export const sense = (location: string) => ({ device: 'mill-sense', count: 0, location })
export const pump = (location: string) => ({ device: 'sensibo-sky', count: 0, location })

export type Shown = { id: number; loop: number; name: string; wish: Body; sensors: Body[] }
export type LoopShown = {
  id: number
  mode: string
  pausedUntil: string | null
  settings: Body
  limits: Body
  kind: string
}
export const roomNamed = async (name: string, more: object = {}) =>
  (await ask<Shown>('POST', '/rooms', { name, ...more })).body
export const loopShown = async (id: number) =>
  (await ask<{ loops: LoopShown[] }>('GET', '/control')).body.loops.find((one) => one.id === id)
