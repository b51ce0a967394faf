/** Makes the demo's houses and devices, over the API as any owner would. */
import { Problem } from '@nabolag/core'

type Login = { readonly username: string; readonly password: string }
type House = { readonly id: number }
type Device = { readonly name?: string; readonly integration?: string }

/** Houses 3, 4 and 5, numbered as the thesis has them. What is there already is left as it is. */
export async function setUpHouses(http: string, login: Login): Promise<void> {
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
  for (const { number, devices } of demoHouses) {
    const known = await api<Device[]>('GET', `/houses/${number}/devices`)
    const text = JSON.stringify(known)
    for (const { integration, credentials } of devices)
      if (!text.includes(`"${integration}"`))
        await api('POST', `/houses/${number}/devices/${integration}/new`, credentials)
  }
}

async function signIn(http: string, { username, password }: Login) {
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
