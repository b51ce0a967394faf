import { hourOfDay, midnightBefore, weekday } from '../world/local-time.ts'
import { random } from '../world/noise.ts'

/** How many of the people are in: most of them at night, few on working days between eight and four. */
export function peopleAtHome(seed: number, ms: number, people: number): number {
  const clock = hourOfDay(ms)
  const day = Math.round(midnightBefore(ms) / 86_400_000)
  let home = 0
  for (let one = 0; one < people; one++) {
    const luck = (nth: number) => random(seed + 60 + 10 * one + nth, day)
    const works = weekday(ms) % 6 !== 0 && luck(1) > 0.15
    const leaves = works ? 7.2 + 1.3 * luck(2) : 11 + 3 * luck(3)
    const returns = works ? 15.3 + 2.2 * luck(4) : leaves + (luck(5) > 0.5 ? 2.5 : 0)
    if (clock < leaves || clock >= returns) home++
  }
  return home
}
