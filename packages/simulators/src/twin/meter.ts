/** The electricity meter of a twin: its readings, and the hours of the month. */
import type { Reading, Use } from '@nabolag/control'
import { localDateOf, localDay } from '@nabolag/core'

const minute = 60_000
const hour = 3_600_000
const keptFor = 3 * hour
/** For what is usual at this hour; the month's own hours are kept anyway. */
const daysKept = 8

export type TwinMeter = {
  /** kW over a minute; negative is sold. */
  count(at: number, power: number): void
  /** W, of the last three hours. */
  readings(now: number): readonly Reading[]
  /** Hours since the month began, and of the last week. */
  use(now: number): readonly Use[]
}

export function makeMeter(timezone: string): TwinMeter {
  let readings: Reading[] = []
  let hours: Use[] = []
  let present: { start: number; energy: number } | undefined
  let told: readonly Use[] = []
  return {
    count(at, power) {
      const start = Math.floor(at / hour) * hour
      if (!present || present.start !== start) {
        if (present) {
          hours.push({ start: present.start, end: present.start + hour, energy: present.energy })
          const month = localDay(`${localDateOf(at, timezone).slice(0, 7)}-01`, timezone)[0]
          const from = Math.min(month, at - daysKept * 24 * hour)
          hours = hours.filter(({ end }) => end > from)
          told = hours.slice()
        }
        present = { start, energy: 0 }
      }
      present.energy += Math.max(0, power) / 60
      if (Math.floor(at / minute) % 2 === 0) readings.push({ at, value: Math.round(power * 1000) })
      if (readings.length > 400) readings = readings.filter((one) => at - one.at <= keptFor)
    },
    readings: (now) => readings.filter(({ at }) => at <= now && now - at <= keptFor),
    use: (now) =>
      present && present.energy > 0 && now > present.start
        ? [...told, { start: present.start, end: Math.min(now, present.start + hour), energy: present.energy }]
        : told,
  }
}
