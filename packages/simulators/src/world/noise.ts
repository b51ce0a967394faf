/** Noise without memory: the same seed and place give the same value for ever, in any order. */

/** A number in [0, 1) for an integer. */
export function random(seed: number, n: number): number {
  let x = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(n | 0, 0xc2b2ae35) ^ Math.floor(n / 2 ** 32)
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32
}

/** A smooth curve in [-1, 1] that has a new random height at each integer. */
export function smooth(seed: number, x: number): number {
  const below = Math.floor(x)
  const share = (1 - Math.cos((x - below) * Math.PI)) / 2
  return (random(seed, below) * (1 - share) + random(seed, below + 1) * share) * 2 - 1
}

/** The same text gives the same seed. */
export function seedOf(text: string): number {
  let hash = 2166136261
  for (let n = 0; n < text.length; n++) hash = Math.imul(hash ^ text.charCodeAt(n), 16777619)
  return hash >>> 0
}

export const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value))

/** Minus zero is zero: JSON knows no other. */
export const round = (value: number, digits: number): number => Number(value.toFixed(digits)) + 0
