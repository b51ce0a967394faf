/** The state of a device that publishes by itself: all that is known of it is when its samples came. */
import { type DeviceState, formatTime, microsFromMillis } from '@nabolag/core'

/** Times are ms since the epoch. */
export type Seen = {
  readonly desired: 'running' | 'stopped'
  /** s between two samples, as its kind says. */
  readonly samplingSeconds: number
  /** When the newest sample was measured (a forecast: issued). */
  readonly newest: number | undefined
  /** When a good sample came last. */
  readonly heard: number | undefined
  /** Since when somebody listens: what came before may not have been heard. */
  readonly watchedSince: number
}

export type Judgement = { readonly state: DeviceState; readonly reason: string | undefined }

/** A sample is missed when it is so many intervals late. */
const intervals = 3
/** The network, the batching and the clocks of others need some time, ms. */
const leastPatience = 10_000

/** ms without anything new after which a device is stale. */
export const patienceOf = (samplingSeconds: number): number =>
  Math.max(leastPatience, intervals * samplingSeconds * 1000)

/** What to tell the owner at this moment. */
export function judge({ desired, samplingSeconds, newest, heard, watchedSince }: Seen, now: number): Judgement {
  if (desired === 'stopped')
    return {
      state: 'stopped',
      reason: 'Stopped by its owner: nobody watches it. What it publishes is kept all the same',
    }
  const patience = patienceOf(samplingSeconds)
  const late = now - Math.max(newest ?? 0, watchedSince) > patience
  if (newest === undefined)
    return {
      state: 'starting',
      reason: late
        ? 'Nothing has come yet. Is the program running, with the address, user name, password and topic it was given?'
        : undefined,
    }
  if (!late) return { state: 'running', reason: undefined }
  const time = formatTime(microsFromMillis(Math.floor(newest / 1000) * 1000))
  if (heard !== undefined && now - heard <= patience)
    return {
      state: 'stale',
      reason: `Samples come, but the newest was measured at ${time}. Is the clock of the program right?`,
    }
  return {
    state: 'stale',
    reason: `Nothing has come since ${time}; one sample every ${readable(samplingSeconds)} is expected. Is the program, or its network, down?`,
  }
}

const readable = (seconds: number) =>
  seconds >= 7200
    ? `${+(seconds / 3600).toFixed(1)} h`
    : seconds >= 120
      ? `${+(seconds / 60).toFixed(1)} min`
      : `${seconds} s`
