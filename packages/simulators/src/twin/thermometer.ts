/** A thermometer as vendors' clouds show it: rounded, noisy, and now and then silent, repeated or wrong. */
import type { Reading } from '@nabolag/control'
import { random } from '../world/noise.ts'

export type SensorManners = {
  readonly everyMinutes: number
  /** Standard deviation, and the steps it shows, in its unit. */
  readonly noise: number
  readonly resolution: number
  /** A lasting error. */
  readonly offset: number
  /** Share of the time without readings, in gaps of so many minutes. */
  readonly gaps: number
  readonly gapMinutes: number
  /** Shares of the readings that say the last one again, and that are far off. */
  readonly repeats: number
  readonly jumps: number
}

export const usualSensor: SensorManners = {
  everyMinutes: 5,
  noise: 0.05,
  resolution: 0.1,
  offset: 0,
  gaps: 0,
  gapMinutes: 60,
  repeats: 0,
  jumps: 0,
}

/** What has gone wrong in a cloud or two: more than a usual month has. */
export const badSensor: SensorManners = { ...usualSensor, noise: 0.1, gaps: 0.05, repeats: 0.05, jumps: 0.01 }

const minute = 60_000
/** Readings are kept so long. */
const keptFor = 3 * 60 * minute

export type Sensor = {
  /** Once for each minute. */
  look(at: number, value: number): void
  /** Of the last three hours, oldest first. */
  readings(now: number): readonly Reading[]
}

export function makeSensor(manners: SensorManners, seed: number): Sensor {
  const every = Math.max(1, Math.round(manners.everyMinutes))
  let kept: Reading[] = []
  const normal = (n: number) =>
    Math.sqrt(-2 * Math.log(1 - random(seed, n))) * Math.cos(2 * Math.PI * random(seed + 1, n))
  return {
    look(at, value) {
      const n = Math.floor(at / minute)
      if (n % every !== seed % every) return
      if (manners.gaps > 0 && random(seed + 2, Math.floor(n / Math.max(1, manners.gapMinutes))) < manners.gaps) return
      const last = kept.at(-1)
      if (last && random(seed + 3, n) < manners.repeats) {
        kept.push({ at, value: last.value })
      } else {
        const wrong = random(seed + 4, n) < manners.jumps ? 30 * (random(seed + 5, n) - 0.5) : 0
        const shown = value + manners.offset + manners.noise * normal(n) + wrong
        const { resolution } = manners
        kept.push({
          at,
          value: resolution > 0 ? Number((Math.round(shown / resolution) * resolution).toFixed(6)) : shown,
        })
      }
      if (kept.length > 1000) kept = kept.filter((one) => at - one.at <= keptFor)
    },
    readings(now) {
      if (kept.length > 0 && now - kept[0]!.at > 2 * keptFor) kept = kept.filter(({ at }) => now - at <= keptFor)
      return kept.filter(({ at }) => at <= now && now - at <= keptFor)
    },
  }
}
