/** A wood stove that is lit on many evenings of the cold months. */
import { hourOfDay, midnightBefore } from './local-time.ts'
import { clamp, random, round, smooth } from './noise.ts'

const hour = 3_600_000

/** How well it burns, 0 to 1: lit on three evenings of five between five and eight, it burns for three hours or so. */
export function fireAt(seed: number, ms: number): number {
  const midnight = midnightBefore(ms)
  const day = Math.round(midnight / (24 * hour))
  if (random(seed + 41, day) > 0.6) return 0
  const since = hourOfDay(ms) - (17 + 3 * random(seed + 42, day))
  const burns = 2.2 + 1.6 * random(seed + 43, day)
  const glow = since < 0 ? 0 : since < burns ? 1 - Math.exp(-since / 0.25) : Math.exp(-(since - burns) / 0.5)
  return glow < 0.01 ? 0 : clamp(glow * (0.9 + 0.1 * smooth(seed + 44, ms / 300_000)), 0, 1)
}

/** °C of the air a step above the stove. */
export const overStoveAt = (seed: number, ms: number, room: number): number =>
  round(room + 34 * fireAt(seed, ms) + 0.2 * random(seed + 45, Math.floor(ms / 10_000)), 1)
