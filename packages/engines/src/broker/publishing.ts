import type { Aedes, Client, PublishPacket } from 'aedes'
import type { Accounts } from './accounts.ts'
import { sensorPrefixOf, topicToPublish } from './acl.ts'
import type { Connection, Connections } from './connections.ts'
import type { Counts } from './counts.ts'
import { controlAnswerTopic, controlTopic, type DynamicSecurity } from './dynamic-security.ts'
import type { Journal } from './journal.ts'
import type { BrokerLimits } from './limits.ts'
import type { Sessions } from './sessions.ts'

/** Nobody can subscribe here: a message that was meant for the broker itself ends here. */
const nowhere = '$handled'
const shownBytes = 4_096
const refusalMillis = 1_000

export type PublishingParts = {
  broker: () => Aedes
  connections: Connections
  accounts: Accounts
  dynamicSecurity: DynamicSecurity
  sessions: Sessions
  counts: Counts
  limits: BrokerLimits
  journalOf: (topic: string) => Journal | undefined
  /** Payloads (by identity) of messages that are in the journal. */
  journalled: WeakSet<Buffer>
}

/**
 * aedes' hook before a PUBLISH is acknowledged: who may publish where, and the journal. Not calling back keeps the sender
 * waiting, and its socket unread. It never calls back at once, because aedes would go on parsing inside its own parser.
 */
export function authorizePublishWith(parts: PublishingParts) {
  const { connections, accounts, dynamicSecurity, sessions, counts, limits, journalled } = parts
  const saidAt = new Map<string, number>()

  const tell = (connection: Connection, packet: PublishPacket, reason: string) => {
    const username = connection.username ?? ''
    counts.refused(username, packet.topic)
    if (Date.now() - (saidAt.get(username) ?? 0) < refusalMillis) return
    if (saidAt.size >= 1_000) saidAt.clear()
    saidAt.set(username, Date.now())
    const prefix = sensorPrefixOf(accounts.aclsOf(username))
    const [, house, name] = /^h(\d{1,9})\.(.+)\.\d+$/.exec(username) ?? []
    const topic = `refused/${prefix?.house ?? house ?? 0}/${(prefix?.name ?? name ?? 'unknown').replaceAll(/[/+#]/g, '_')}`
    const message = {
      username,
      topic: packet.topic.slice(0, shownBytes),
      reason,
      time: new Date().toISOString(),
      payload: Buffer.from(packet.payload).subarray(0, shownBytes).toString(),
    }
    const payload = Buffer.from(JSON.stringify(message))
    parts.broker().publish({ cmd: 'publish', topic, payload, qos: 1, retain: false, dup: false }, () => {})
  }

  return (client: Client | null, packet: PublishPacket, callback: (error?: Error | null) => void) => {
    const answer = (error: Error | null = null) => queueMicrotask(() => callback(error))
    const connection = client === null ? undefined : connections.of(client)
    if (connection?.username === undefined || client === null) return answer(new Error('not signed in'))
    const isWill = packet.cmd === undefined
    if (client.closed && !isWill) return
    const refuse = (reason: string) => {
      tell(connection, packet, reason)
      if (!isWill) counts.closed('may not publish there')
      answer(new Error(`refused: ${reason}`))
    }

    const { topic } = packet
    counts.counts.messagesIn += 1
    if (Buffer.byteLength(topic) > limits.topicBytes || /[\0\uFFFD#+]/.test(topic)) return refuse('not a usable topic')
    if (topic.startsWith('$')) {
      if (topic !== controlTopic || !connection.isTrusted || isWill) return refuse('this topic is the broker’s own')
      const payload = Buffer.from(packet.payload)
      packet.topic = nowhere
      packet.retain = false
      void dynamicSecurity.answer(payload).then((text) => {
        answer()
        if (client.closed) return
        const reply = {
          cmd: 'publish' as const,
          topic: controlAnswerTopic,
          payload: Buffer.from(text),
          qos: 0 as const,
        }
        client.publish({ ...reply, retain: false, dup: false }, () => {})
      })
      return
    }
    if (!connection.isSystem) {
      const allowed = topicToPublish(accounts.aclsOf(connection.username), topic)
      if (allowed === undefined) return refuse('the account may not publish on this topic')
      packet.topic = allowed
      packet.retain = false
    } else if (packet.retain) packet.retain = sessions.canRetain(packet.topic, packet.payload.length + 200)

    const journal = packet.qos === 0 ? undefined : parts.journalOf(packet.topic)
    if (journal === undefined) return answer()
    const payload = Buffer.from(packet.payload)
    packet.payload = payload
    journalled.add(payload)
    const withdraw = journal.append(packet.topic, payload, packet.qos === 2 ? 2 : 1, () => {
      connection.waiting.delete(withdraw)
      answer()
    })
    if (!isWill) connection.waiting.add(withdraw)
  }
}
