/** Victron's cloud broker for VRM portals, simulated; the batteries of the simulated houses obey what is written. */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Aedes, type AuthenticateError, type Client } from 'aedes'
import { makeFaults } from './faults.ts'
import { type Account, isBench, type ListenOptions, type Simulator, startFaultSwitch } from './server.ts'
import { benchHome, homeOf, makeSite } from './victron-site.ts'
import { makeVoice, type Voice } from './victron-voice.ts'
import type { LivingHouse } from './world/house.ts'
import { seedOf } from './world/noise.ts'
import type { World } from './world/world.ts'

/** CONNACK (MQTT 3.1.1, 3.2.2.3). */
const unavailable = 3
const badLogin = 4

type Visitor = { readonly account: string; readonly portal: string; readonly mayWrite: boolean }

/**
 * Starts the broker; its faults are switched over HTTP at `faultsUrl`. The owner of a house signs in with e-mail and
 * `Token <token>`; with `-viewer` behind the token it is a user who may only look.
 */
export async function startVictron(world: World, options: ListenOptions = {}): Promise<Simulator> {
  const { port = 0, host = '127.0.0.1' } = options
  const faults = makeFaults()
  const voices = new Map<string, Voice>()
  const visitors = new WeakMap<Client, Visitor>()
  const sockets = new Set<Socket>()
  const owned = world.houses.filter((living) => living.house.victron !== undefined)

  const visit = (email: string, password: string): Visitor | undefined => {
    const token = /^Token (.+)$/.exec(password)?.[1]
    if (token === undefined) return undefined
    const bench = email.split('@')[0]
    if (isBench(bench)) return { account: bench, portal: bench, mayWrite: true }
    for (const { house } of owned) {
      const { email: owner, token: own, portal } = house.victron!
      if (email.toLowerCase() !== owner || (token !== own && token !== `${own}-viewer`)) continue
      return { account: owner, portal, mayWrite: token === own }
    }
    return undefined
  }

  const voiceOf = ({ portal, account }: Visitor): Voice => {
    const known = voices.get(portal)
    if (known) return known
    const living = owned.find(({ house }) => house.victron!.portal === portal)
    const site = makeSite(portal, living ? homeOf(living) : benchHome(seedOf(portal)))
    const voice = makeVoice(site, faults, account, world.now, (path, payload) => {
      const packet = {
        cmd: 'publish',
        topic: `N/${portal}/${path}`,
        payload,
        qos: 0,
        retain: false,
        dup: false,
      } as const
      broker.publish(packet, () => {})
    })
    voices.set(portal, voice)
    return voice
  }

  const broker = new Aedes({
    concurrency: 1000,
    authenticate: (client, username, password, done) => {
      const visitor = visit(username ?? '', String(password ?? ''))
      const refuse = (returnCode: number) =>
        done(Object.assign(new Error('refused'), { returnCode }) as AuthenticateError, false)
      const account = visitor?.account
      if (faults.strike('outage', account) || faults.strike('throttled', account)) return refuse(unavailable)
      if (!visitor || faults.strike('refused', account)) return refuse(badLogin)
      visitors.set(client, visitor)
      done(null, true)
    },
    // Nothing without the portal's id, and only one's own.
    authorizeSubscribe: (client, subscription, done) => {
      const portal = client && visitors.get(client)?.portal
      done(null, subscription.topic.startsWith(`N/${portal}/`) ? subscription : null)
    },
    authorizePublish: (client, packet, done) => {
      const portal = client && visitors.get(client)?.portal
      const isOwn = [`R/${portal}/`, `W/${portal}/`].some((start) => packet.topic.startsWith(start))
      done(isOwn && !packet.retain ? null : new Error('not allowed'))
    },
  })
  broker.on('publish', (packet, client) => {
    const visitor = client ? visitors.get(client) : undefined
    if (!visitor) return
    const [kind, portal, ...path] = packet.topic.split('/')
    if (portal !== visitor.portal) return
    const payload = packet.payload.toString()
    if (kind === 'R') voiceOf(visitor).ask(path.join('/'), payload)
    if (kind === 'W' && visitor.mayWrite) voiceOf(visitor).write(path.join('/'), payload)
  })
  for (const event of ['clientError', 'connectionError'] as const) broker.on(event, () => {})
  await broker.listen()

  const cut = (fault: string) => {
    if (fault === 'reset' || fault === 'outage') for (const socket of sockets) socket.destroy()
  }
  faults.onSet(cut)
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    if (faults.strike('reset', undefined)) socket.destroy()
    else if (faults.strike('html', undefined)) socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n<html><h1>502</h1></html>')
    else if (!faults.strike('mute', undefined)) broker.handle(socket)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const control = await startFaultSwitch(faults, { host })
  const name = host.includes(':') ? `[${host}]` : host
  return {
    url: `mqtt://${name}:${(server.address() as AddressInfo).port}`,
    faults,
    faultsUrl: control.faultsUrl,
    accounts: owned.map(accountOf),
    close: async () => {
      for (const voice of voices.values()) voice.close()
      await control.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
      await new Promise<void>((resolve) => broker.close(() => resolve()))
    },
  }
}

const accountOf = ({ house }: LivingHouse): Account => {
  const { portal, email, token } = house.victron!
  return {
    integration: 'victron',
    credentials: { 'portal-id': portal, email, 'access-token': token },
    holds: `the panels and the battery of ${house.name}`,
  }
}
