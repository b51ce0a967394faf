/** What a house with panels or a battery used, whoever gave it: not what its meter drew. */
import type { Use } from '@nabolag/control'
import type { TimeSeries } from '@nabolag/timeseries'
import { fullest, type Point, readNumbers } from './read-series.ts'

const hour = 3_600_000
const group = 'solarBatterySystem'

/**
 * kWh used in each hour, in order, from the hourly means of what the inverter says that the house uses, else of grid and
 * panels less battery. The hour that `to` lies in counts as far as it has gone.
 *
 * @throws ProblemError as `TimeSeries.read`
 */
export async function readLoad(
  timeseries: TimeSeries,
  { id: houseId }: { readonly id: number },
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Use[]> {
  const ask = (field: string) => readNumbers(timeseries, { houseId, group, field, from, to, every: 3600 })
  const said = fullest(await ask('powerConsumption'))
  const points = said ? said.points : await reckoned(ask)
  return points.flatMap(({ time: start, value }) => {
    const end = Math.min(start + hour, to)
    return value >= 0 && end > start ? [{ start, end, energy: ((value / 1000) * (end - start)) / hour }] : []
  })
}

/** Of one inverter: power that comes in from both sides, less what goes into the battery. */
async function reckoned(ask: (field: string) => ReturnType<typeof readNumbers>): Promise<Point<number>[]> {
  const [grids, suns, batteries] = await Promise.all([ask('gridPower'), ask('solarPower'), ask('batteryPower')])
  const grid = fullest(grids)
  if (!grid) return []
  const beside = (all: typeof suns) =>
    new Map(
      all
        .find(
          ({ device, count, location }) => device === grid.device && count === grid.count && location === grid.location,
        )
        ?.points.map(({ time, value }) => [time, value]),
    )
  const [sun, battery] = [beside(suns), beside(batteries)]
  // Without any word of panels or battery it has none; where only this hour's is missing, the hour is not known.
  return grid.points.flatMap(({ time, value }) => {
    const roof = sun.size === 0 ? 0 : sun.get(time)
    const into = battery.size === 0 ? 0 : battery.get(time)
    return roof === undefined || into === undefined ? [] : [{ time, value: Math.max(0, value + roof - into) }]
  })
}
