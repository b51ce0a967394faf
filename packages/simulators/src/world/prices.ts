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

/** Nord Pool's areas that have prices here. */
export const areas: readonly string[] = 'NO1 NO2 NO3 NO4 NO5 SE1 SE2 SE3 SE4 DK1 DK2 FI EE LV LT'.split(' ')

const rates = { EUR: 1, NOK: 11.7, SEK: 11.2, DKK: 7.46, PLN: 4.25, RON: 5.05, BGN: 1.956 } as const
/** Of one euro. */
export const rateOf = (currency: keyof typeof rates): number => rates[currency]

/**
 * EUR/kWh of an area, the mean over a period of 15 or 60 minutes that begins at `ms`. NO3 is what the simulated houses
 * pay; the north is cheap, the south dear, and windy nights in Denmark cost less than nothing.
 */
export function eurPriceAt(seed: number, area: string, ms: number, length: number): number {
  const quarters = Array.from({ length: Math.round(length / 900_000) }, (_, n) => ms + n * 900_000)
  const { share, shift } = kindOf(area)
  const priceOf = (at: number) =>
    (share * spotPriceAt(seed, at)) / rates.NOK +
    shift * (0.5 + smooth(seed + 34, at / 20_000_000)) +
    0.0012 * (random(seed + 35, at / 900_000) - 0.5)
  return quarters.reduce((sum, at) => sum + priceOf(at), 0) / quarters.length
}

function kindOf(area: string): { readonly share: number; readonly shift: number } {
  if (area === 'NO4' || area === 'SE1') return { share: 0.2, shift: 0 }
  if (area === 'NO3' || area === 'SE2') return { share: 1, shift: 0 }
  if (area.startsWith('DK')) return { share: 1.4, shift: -0.06 }
  return { share: 1.5, shift: 0.01 }
}
