/** When a house has its turns: by the clock, each house at a moment of its own, so that they do not come all at once. */

/** The golden ratio spreads neighbouring ids evenly. */
const golden = 0.6180339887498949

/**
 * The house's next moment, ms.
 *
 * @param now ms
 * @param every ms between two turns
 */
export function nextTurn(houseId: number, now: number, every: number): number {
  const offset = ((houseId * golden) % 1) * every
  const next = Math.ceil((now - offset) / every) * every + offset
  // One that has just been, out of its time, is not due again in a moment.
  return Math.round(next - now < every / 10 ? next + every : next)
}
