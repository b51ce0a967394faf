/** What is known of a house at a moment, as its controls are shown it. */
import type { HouseSeen, HouseSetup, Outlook, Reading } from '@nabolag/control'
import { localDateOf, localDay, microsFromMillis } from '@nabolag/core'
import type { Points, PointsPart, TimeSeries } from '@nabolag/timeseries'
import { heldOf, heldPart, placed } from './held.ts'
import { readLoad } from './load.ts'
import { spotOf, spotPart } from './spot.ts'
import { useOf, useParts } from './use.ts'
import { outlookOf, placeOf, weatherParts } from './weather.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
/** Readings of thermometers go so far back. */
const readings = 3 * hour
/** Air changes slowly. */
const lately = hour
/** Meters and inverters speak every few seconds. */
const justNow = hour / 2
const spotBack = 8 * day
const spotAhead = 3 * day
/** Further than any plan looks. */
const forecastAhead = 84 * hour
/** What the meter drew, and what the weather was then: so far back load is learnt from. */
const usualBack = 28 * day

/**
 * Looks at a house: four queries, and two or three more where the meter's hours are not settled for days. Nothing in it is later
 * than `now`, and forecasts are those that were issued by `asOf`, so that a replay of the past sees what a turn saw then.
 *
 * @param now ms since 1970, UTC
 * @throws ProblemError as `TimeSeries.points`
 */
export async function seeHouse(
  timeseries: TimeSeries,
  setup: HouseSetup,
  now: number,
  { asOf = now }: { readonly asOf?: number } = {},
): Promise<HouseSeen> {
  const end = now + 1
  const month = localDay(`${localDateOf(now, setup.timezone).slice(0, 7)}-01`, setup.timezone)[0]
  const useSpan = { from: Math.floor(Math.min(month, now - usualBack) / hour) * hour, to: now }
  const parts = [...partsOf(setup, now), ...useParts(useSpan.from, end)]
  const points = await timeseries.points(setup.id, parts, microsFromMillis(asOf))
  const of = (group: string, field: string) => fullestOf(points, group, field)
  const spot = spotOf(points, setup.prices?.area)
  const weather = outlookOf(points, placeOf(setup))
  const battery = batteryOf(points, setup.loops.find(({ kind }) => kind === 'battery')?.actuator)
  const air = airOf(points, now)
  const hasInverter = points.some(({ group, times }) => group === 'solarBatterySystem' && times.length > 0)
  const [use, load] = await Promise.all([
    useOf(timeseries, setup, useSpan, points),
    hasInverter ? readLoad(timeseries, setup, { from: Math.floor((now - usualBack) / hour) * hour, to: now }) : [],
  ])
  return {
    rooms: Object.fromEntries(
      setup.rooms.map(({ id, sensors }) => [
        id,
        sensors.map((sensor) =>
          readingsOf(placed(points, sensor.group, sensor).find(({ field }) => field === 'temperature')),
        ),
      ]),
    ),
    held: Object.fromEntries(
      setup.loops.flatMap((loop) => {
        const held = heldOf(loop, points)
        return held ? [[loop.id, held]] : []
      }),
    ),
    spot: spot.entries,
    ...(spot.area !== undefined && { priceArea: spot.area }),
    weather: weather.filter(({ at }) => at >= now - hour),
    pastForecast: weather.flatMap(({ at, temperature }): Outlook[] =>
      at <= now && temperature !== undefined ? [{ at, temperature }] : [],
    ),
    outdoor: readingsOf(of('ventilationControl', 'outdoorTemperature')),
    power: readingsOf(of('powerConsumption', 'power') ?? of('solarBatterySystem', 'gridPower')),
    use,
    ...(load.length > 0 && { load }),
    ...(air && { air }),
    ...(battery && { battery }),
  }
}

function partsOf({ rooms, loops }: HouseSetup, now: number): PointsPart[] {
  const span = (back: number) => ({ from: microsFromMillis(now - back), to: microsFromMillis(now + 1) })
  const outdoors = { group: 'ventilationControl', fields: ['outdoorTemperature'] }
  const begin = Math.floor((now - readings) / hour) * hour
  const storage = ['batteryCharge', 'gridPower', 'powerConsumption', 'solarPower']
  return [
    ...joined([
      ...rooms
        .flatMap((room) => room.sensors)
        .map((place) => ({ ...place, fields: ['temperature'], ...span(readings) })),
      ...loops.map((loop) => heldPart(loop, now + 1)),
      { group: 'airSensor', fields: ['co2', 'eco2', 'tvoc', 'humidity'], ...span(lately) },
      { group: 'ventilationControl', fields: ['co2', 'humidity'], ...span(lately) },
      { ...outdoors, from: microsFromMillis(begin), to: microsFromMillis(now + 1) },
      { group: 'powerConsumption', fields: ['power'], ...span(justNow) },
      { group: 'solarBatterySystem', fields: storage, ...span(justNow) },
    ]),
    spotPart(now - spotBack, now + spotAhead),
    ...weatherParts(now - hour, now + forecastAhead),
    // What was forecast for the last weeks, to be compared with what was measured outdoors in them, and with what was used.
    {
      ...{ group: 'weatherForecast', fields: ['temperature'] },
      ...{ from: microsFromMillis(now - usualBack - day), to: microsFromMillis(now - hour) },
    },
    { ...outdoors, every: 3600, from: microsFromMillis(now - usualBack - day), to: microsFromMillis(begin) },
  ]
}

/**
 * Parts of one device as one: a query of few parts is found quicker than one of many, though it reads a little more. A
 * place that is not named stands for all of them.
 */
function joined(parts: readonly PointsPart[]): PointsPart[] {
  const unnamed = new Set(parts.filter(({ device }) => device === undefined).map(({ group }) => group))
  const alike = Map.groupBy(parts, ({ group, device, count }) =>
    unnamed.has(group) ? group : [group, device, count].join('\0'),
  )
  return [...alike.values()].map((some) => {
    const { group, device, count } = some[0]!
    return {
      ...{ group, fields: [...new Set(some.flatMap(({ fields }) => fields ?? []))] },
      ...(!unnamed.has(group) && { device, count }),
      from: Math.min(...some.map(({ from }) => from)),
      to: Math.max(...some.map(({ to }) => to)),
    }
  })
}

const readingsOf = (series: Points | undefined): Reading[] =>
  (series?.times ?? []).map((at, i) => {
    const value = series?.values[i]
    return { at, value: typeof value === 'number' ? value : null }
  })

const fullestOf = (points: readonly Points[], group: string, field: string): Points | undefined =>
  points
    .filter((one) => one.group === group && one.field === field && one.times.length > 0)
    .toSorted((a, b) => b.times.length - a.times.length)[0]

/** The newest value of a series, where it is a number. */
function newestOf(series: Points | undefined): Reading | undefined {
  const [at, value] = [series?.times.at(-1), series?.values.at(-1)]
  return at !== undefined && typeof value === 'number' ? { at, value } : undefined
}

/** The worst of what measures it. Carbon dioxide that is reckoned from other gases counts where none is measured. */
function airOf(points: readonly Points[], now: number): HouseSeen['air'] {
  const worst = (field: string) =>
    points
      .filter((one) => one.field === field && (one.group === 'airSensor' || one.group === 'ventilationControl'))
      .flatMap((one) => newestOf(one) ?? [])
      .filter(({ at }) => now - at <= lately)
      .toSorted((a, b) => Number(b.value) - Number(a.value))[0]
  const [co2, tvoc, humidity] = [worst('co2') ?? worst('eco2'), worst('tvoc'), worst('humidity')]
  return co2 || tvoc || humidity
    ? { ...(co2 && { co2 }), ...(tvoc && { tvoc }), ...(humidity && { humidity }) }
    : undefined
}

function batteryOf(
  points: readonly Points[],
  place: { readonly device: string; readonly count: number; readonly location: string } | undefined,
): HouseSeen['battery'] {
  const group = 'solarBatterySystem'
  const own = place ? placed(points, group, place) : points.filter((one) => one.group === group)
  const newest = (field: string) => newestOf(fullestOf(own, group, field))
  const [charge, load, sun] = [newest('batteryCharge'), newest('powerConsumption'), newest('solarPower')]
  return charge ? { charge, ...(load && { load }), ...(sun && { sun }) } : undefined
}
