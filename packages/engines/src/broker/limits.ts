/** What one broker allows. Every number bounds memory, disk or time; none is a quota to be sold. */
export const defaultLimits = {
  /** Open connections, signed in or not. */
  clients: 2_000,
  /** Bytes of one MQTT packet. */
  packetBytes: 1_048_576,
  /** Bytes of a topic or of a subscription's filter. */
  topicBytes: 512,
  /** Seconds a connection has for its CONNECT. */
  connectSeconds: 10,
  /** Longest keep-alive; clients that ask for a longer one, or for none, get this one. */
  keepaliveSeconds: 1_200,
  subscriptionsPerClient: 100,
  /** Sessions kept for clients that connect with `clean = false`, and how long they stay after the client left. */
  sessions: 1_000,
  sessionSeconds: 86_400,
  /** What waits in memory for one such session (journalled messages wait on disk instead). */
  queuedMessages: 1_000,
  queuedBytes: 4_194_304,
  /** QoS 2 messages of one client that wait for their PUBREL. */
  qos2InFlight: 20,
  retainedMessages: 1_000,
  retainedBytes: 8_388_608,
  /** QoS 0 messages a second of one connection (the system's own account: ten times as many). */
  qos0PerSecond: 1_000,
  /** Bytes a second of one connection (the system's own account: ten times as many). */
  bytesPerSecond: 8_388_608,
  /** After so long beyond the QoS 0 rate, messages are dropped instead of slowing the sender down. */
  patienceSeconds: 3,
  /** Bytes that wait to be sent to one client before messages for it are dropped or the client is let go. */
  unsentBytes: 1_048_576,
  /** What the journal holds of messages nobody has acknowledged; beyond it publishers wait. */
  journalMessages: 1_000_000,
  journalBytes: 1_073_741_824,
  segmentBytes: 16_777_216,
  /** Journalled messages on their way to one subscriber that it has not acknowledged. */
  windowMessages: 5_000,
  windowBytes: 8_388_608,
  /** A command older than this is not delivered any more. */
  commandSeconds: 600,
  /** Wait for the disk (fdatasync) before acknowledging: survives a power cut, not only a crash of the process. */
  syncToDisk: true,
  /** Wrong passwords in a minute, for one user name from one address, and for all user names from one address. */
  wrongPasswords: 5,
  wrongPasswordsPerAddress: 50,
}

export type BrokerLimits = typeof defaultLimits

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
/** Where the broker says what happens. Holds no passwords and no payloads. */
export type BrokerLog = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void
