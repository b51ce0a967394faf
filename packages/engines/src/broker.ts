import type { EventEmitter } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { Aedes, type AuthenticateError, type Client } from 'aedes'
import { Accounts } from './broker/accounts.ts'
import { coversFilter, isAllowed, isFilter } from './broker/acl.ts'
import { type Connection, Connections } from './broker/connections.ts'
import type { Broker, BrokerOptions, BrokerStats } from './broker/contract.ts'
import { Counts } from './broker/counts.ts'
import { Delivery } from './broker/delivery.ts'
import { controlAnswerTopic, dynamicSecurity } from './broker/dynamic-security.ts'
import { guardIntake } from './broker/intake.ts'
import { Journal } from './broker/journal.ts'
import { type BrokerLimits, defaultLimits } from './broker/limits.ts'
import { authorizePublishWith } from './broker/publishing.ts'
import { type Packet, Sessions } from './broker/sessions.ts'
import { signInWith } from './broker/sign-in.ts'

export type { Broker, BrokerOptions, BrokerStats } from './broker/contract.ts'
export type { BrokerLimits, BrokerLog } from './broker/limits.ts'

/**
 * What is journalled, and who takes it from there: clients with a session, so named, subscribed to all of it. Dataloggers
 * share the samples between them; each connector gets every command.
 */
const journalled = [
  { root: 'sensors', keeper: /^datalogger/, groupOf: (_clientId: string) => 'datalogger' },
  { root: 'commands', keeper: /^connector/, groupOf: (clientId: string) => clientId },
] as const
const reservedId = /^(datalogger|connector)/
const closeMillis = 1_500

/**
 * The embedded broker (MQTT 3.1.1). A QoS 1 or 2 message on `sensors/#` or `commands/#` is on disk before it is
 * acknowledged, and stays there until a keeper has acknowledged it.
 *
 * @throws when the folder cannot be read or the address is taken
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { folder, host, user, password, log = () => {} } = options
  const limits: BrokerLimits = { ...defaultLimits, ...options.limits }
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const accounts = await Accounts.open(folder)
  const counts = new Counts()
  const connections = new Connections()
  const lanes = await Promise.all(
    journalled.map(async ({ root, keeper, groupOf }) => {
      const journal = await Journal.open(join(folder, 'journal', root), limits, log)
      const age = root === 'commands' ? { maxAgeMillis: limits.commandSeconds * 1_000 } : {}
      const delivery = new Delivery(`journal/${root}`, journal, { ...limits, ...age }, log)
      return { root, keeper, groupOf, journal, delivery }
    }),
  )
  const payloads = new WeakSet<Buffer>()
  const laneOf = (topic: string) => lanes.find(({ root }) => topic.startsWith(`${root}/`))
  const isKeeper = (clientId: string, lane: (typeof lanes)[number]) =>
    lane.keeper.test(clientId) && sessions.filtersOf(clientId).some((filter) => coversFilter(filter, `${lane.root}/#`))

  const sessions: Sessions = new Sessions({
    limits,
    usernameOf: (client) => connections.of(client)?.username ?? '',
    isGranted: (client, filter) => connections.of(client)?.filters.has(filter) ?? false,
    isJournalled: (clientId, packet) => {
      const lane = payloads.has(packet.payload as Buffer) ? laneOf(packet.topic) : undefined
      return lane !== undefined && isKeeper(clientId, lane)
    },
    onDropped: (messages) => {
      counts.counts.droppedTooSlow += messages
    },
  })

  const security = dynamicSecurity(accounts, {
    reserved: user,
    onChanged: (username) => {
      for (const { client, username: other } of connections.list()) if (other === username) client.close()
      if (!accounts.clients.has(username)) sessions.forgetUser(username)
    },
  })
  const signIn = signInWith(accounts, user, password, limits)

  const aedes = new Aedes({
    // Without a queue of its own the emitter has nothing to recurse over; what waits is bounded at the sockets.
    concurrency: 0,
    persistence: sessions,
    connectTimeout: limits.connectSeconds * 1_000,
    drainTimeout: 0,
    maxInflightInbound: limits.qos2InFlight,
    maxClientsIdLength: 256,
    maxTopicLevels: 50,

    preConnect(_client, packet, done) {
      packet.keepalive = Math.min(packet.keepalive || limits.keepaliveSeconds, limits.keepaliveSeconds)
      if (packet.clientId === '') packet.clean = true
      const isOdd = packet.clientId.length > 256 || /[\0\uFFFD]/.test(packet.clientId)
      if (isOdd) counts.closed('client id')
      done(isOdd ? new Error('client id not usable') : null, !isOdd)
    },

    authenticate(client, username, given, done) {
      const connection = connections.of(client)
      const refuse = (returnCode: number, reason: string) => {
        counts.closed(reason)
        done(Object.assign(new Error(reason), { returnCode }) as AuthenticateError, false)
      }
      if (connection === undefined) return refuse(3, 'closed')
      void signIn(connection.address, username, given, client.id).then(async (result) => {
        if (client.closed) return
        if ('returnCode' in result) return refuse(result.returnCode, result.reason)
        const owner = connections.byId(client.id)?.username ?? sessions.ownerOf(client.id) ?? username
        const isForeign = owner !== username || reservedId.test(client.id)
        if (isForeign && !result.isTrusted) return refuse(2, 'client id of another account')
        if (!client.clean && !result.isSystem && sessions.count >= limits.sessions)
          return refuse(3, 'too many sessions')
        Object.assign(connection, result, { username })
        if (result.isSystem) connection.intake.trust(10)
        const late = await connections.claim(connection)
        if (late !== undefined) letGo(late)
        done(null, true)
      })
    },

    authorizePublish: authorizePublishWith({
      broker: () => aedes,
      connections,
      accounts,
      dynamicSecurity: security,
      sessions,
      counts,
      limits,
      journalOf: (topic) => laneOf(topic)?.journal,
      journalled: payloads,
    }),

    authorizeSubscribe(client, subscription, done) {
      const connection = connections.of(client)
      const filter = subscription.topic
      const isWell = isFilter(filter) && Buffer.byteLength(filter) <= limits.topicBytes
      const isFull = connection?.filters.size === limits.subscriptionsPerClient && !connection.filters.has(filter)
      if (connection?.username === undefined || !isWell || isFull) return done(null, null)
      const mayHear = filter.startsWith('$')
        ? connection.isTrusted && coversFilter(filter, controlAnswerTopic)
        : connection.isSystem || isAllowed(accounts.aclsOf(connection.username), 'subscribe', filter)
      if (!mayHear) return done(null, null)
      connection.filters.add(filter)
      done(null, subscription)
    },

    authorizeForward(client, packet) {
      const connection = connections.of(client)
      if (connection?.username === undefined || client.closed) return null
      const lane = laneOf(packet.topic)
      const fromJournal = lane !== undefined && packet.brokerId === lane.delivery.name
      if (!fromJournal) {
        const isThere = lane !== undefined && payloads.has(packet.payload as Buffer)
        if (isThere && !client.clean && isKeeper(client.id, lane)) return null
        const acls = accounts.aclsOf(connection.username)
        if (!connection.isSystem && !isAllowed(acls, 'receive', packet.topic)) return null
        if (connection.socket.writableLength > limits.unsentBytes) {
          counts.counts.droppedTooSlow += 1
          if (packet.qos > 0) {
            counts.closed('does not read')
            setImmediate(() => connection.socket.destroy())
          }
          return null
        }
      }
      // Towards subscribers QoS 1 is the most there is: nothing has to be kept for a second handshake.
      if (packet.qos === 2) packet.qos = 1
      counts.counts.messagesOut += 1
      return packet
    },
  })

  const letGo = (connection: Connection) => {
    const { client } = connection
    // aedes may tell of the end of a connection long after another one has taken its client id over.
    if (!connections.isOpen(connection)) return
    const successor = connections.byId(client.id)
    for (const withdraw of connection.waiting) withdraw()
    if (connection.waiting.size > 0) for (const { journal } of lanes) journal.sweep()
    connection.waiting.clear()
    for (const { delivery } of lanes) delivery.leave(client)
    const isLast = successor === undefined || successor === connection || !successor.isRegistered
    if (client.id && !client.clean && connection.username !== undefined && isLast) sessions.forgetJournalled(client.id)
    connections.remove(connection)
  }
  const keep = (client: Client) => {
    if (client.clean || client.closed || !connections.of(client)?.isTrusted) return
    for (const lane of lanes) {
      if (isKeeper(client.id, lane)) lane.delivery.join(lane.groupOf(client.id), client)
      else lane.delivery.leave(client)
    }
  }

  aedes.on('client', (client) => Object.assign(connections.of(client) ?? {}, { isRegistered: true }))
  aedes.on('clientReady', keep)
  aedes.on('subscribe', (_subscriptions, client) => client !== null && keep(client))
  aedes.on('unsubscribe', (filters, client) => {
    for (const filter of filters) connections.of(client)?.filters.delete(filter)
    keep(client)
  })
  aedes.on('clientDisconnect', (client) => {
    const connection = connections.of(client)
    if (connection !== undefined) letGo(connection)
  })
  aedes.on('ack', (packet, client) => {
    const acknowledged: Partial<Packet> | undefined = packet
    const lane = lanes.find(({ delivery }) => delivery.name === acknowledged?.brokerId)
    const number = acknowledged?.brokerCounter
    if (number !== undefined) lane?.delivery.acknowledge(client, number)
  })
  for (const event of ['clientError', 'connectionError'] as const) {
    aedes.on(event, (client, error) => log('debug', 'A connection failed', { client: client.id, error: error.message }))
  }
  const emitter: EventEmitter = aedes
  emitter.on('error', (error: Error) => log('error', 'The broker failed at a message', { error: error.message }))
  await aedes.listen()

  const accept = (socket: Socket) => {
    socket.on('error', () => {})
    if (connections.count >= limits.clients) {
      counts.closed('too many connections')
      socket.destroy()
      return
    }
    const intake = guardIntake(socket, limits, {
      onViolation: (reason) => counts.closed(reason),
      onDropped: (messages) => {
        counts.counts.droppedTooFast += messages
      },
    })
    const connection = connections.add(aedes.handle(socket), socket, intake)
    socket.once('close', () => {
      // A client that aedes knows is let go when aedes has let it go.
      const wait = connection.isRegistered ? closeMillis : 0
      setTimeout(() => letGo(connection), wait).unref()
    })
  }
  const server = createServer({ noDelay: true, keepAlive: true }, accept)
  const port = await listen(server, host, options.port)

  const stats = (): BrokerStats => ({
    ...counts.counts,
    clients: connections.count,
    sessions: sessions.count,
    journal: {
      messages: sum(lanes, ({ journal }) => journal.messages),
      bytes: sum(lanes, ({ journal }) => journal.bytes),
      segments: sum(lanes, ({ journal }) => journal.segments),
      inFlight: sum(lanes, ({ delivery }) => delivery.inFlight),
    },
    waiting: sum(lanes, ({ journal }) => journal.waiting),
    diskFull: lanes.some(({ journal }) => journal.diskFull),
  })
  const timer = setInterval(() => {
    const { refusals, ...shown } = stats()
    log('debug', 'The broker’s minute', { ...shown, refusals: refusals.slice(-10) })
    sessions.forgetOld((clientId) => connections.byId(clientId) !== undefined)
  }, 60_000)
  timer.unref()

  const stop = async () => {
    clearInterval(timer)
    server.close()
    await Promise.all(lanes.map(({ delivery }) => delivery.close()))
    const closed = new Promise<void>((resolve) => aedes.close(resolve))
    for (const { socket } of connections.list()) socket.destroy()
    await closed
    await Promise.all(lanes.map(({ journal }) => journal.close()))
  }
  let stopping: Promise<void> | undefined
  const address = host.includes(':') ? `[${host}]` : host
  return {
    url: `mqtt://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${address}:${port}`,
    port,
    stats,
    close: () => {
      stopping ??= within(closeMillis, stop())
      return stopping
    },
  }
}

const sum = <Item>(items: readonly Item[], of: (item: Item) => number) =>
  items.reduce((total, item) => total + of(item), 0)

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

async function within(millis: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, millis)
  })
  await Promise.race([work, late]).finally(() => clearTimeout(timer))
}
