/** Everything that is simulated, and since when. */

import { type LivingHouse, makeHouse } from './house.ts'
import { type DemoHouse, demoHouses } from './houses.ts'

export type World = {
  readonly seed: number
  /** ms; the houses begin to live here. Two worlds with the same seed, start and houses are the same. */
  readonly start: number
  readonly houses: readonly LivingHouse[]
  readonly now: () => number
}

export type WorldOptions = {
  readonly seed?: number
  /** ms; 31 days before now when absent, on the hour. */
  readonly start?: number
  readonly houses?: readonly DemoHouse[]
  readonly now?: () => number
}

const hour = 3_600_000

/** Free until asked: houses are simulated as far as somebody wants to know. */
export function makeWorld({ seed = 2023, start, houses = demoHouses, now = Date.now }: WorldOptions = {}): World {
  const from = start ?? Math.floor(now() / hour) * hour - 31 * 24 * hour
  return { seed, start: from, now, houses: houses.map((house) => makeHouse(house, seed, from)) }
}
