/** What a house drew from the grid, hour by hour, from whichever of its meter's fields say it. */
import type { Use } from '@nabolag/control'
import { localDateOf, localDay, microsFromMillis } from '@nabolag/core'
import type { Points, PointsPart, TimeSeries } from '@nabolag/timeseries'
import { powerEvery, useOfPower } from './grid-power.ts'
import { fullest, type Point, readNumbers } from './read-series.ts'

const hour = 3_600_000
const group = 'powerConsumption'
const inverter = { group: 'solarBatterySystem', field: 'gridPower' }

/** The hours that the grid company has settled; they come late. */
const settledPart = (from: number, to: number): PointsPart => ({
  ...{ group, fields: ['hourlyConsumption'] },
  ...{ from: microsFromMillis(from), to: microsFromMillis(to) },
})

/** Settled hours are usually there after a day: until then the live meter's count of the last ones will do, h. */
const liveHours = 36
const live = 'accumulatedConsumptionLastHour'
const liveFrom = (to: number): number => Math.floor(to / hour - liveHours) * hour

/** The hours and the live meter's last ones, for who looks every few minutes. */
export const useParts = (from: number, to: number): PointsPart[] => [
  settledPart(from, to),
  {
    ...{ group, fields: [live], every: 3600, aggregate: 'last' },
    ...{ from: microsFromMillis(liveFrom(to)), to: microsFromMillis(to) },
  },
]

/**
 * kWh drawn in each hour, in order: as settled, else as the live meter counted the hour, else by the rise of its count
 * since midnight, else of its register, else from the power at the grid connection that an inverter tells. Each hour comes
 * from one of them: two meters are never added together. The hour that `to` lies in counts as far as it has gone.
 *
 * @throws ProblemError as `TimeSeries.read`
 */
export async function readUse(
  timeseries: TimeSeries,
  house: { readonly id: number; readonly timezone: string },
  span: { readonly from: number; readonly to: number },
): Promise<Use[]> {
  return useOf(timeseries, house, span, await timeseries.points(house.id, [settledPart(span.from, span.to)]))
}

/** The same, where the settled hours, and perhaps the last live ones, have been read already. */
export async function useOf(
  timeseries: TimeSeries,
  { id: houseId, timezone }: { readonly id: number; readonly timezone: string },
  { from, to }: { readonly from: number; readonly to: number },
  points: readonly Points[],
): Promise<Use[]> {
  const hours = new Map<number, number>()
  /** @param until hours that begin later are left out, ms */
  const take = (field: string, until: number): boolean => {
    const series = points
      .filter((one) => one.group === group && one.field === field)
      .toSorted((a, b) => b.times.length - a.times.length)[0]
    series?.times.forEach((time, i) => {
      const energy = series.values[i]
      const isHour = time % hour === 0 && time > from - hour && time < until
      if (typeof energy === 'number' && isHour && !hours.has(time)) hours.set(time, energy)
    })
    return series !== undefined
  }
  // A settled hour is a whole one, and of the one that `to` lies in it was not known then; its last ms stands for its end.
  take('hourlyConsumption', to - hour + 2)
  const isLive = take(live, to)
  const first = firstOpen(hours, Math.floor(from / hour) * hour, to)
  if (first < to && !(isLive && first >= liveFrom(to))) {
    const ask = async (field: string) =>
      fullest(
        await readNumbers(timeseries, {
          ...{ houseId, group, field, every: 3600, aggregate: 'last' },
          // The hour before tells where a count stood.
          ...{ from: first - hour, to },
        }),
      )?.points
    const sources = [
      async () => (await ask(live)) ?? [],
      async () =>
        risesOf(await ask('accumulatedConsumption'), (at) => localDay(localDateOf(at, timezone), timezone)[0]),
      async () => risesOf(await ask('lastMeterConsumption'), () => Number.NEGATIVE_INFINITY),
    ]
    for (const source of sources) {
      const found = await source()
      for (const { time, value } of found) if (!hours.has(time) && value >= 0) hours.set(time, value)
      if (found.length > 0) break
    }
  }
  const unknown = firstOpen(hours, Math.floor(from / hour) * hour, to)
  if (unknown < to) {
    const span = { from: unknown, to, every: powerEvery }
    const power = fullest(await readNumbers(timeseries, { houseId, ...inverter, ...span }))
    for (const { start, energy } of useOfPower(power?.points ?? [], unknown, to))
      if (!hours.has(start)) hours.set(start, energy)
  }
  return [...hours]
    .filter(([start, energy]) => start + hour > from && start < to && energy >= 0)
    .toSorted(([a], [b]) => a - b)
    .map(([start, energy]) => ({ start, end: Math.min(start + hour, Math.max(to, start + 1)), energy }))
}

function firstOpen(hours: ReadonlyMap<number, number>, from: number, to: number): number {
  let at = from
  while (at < to && hours.has(at)) at += hour
  return at
}

/** More than any home draws in an hour, kWh: another meter, that begins with another count. */
const mostInHour = 200

/**
 * By how much a count rose in each hour; hours that were missed share what was counted in them.
 *
 * @param beginOf since when the count counts at a time, ms
 */
function risesOf(points: readonly Point<number>[] | undefined, beginOf: (at: number) => number): Point<number>[] {
  return (points ?? []).flatMap(({ time, value }, i, all) => {
    const before = all[i - 1]
    const begin = beginOf(time)
    const last = before && before.time >= begin ? before : undefined
    const from = last ? last.time + hour : begin
    const rise = value - (last?.value ?? 0)
    const missed = Math.round((time + hour - from) / hour)
    if (!(rise >= 0) || !(missed >= 1 && missed <= 24) || rise > missed * mostInHour) return []
    return Array.from({ length: missed }, (_, n) => ({ time: from + n * hour, value: rise / missed }))
  })
}
