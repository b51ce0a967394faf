/** How many rejected rows are kept: a flood of bad messages is counted in full, but must not fill the disk. */
import type { Rejected } from '@nabolag/timeseries'

const hour = 3_600_000

export type RejectedQuota = {
  /** Those of the rows that may be written; the rest is only counted. */
  admit(rows: readonly Rejected[], now?: number): Rejected[]
}

/**
 * @param mostPerHouse rows an hour for one house; messages of no known house share one such quota
 * @param most rows an hour altogether
 * @param onFull called once an hour for each house that is over it
 */
export function makeRejectedQuota(
  mostPerHouse = 1000,
  most = 20_000,
  onFull: (houseId: number | undefined) => void = () => {},
): RejectedQuota {
  let began = Number.NEGATIVE_INFINITY
  let total = 0
  const perHouse = new Map<number | undefined, number>()
  return {
    admit(rows, now = Date.now()) {
      // A clock that went back must not stretch the hour.
      if (Math.abs(now - began) >= hour) {
        began = now
        total = 0
        perHouse.clear()
      }
      return rows.filter(({ houseId }) => {
        const used = perHouse.get(houseId) ?? 0
        if (total >= most || used > mostPerHouse) return false
        perHouse.set(houseId, used + 1)
        if (used === mostPerHouse) {
          onFull(houseId)
          return false
        }
        total++
        return true
      })
    },
  }
}
