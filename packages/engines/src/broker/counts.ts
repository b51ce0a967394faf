/** What the broker has done since it started. */
export type BrokerCounts = {
  messagesIn: number
  messagesOut: number
  /** Publishes that the account may not do. */
  refused: number
  /** QoS 0 messages beyond the rate of their sender. */
  droppedTooFast: number
  /** Messages for subscribers that do not read them, or have been away for too long. */
  droppedTooSlow: number
  /** Connections refused or closed, by reason. */
  closed: Record<string, number>
  /** The last kinds of refused publishes. */
  refusals: { username: string; topic: string; count: number }[]
}

const mostRefusals = 200

/** Counts that cannot grow without bound, whatever clients send. */
export class Counts {
  readonly counts: BrokerCounts = {
    messagesIn: 0,
    messagesOut: 0,
    refused: 0,
    droppedTooFast: 0,
    droppedTooSlow: 0,
    closed: {},
    refusals: [],
  }

  /** `reason` is one of the broker's own words, never a text of a client. */
  closed(reason: string): void {
    this.counts.closed[reason] = (this.counts.closed[reason] ?? 0) + 1
  }

  refused(username: string, topic: string): void {
    this.counts.refused += 1
    const shown = topic.slice(0, 200)
    const { refusals } = this.counts
    const known = refusals.find((refusal) => refusal.username === username && refusal.topic === shown)
    if (known !== undefined) known.count += 1
    else refusals.push({ username, topic: shown, count: 1 })
    if (refusals.length > mostRefusals) refusals.shift()
  }
}
