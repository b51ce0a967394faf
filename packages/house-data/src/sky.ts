/** Sunlight on level ground where nobody forecasts it: a clear sky, less what clouds keep off. */
import { type Place, sunAt } from '@nabolag/core'

/**
 * All sunlight on level ground under a clear sky, W/m²: Haurwitz (1945), 1098 cos z exp(−0.057 / cos z).
 *
 * @param ms since 1970, UTC
 */
export function clearSky(place: Place, ms: number): number {
  const height = Math.cos((sunAt(place, ms).zenith * Math.PI) / 180)
  return height <= 0.01 ? 0 : 1098 * height * Math.exp(-0.057 / height)
}

/**
 * The same under clouds, W/m²: times 1 − 0.75 n^3.4, with n the share of the sky that they cover (Kasten and Czeplak,
 * 1980).
 *
 * @param cloud %
 */
export const underClouds = (clear: number, cloud: number): number =>
  clear * (1 - 0.75 * Math.min(1, Math.max(0, cloud / 100)) ** 3.4)
