/** What people switch on: everything in a house but its heat pumps. A function of the time and the house's seed. */
import { hourOfDay, midnightBefore, weekday } from './local-time.ts'
import { random, smooth } from './noise.ts'

const minute = 60_000

/** Mean power over the minute, W. */
export function loadAt(seed: number, ms: number): number {
  const at = Math.floor(ms / minute)
  const clock = hourOfDay(ms)
  const day = Math.round(midnightBefore(ms) / 86_400_000)
  const weekend = weekday(ms) % 6 === 0
  const between = (from: number, hours: number) => clock >= from && clock < from + hours
  const chance = (nth: number) => random(seed + nth, day)

  let watts = 170 + 25 * smooth(seed + 41, at / 7)
  // Fridge and freezer.
  if ((at + Math.floor(seed % 50)) % 47 < 18) watts += 95
  // Light and screens while somebody is awake.
  if (between(weekend ? 8 : 6.3, weekend ? 15.5 : 1.8)) watts += 180
  if (between(16, 7)) watts += 330 + 90 * smooth(seed + 42, at / 23)
  // The water heater fills up after showers.
  if (between(6.6 + chance(43), 1.1 + 0.4 * chance(44))) watts += 1950
  if (between(21.2 + chance(45) * 0.8, 0.9)) watts += 1950
  // Breakfast, dinner, and a machine some evenings.
  if (between(6.9 + (weekend ? 2 : 0) + 0.4 * chance(46), 0.08)) watts += 1900
  if (between(16.4 + 1.2 * chance(47), 0.75))
    watts += 1300 + 900 * (random(seed + 48, Math.floor(at / 3)) > 0.5 ? 1 : 0)
  if (chance(49) < 0.45 && between(19.2 + chance(50), 1.3))
    watts += random(seed + 51, Math.floor(at / 6)) > 0.6 ? 1850 : 160
  return Math.max(80, watts)
}

/** Heat that people and their things give to a room, kW. */
export const gainsAt = (seed: number, ms: number): number => 0.12 + (0.25 * loadAt(seed, ms)) / 4000
