/** Waits for readings that show what was commanded. */
import { type ConfirmedBy, verbOf } from '@nabolag/core'
import type { CheckedReading } from '../readings.ts'
import type { Awaited } from './contract.ts'

export type Confirming = {
  /** From now on its readings are looked at. A later command for the same thing takes its place. */
  add(awaited: Awaited): void
  /** What a device has measured; `askedAt` is when its vendor was asked, ms since the epoch. */
  heard(device: number, readings: readonly CheckedReading[], askedAt: number): void
  forget(device: number): void
  close(): void
}

export type ConfirmingGiven = {
  /** How long it is waited, ms. */
  readonly patience: number
  readonly onConfirmed: (command: string) => void
  readonly onGivenUp: (command: string) => void
}

type Waiting = { readonly awaited: Awaited; readonly by: ConfirmedBy; readonly timer: NodeJS.Timeout }

/** Timers cannot wait for longer. */
const longestTimer = 2 ** 31 - 1

export function makeConfirming({ patience, onConfirmed, onGivenUp }: ConfirmingGiven): Confirming {
  const waiting = new Map<number, Waiting[]>()

  const drop = (one: Waiting) => {
    clearTimeout(one.timer)
    const { device } = one.awaited
    const left = (waiting.get(device) ?? []).filter((other) => other !== one)
    if (left.length > 0) waiting.set(device, left)
    else waiting.delete(device)
  }

  return {
    add(awaited) {
      const by = verbOf(awaited.capability, awaited.verb)?.confirmedBy
      if (!by) return
      for (const one of waiting.get(awaited.device) ?? []) if (isSame(one.awaited, awaited)) drop(one)
      const left = awaited.doneAt + patience - Date.now()
      const entry: Waiting = {
        awaited,
        by,
        timer: setTimeout(
          () => {
            drop(entry)
            onGivenUp(awaited.id)
          },
          Math.min(longestTimer, Math.max(0, left)),
        ),
      }
      waiting.set(awaited.device, [...(waiting.get(awaited.device) ?? []), entry])
    },
    heard(device, readings, askedAt) {
      for (const one of waiting.get(device) ?? []) {
        if (askedAt < one.awaited.doneAt || !readings.some((reading) => shows(reading, one.awaited, one.by))) continue
        drop(one)
        onConfirmed(one.awaited.id)
      }
    },
    forget(device) {
      for (const one of waiting.get(device) ?? []) drop(one)
    },
    close() {
      for (const list of waiting.values()) for (const one of list) clearTimeout(one.timer)
      waiting.clear()
    },
  }
}

const isSame = (one: Awaited, other: Awaited) =>
  one.capability === other.capability && one.verb === other.verb && one.location === other.location

/** Whether a reading shows what the command wanted. */
export function shows(
  { location = '', fields }: Pick<CheckedReading, 'location' | 'fields'>,
  command: Pick<Awaited, 'location' | 'arguments'>,
  { field, argument, equals, within = 0 }: ConfirmedBy,
): boolean {
  const value = fields[field]
  const wanted = argument === undefined ? equals : command.arguments[argument]
  if (value === undefined || wanted === undefined || location !== command.location) return false
  if (typeof value === 'number' && typeof wanted === 'number') return Math.abs(value - wanted) <= within + 1e-9
  return value === wanted
}
