/** Power and weather of whole local days: what the energy signature of a house is drawn from. */
import type { Day, HouseSetup } from '@nabolag/control'
import { addDays, localDateOf, localDay } from '@nabolag/core'
import type { TimeSeries } from '@nabolag/timeseries'
import { readOutdoors } from './outdoors.ts'
import type { Span } from './room-history.ts'
import { readUse } from './use.ts'

export type UseOfDay = Day & {
  /** Local, `2026-01-31`. */
  readonly date: string
  /** kWh */
  readonly energy: number
}

/** Share of a day that must be known for it to count. */
const leastKnown = 0.9

/**
 * The whole local days of a span of which meter and weather are known nearly all the time: mean power in kW, °C outdoors
 * and kW/m² of sun.
 *
 * @throws ProblemError as `TimeSeries.read`
 */
export async function dailyUse(timeseries: TimeSeries, setup: HouseSetup, { from, to }: Span): Promise<UseOfDay[]> {
  const [use, { temperature, sun }] = await Promise.all([
    readUse(timeseries, setup, { from, to }),
    readOutdoors(timeseries, setup, { from, to }, 60),
  ])
  const days: UseOfDay[] = []
  for (let date = localDateOf(from, setup.timezone); ; date = addDays(date, 1)) {
    const [begin, end] = localDay(date, setup.timezone)
    if (end > to) return days
    if (begin < from) continue
    const hours = (end - begin) / 3_600_000
    const within = (time: number) => time >= begin && time < end
    const drawn = use.filter(({ start }) => within(start))
    const outdoors = temperature.filter(({ time }) => within(time))
    if (drawn.length < leastKnown * hours || outdoors.length < leastKnown * hours) continue
    const energy = drawn.reduce((sum, one) => sum + one.energy, 0)
    const light = sun.filter(({ time }) => within(time))
    days.push({
      ...{ date, energy, power: energy / drawn.length },
      outdoor: meanOf(outdoors),
      ...(light.length >= leastKnown * hours && { sun: meanOf(light) / 1000 }),
    })
  }
}

const meanOf = (values: readonly { readonly value: number }[]): number =>
  values.reduce((sum, { value }) => sum + value, 0) / values.length
