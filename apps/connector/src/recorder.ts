/** Carries states and log lines to the store, many at a time, and tells the bus which devices' states have changed. */
import type { Fleet, LogRow, StatusRow } from '@nabolag/store'

export type Recorder = {
  status(row: StatusRow, topic: string | undefined): void
  line(row: LogRow): void
  flush(): Promise<void>
  close(): Promise<void>
  /** Lines that were dropped because the store was away for too long. */
  readonly dropped: number
}

const mostLines = 20_000
const atOnce = 500

export function makeRecorder(
  fleet: Pick<Fleet, 'saveStatuses' | 'appendLog'>,
  announce: (topic: string) => void,
  warn: (error: unknown) => void,
  every = 1000,
): Recorder {
  const statuses = new Map<number, StatusRow>()
  const topics = new Set<string>()
  let lines: LogRow[] = []
  let dropped = 0
  let flushing: Promise<void> | undefined

  const write = async () => {
    const changed = [...topics]
    topics.clear()
    try {
      while (statuses.size > 0) {
        const batch = [...statuses.values()].slice(0, atOnce)
        await fleet.saveStatuses(batch)
        for (const row of batch) if (statuses.get(row.deviceId) === row) statuses.delete(row.deviceId)
      }
      while (lines.length > 0) {
        const batch = lines.slice(0, atOnce)
        await fleet.appendLog(batch)
        lines = lines.slice(batch.length)
      }
    } catch (error) {
      warn(error)
      for (const topic of changed) topics.add(topic)
      return
    }
    for (const topic of changed) announce(topic)
  }
  const flush = () => {
    flushing ??= write().finally(() => {
      flushing = undefined
    })
    return flushing
  }
  const timer = setInterval(flush, every)

  return {
    status(row, topic) {
      // What a row does not speak of stays as an earlier one said that waits still.
      const { resume, places } = statuses.get(row.deviceId) ?? {}
      statuses.set(row.deviceId, { ...row, resume: row.resume ?? resume, places: row.places ?? places })
      if (topic !== undefined) topics.add(topic)
    },
    line(row) {
      if (lines.length >= mostLines) {
        lines = lines.slice(atOnce)
        dropped += atOnce
      }
      lines.push(row)
    },
    flush,
    async close() {
      clearInterval(timer)
      await flush()
      await flush()
    },
    get dropped() {
      return dropped
    },
  }
}
