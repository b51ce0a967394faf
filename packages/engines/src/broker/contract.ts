import type { BrokerCounts } from './counts.ts'
import type { BrokerLimits, BrokerLog } from './limits.ts'

export type BrokerOptions = {
  /** Where the journal and the accounts are kept; made when it is not there. */
  folder: string
  host: string
  /** 0 takes a free one. */
  port: number
  /** The system's own account, which may do everything. */
  user: string
  password: string
  limits?: Partial<BrokerLimits>
  log?: BrokerLog
}

export type BrokerStats = BrokerCounts & {
  clients: number
  sessions: number
  /** Messages in the journal (those acknowledged already too, until their segment is deleted), bytes and files. */
  journal: { messages: number; bytes: number; segments: number; inFlight: number }
  /** Messages whose senders wait for their acknowledgement. */
  waiting: number
  diskFull: boolean
}

export type Broker = {
  /** With user and password. */
  url: string
  port: number
  stats(): BrokerStats
  close(): Promise<void>
}
