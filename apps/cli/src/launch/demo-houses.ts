/** Makes the demo's houses and devices, over the API as any owner would. */
import { existsSync } from 'node:fs'
import { Problem } from '@nabolag/core'
import { writePrivately } from './data-folder.ts'
import type { Publishing } from './demo-stove.ts'

export type Login = { readonly username: string; readonly password: string }
type House = { readonly id: number }
type Device = { readonly name?: string; readonly integration?: string }
type Api = Awaited<ReturnType<typeof signIn>>

/**
 * Houses 3, 4 and 5, numbered as the thesis has them, and house 6, which is house 3 once more. What is there already is left as it is.
 *
 * @param stoveFile where the account of the sensor over the wood stove is laid down
 */
export async function setUpHouses(http: string, login: Login, stoveFile: string): Promise<void> {
  const { demoHouses } = await import('@nabolag/simulators')
  const api = await signIn(http, login)
  const there = new Set((await api<House[]>('GET', '/houses')).map(({ id }) => id))
  const last = Math.max(...demoHouses.map(({ number }) => number))
  // Numbers are given in turn: those before the first are made and go again.
  for (let made = Math.max(0, ...there); made < last; ) {
    const wanted = demoHouses.find(({ number }) => number === made + 1)
    const { id } = await api<House>('POST', '/houses/new', {
      name: wanted?.name ?? 'Not used',
      ...(wanted && { latitude: wanted.latitude, longitude: wanted.longitude }),
    })
    if (!wanted) await api('DELETE', `/houses/${id}`)
    made = id
  }
  for (const { number, devices, stove } of demoHouses) {
    const known = await api<Device[]>('GET', `/houses/${number}/devices`)
    const text = JSON.stringify(known)
    for (const { integration, credentials } of devices)
      if (!text.includes(`"${integration}"`))
        await api('POST', `/houses/${number}/devices/${integration}/new`, credentials)
    if (stove) await setUpStove(api, number, known, stoveFile)
  }
}

/** A device that publishes by itself, of a kind of our own; its account goes into the file. */
async function setUpStove(api: Api, house: number, known: readonly Device[], file: string): Promise<void> {
  const { stoveSensor } = await import('@nabolag/simulators')
  const { name, label, group, every } = stoveSensor
  const at = `/houses/${house}/devices/${name}`
  if (JSON.stringify(known).includes(`"${name}"`)) {
    if (!existsSync(file)) writePrivately(file, await api<Publishing>('POST', `${at}/count/0/publishing`))
    return
  }
  if (!(await api<Device[]>('GET', '/devices/')).some((kind) => kind.name === name))
    await api('POST', '/devices/', {
      name,
      label,
      required_fields: [],
      database_group_name: group,
      sampling_seconds: every,
    })
  const { publishing } = await api<{ publishing: Publishing }>('POST', `${at}/new`, {})
  writePrivately(file, publishing)
}

export async function signIn(http: string, { username, password }: Login) {
  const answer = await fetch(`${http}/api/auth/login`, {
    method: 'POST',
    body: new URLSearchParams({ username, password }),
  })
  const cookie = answer.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ')
  if (!answer.ok)
    throw Problem(
      'invalid-login',
      `The demo’s own user cannot sign in (${answer.status}); nabolag demo --fresh starts anew`,
    )
  return async <Body>(method: string, path: string, body?: object): Promise<Body> => {
    const reply = await fetch(`${http}/api${path}`, {
      method,
      headers: { cookie, ...(body && { 'content-type': 'application/json' }) },
      body: body && JSON.stringify(body),
    })
    const text = await reply.text()
    if (!reply.ok) throw Problem('internal-error', `${method} ${path} was answered with ${reply.status}: ${text}`)
    return (text === '' ? undefined : JSON.parse(text)) as Body
  }
}
