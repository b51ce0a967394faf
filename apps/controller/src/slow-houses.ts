/**
 * Houses whose measurements do not come while those of others do. Such a house is not asked for at once again and again,
 * as while ClickHouse is away, and its people are told.
 */
export type SlowHouses = {
  /**
   * @param forAll ClickHouse has not answered for others either since
   * @returns whether it is for this house alone that it does not answer
   */
  failed(houseId: number, forAll: boolean): boolean
  worked(houseId: number): void
}

/** So often in a row before it is not taken for chance. */
const most = 3

export function watchHouses(): SlowHouses {
  const times = new Map<number, number>()
  return {
    failed(houseId, forAll) {
      const had = (times.get(houseId) ?? 0) + (forAll ? 0 : 1)
      times.set(houseId, had)
      return had >= most && !forAll
    },
    worked: (houseId) => void times.delete(houseId),
  }
}
