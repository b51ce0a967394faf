/** What was written or erased, told to those who keep samples in memory: see `docs/decisions/hot-blocks.md`. */
import type { Micros } from '@nabolag/core'
import type { Erasure } from './types.ts'

export const hourMicros = 3_600_000_000

/** Hours of a house that are not as they were: `fromHour` ≤ hour < `toHour`, in hours since the epoch (UTC). */
export type Change = {
  readonly houseId: number
  readonly fromHour: number
  readonly toHour: number
  /** Samples may be gone; else there are only more of them, or other values. */
  readonly erased: boolean
}

export const hourOf = (time: Micros): number => Math.floor(time / hourMicros)

/** Changes in one message: it stays far below what a broker takes. */
const mostInMessage = 1000

/** The messages that say it. */
export function writeChanges(changes: readonly Change[]): string[] {
  const rows = changes.map(({ houseId, fromHour, toHour, erased }) => [houseId, fromHour, toHour, erased ? 1 : 0])
  const messages: string[] = []
  for (let at = 0; at < rows.length; at += mostInMessage)
    messages.push(JSON.stringify(rows.slice(at, at + mostInMessage)))
  return messages
}

/** `undefined` for a text that is no such message: then nothing is known of what changed. */
export function readChanges(text: string): Change[] | undefined {
  try {
    const rows: unknown = JSON.parse(text)
    if (!Array.isArray(rows)) return undefined
    return rows.map((row) => {
      if (!Array.isArray(row) || row.length !== 4 || !row.every(Number.isSafeInteger)) throw new TypeError('no change')
      const [houseId, fromHour, toHour, erased] = row as [number, number, number, number]
      return { houseId, fromHour, toHour, erased: erased === 1 }
    })
  } catch {
    return undefined
  }
}

/** Gathers the hours of samples, runs of hours as one. */
export class TouchedHours {
  private readonly hours = new Map<number, Set<number>>()
  private lastHouse = -1
  private lastHour = -1

  add(houseId: number, time: Micros): void {
    const hour = hourOf(time)
    if (houseId === this.lastHouse && hour === this.lastHour) return
    this.lastHouse = houseId
    this.lastHour = hour
    const known = this.hours.get(houseId)
    if (known) known.add(hour)
    else this.hours.set(houseId, new Set([hour]))
  }

  changes(): Change[] {
    const changes: Change[] = []
    for (const [houseId, hours] of this.hours) {
      let run: { fromHour: number; toHour: number } | undefined
      for (const hour of [...hours].sort((a, b) => a - b)) {
        if (run?.toHour === hour) run.toHour = hour + 1
        else {
          run = { fromHour: hour, toHour: hour + 1 }
          changes.push({ houseId, erased: false, ...run })
          run = changes.at(-1) as typeof run
        }
      }
    }
    return changes
  }
}

/** All that an erasure may have touched. */
export const changeOf = ({ houseId, from = 0, to = Number.MAX_SAFE_INTEGER }: Erasure): Change => ({
  houseId,
  fromHour: hourOf(from),
  toHour: hourOf(to) + 1,
  erased: true,
})
