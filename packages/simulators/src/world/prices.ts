/** Made-up day-ahead prices, NOK/kWh: two humps a day, cheap nights, weeks that differ, and a dear evening now and then. */
import { hourOfDay, midnightBefore, weekday } from './local-time.ts'
import { random, round, smooth } from './noise.ts'

/** Without tax, of the hour that holds the time. */
export function spotPriceAt(seed: number, ms: number): number {
  const start = Math.floor(ms / 3_600_000) * 3_600_000
  const day = midnightBefore(start) / 86_400_000
  const clock = hourOfDay(start)
  const level = 0.55 + 0.3 * smooth(seed + 31, day / 6)
  const hump = (at: number, width: number) => Math.exp(-(((clock - at) / width) ** 2))
  const work = weekday(start) % 6 === 0 ? 0.45 : 1
  const shape = 0.72 + work * (0.5 * hump(8, 1.8) + 0.62 * hump(18, 2.2)) - 0.28 * hump(3, 3)
  const dear = random(seed + 32, Math.floor(day)) < 0.08 ? 1 + 2.4 * hump(17.5, 1.6) : 1
  return round(level * shape * dear + 0.03 * smooth(seed + 33, start / 3_600_000), 5)
}

/** With 25 % VAT and the supplier's 4 øre, NOK/kWh. */
export const totalPriceAt = (seed: number, ms: number): number => round(1.25 * spotPriceAt(seed, ms) + 0.04, 5)
