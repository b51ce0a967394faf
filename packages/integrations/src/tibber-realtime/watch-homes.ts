/**
 * Homes that share a stream: the host sees that the stream as a whole speaks; here it is seen that each of its homes
 * does. The clock is the time of the measurements.
 */
import { VendorFailure } from '@nabolag/core'

const minute = 60_000
/** A home that has spoken and is silent for so long while others speak: the stream is opened anew. */
const silence = 10 * minute
/** The same for one that failed or never spoke; its meter may be off for long, and the others shall not suffer for it. */
const absence = 60 * minute
/** How often the account is asked which homes it has, and what they are called. */
const review = 60 * minute

export type HomeWatch = {
  /**
   * A measurement of a home, with its time (ms; not a number when it had none). Returns whether it is time to ask which
   * homes there are.
   *
   * @throws VendorFailure that of a home that has been away for too long: then all connect again
   */
  hear(nth: number, time: number): boolean
  /** A home's subscription ended. */
  lose(nth: number, failure: VendorFailure): void
}

export function watchHomes(names: readonly string[]): HomeWatch {
  const heard = names.map((): number | undefined => undefined)
  const lost = names.map((): VendorFailure | undefined => undefined)
  let began: number | undefined
  let now = 0
  let reviewed = 0
  return {
    lose: (nth, failure) => {
      lost[nth] = failure
    },
    hear(nth, time) {
      if (Number.isNaN(time)) return false
      if (began === undefined) {
        began = time
        reviewed = time
      }
      now = Math.max(now, time)
      heard[nth] = now
      for (const [home, last] of heard.entries()) {
        const failure = lost[home]
        if (failure && now - began > absence) throw failure
        if (!failure && now - (last ?? began) > (last === undefined ? absence : silence))
          throw new VendorFailure(
            'unreachable',
            `Tibber has sent nothing of ${names[home]} for ${last === undefined ? 60 : 10} minutes, while it sends of the others`,
          )
      }
      if (now - reviewed < review) return false
      reviewed = now
      return true
    },
  }
}
