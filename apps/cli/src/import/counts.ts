/** What became of the rows of a file. */

export type Reason = { readonly reason: string; readonly line: number; count: number }

export type Counts = {
  rows: number
  /** Values: one sample may hold several. */
  points: number
  samples: number
  /** Rows in which nothing was measured. */
  empty: number
  /** Rows that say they are of another house. */
  otherHouses: number
  rejected: number
  /** By what is wrong, numbers aside; the first line of each. */
  reasons: Record<string, Reason>
}

/** Kinds of reasons told apart; what is more is counted together. */
const mostReasons = 50

export const noCounts = (): Counts => ({
  rows: 0,
  points: 0,
  samples: 0,
  empty: 0,
  otherHouses: 0,
  rejected: 0,
  reasons: {},
})

export function countRejected(counts: Counts, line: number, reason: string): void {
  counts.rejected++
  const kind = reason.replace(/-?\d+([.:-]\d+)*/g, '#')
  const known =
    counts.reasons[kind] ?? (Object.keys(counts.reasons).length < mostReasons ? undefined : counts.reasons.others)
  if (known) known.count++
  else if (Object.keys(counts.reasons).length < mostReasons) counts.reasons[kind] = { reason, line, count: 1 }
  else counts.reasons.others = { reason: 'other reasons', line, count: 1 }
}
