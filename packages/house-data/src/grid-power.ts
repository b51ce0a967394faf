/** What a house drew from the grid, where nothing counts it but its inverter says the power at the grid connection. */
import type { Use } from '@nabolag/control'
import type { Point } from './read-series.ts'

const hour = 3_600_000
/** Power is read as the mean of so long: buying and selling within it cancel out, as little else does, s. */
export const powerEvery = 300
const piece = 1000 * powerEvery
const pieces = hour / piece
/** Shorter holes lie on the line between their ends; longer ones are not known. */
const longestHole = 15 * 60_000
/** Share of an hour that must be known; the rest of it is taken to be like what is known. */
const leastKnown = 0.75

/**
 * kWh drawn in each hour, in order, from the mean power of pieces of five minutes. What was sold counts as nothing drawn,
 * and is not taken off what was drawn at another time. An hour of which less than three quarters are known is left out.
 *
 * @param powers W at the grid, positive while drawn: the mean of the five minutes that begin at `time`, in order
 * @param to ms: the hour that it lies in counts as far as it has gone
 */
export function useOfPower(powers: readonly Point<number>[], from: number, to: number): Use[] {
  const drawn = new Map(piecesOf(powers).map(({ time, value }) => [time, Math.max(0, value)]))
  const use: Use[] = []
  for (let start = Math.floor(from / hour) * hour; start < to; start += hour) {
    const end = Math.min(start + hour, to)
    const asked = Math.min(pieces, Math.ceil((end - start) / piece))
    const known = Array.from({ length: asked }, (_, n) => drawn.get(start + n * piece)).filter(
      (power) => power !== undefined,
    )
    if (known.length < leastKnown * asked) continue
    const mean = known.reduce((sum, power) => sum + power, 0) / known.length
    use.push({ start, end, energy: ((mean / 1000) * (end - start)) / hour })
  }
  return use
}

/** With short holes filled. */
function piecesOf(powers: readonly Point<number>[]): Point<number>[] {
  return powers.flatMap(({ time, value }, n) => {
    const next = powers[n + 1]
    const missed = next ? Math.round((next.time - time) / piece) - 1 : 0
    if (!next || missed < 1 || next.time - time - piece > longestHole) return [{ time, value }]
    return Array.from({ length: missed + 1 }, (_, k) => ({
      time: time + k * piece,
      value: value + ((next.value - value) * k) / (missed + 1),
    }))
  })
}
