/** The insights of a house, from what it has logged. */
import {
  type ByHour,
  byHour,
  type CopInsight,
  coolingInsight,
  coolingNights,
  copInsight,
  type HouseSetup,
  meansByDate,
  modelTimeConstant,
  type OtherPrices,
  type RoomLoss,
  type RoomModelSeen,
  roomLoss,
  type SignatureInsight,
  signatureInsight,
  type TimeConstantInsight,
  type TimedValue,
  whatIfPrices,
  whatIfWarmer,
} from '@nabolag/control'
import { localDateOf, localDay, sunAt } from '@nabolag/core'
import type { RoomModel } from '@nabolag/store'
import type { TimeSeries } from '@nabolag/timeseries'
import { type Static, Type } from 'typebox'
import { Check } from 'typebox/value'
import { type HousePast, readPast } from './house-days.ts'
import { readNumbers } from './read-series.ts'
import { readRoom, type Span } from './room-history.ts'
import { RoomParameters } from './setup-schemas.ts'
import { readSpot } from './spot.ts'
import { readUse } from './use.ts'
import { placeOf } from './weather.ts'

const hour = 3_600_000
const day = 24 * hour
/** Nights of so many days are enough for a time constant, and readings of more are many. */
const coolingDays = 30

export type HouseInsights = {
  readonly days: number
  readonly signature: SignatureInsight
  readonly heatLoss: readonly RoomLoss[]
  readonly timeConstant: readonly TimeConstantInsight[]
  readonly cop: readonly CopInsight[]
  readonly byHour?: ByHour
  readonly models: readonly RoomModel[]
  readonly notes: readonly string[]
}

/**
 * @param models of all rooms, newest first
 * @throws ProblemError as `TimeSeries.read`
 */
export async function houseInsights(
  timeseries: TimeSeries,
  setup: HouseSetup,
  models: readonly RoomModel[],
  span: Span,
): Promise<HouseInsights> {
  const [past, cooling] = await Promise.all([
    readPast(timeseries, setup, span),
    Promise.all(setup.rooms.map(({ id, name }) => readCooling(timeseries, setup, { room: id, name }, span))),
  ])
  const seen = setup.rooms.map(({ id, name }) => modelSeen(id, name, models))
  const hours = byHour(past.priced, setup.timezone)
  return {
    days: Math.round((span.to - span.from) / day),
    signature: signatureInsight(past.days()),
    heatLoss: seen.map(roomLoss),
    timeConstant: [...seen.map(modelTimeConstant), ...cooling],
    cop: [await readCop(timeseries, setup, past, span)],
    ...(hours && { byHour: hours }),
    models,
    notes: past.notes,
  }
}

const Interval = Type.Object({ value: Type.Number(), low: Type.Number(), high: Type.Number() })
/** What of an accepted model the insights need; as `identify` hands it out. */
const KeptModel = Type.Object({ house: RoomParameters, heatLoss: Interval, slow: Interval })
export type KeptModel = Static<typeof KeptModel>

/** The newest accepted model of a room, as far as it can be read. */
export function keptModel(room: number, models: readonly RoomModel[]): KeptModel | undefined {
  const accepted = models
    .filter((one) => one.room === room && one.outcome === 'accepted')
    .toSorted((a, b) => b.madeAt - a.madeAt)[0]
  return Check(KeptModel, accepted?.model) ? accepted.model : undefined
}

function modelSeen(room: number, name: string, models: readonly RoomModel[]): RoomModelSeen {
  const newest = models.filter((one) => one.room === room).toSorted((a, b) => b.madeAt - a.madeAt)[0]
  const model = keptModel(room, models)
  const days = model && 'days' in model && typeof model.days === 'number' ? Math.round(model.days) : undefined
  return {
    ...{ room, name },
    ...(model && { accepted: { ...model, ...(days !== undefined && { days }) } }),
    ...(newest && { because: newest.because }),
  }
}

async function readCooling(
  timeseries: TimeSeries,
  setup: HouseSetup,
  room: { readonly room: number; readonly name: string },
  { from, to }: Span,
): Promise<TimeConstantInsight> {
  const place = placeOf(setup)
  const found = await readRoom(timeseries, setup, room.room, { from: Math.max(from, to - coolingDays * day), to })
  // The meter of the house does not tell whether this room was heated.
  const heats = found.heatFrom === 'meter' ? [] : found.heat
  const isDark = (ms: number) =>
    place ? sunAt(place, ms).zenith > 90 : new Date(ms).getUTCHours() >= 20 || new Date(ms).getUTCHours() < 4
  const air = found.samples.flatMap(({ at, air: value }) => (value === null ? [] : [{ time: at, value }]))
  return coolingInsight(room, coolingNights({ air, outdoor: found.outdoor, heats }, isDark, 0.02))
}

async function readCop(
  timeseries: TimeSeries,
  setup: HouseSetup,
  past: HousePast,
  { from, to }: Span,
): Promise<CopInsight> {
  const power = async (group: string) =>
    totalOf(
      (await readNumbers(timeseries, { houseId: setup.id, group, field: 'power', from, to, every: 3600 })).map(
        ({ points }) => points,
      ),
    )
  const [pumps, heaters] = await Promise.all([power('heatPumpController'), power('heater')])
  if (past.heatedBy === 'resistance') {
    const because = 'There is no heat pump: electric heaters give a kWh of heat for each kWh'
    return { measured: 'whole-house', outcome: 'not-enough-data', because, days: 0 }
  }
  const byDate = (values: readonly TimedValue[]) => meansByDate(values, setup.timezone)
  const [pump, heater, indoor, outdoor] = [
    byDate(pumps),
    byDate(heaters),
    byDate(past.indoor),
    byDate(past.outdoors.temperature),
  ]
  const house = new Map(past.days().map(({ date, energy }) => [date, energy / 24]))
  const measured = pump.size > house.size / 2 && pump.size > 0 ? 'heat-pumps' : 'whole-house'
  const days = [...(measured === 'heat-pumps' ? pump : house)].flatMap(([date, value]) => {
    const [inside, outside, beside] = [indoor.get(date), outdoor.get(date), heater.get(date)]
    if (inside === undefined || outside === undefined) return []
    const electricity = measured === 'heat-pumps' ? value / 1000 : value
    const heaters = beside === undefined ? {} : { heaters: beside / 1000 }
    return [{ date, electricity, indoor: inside, outdoor: outside, ...heaters }]
  })
  return copInsight(days, measured)
}

/** The sum of several series in each hour in which all that are usual are known. */
function totalOf(all: readonly (readonly TimedValue[])[]): TimedValue[] {
  const most = Math.max(0, ...all.map((points) => points.length))
  const usual = all.filter((points) => points.length > most / 2)
  const sums = new Map<number, { sum: number; count: number }>()
  for (const points of usual)
    for (const { time, value } of points) {
      const before = sums.get(time) ?? { sum: 0, count: 0 }
      sums.set(time, { sum: before.sum + value, count: before.count + 1 })
    }
  return [...sums].flatMap(([time, { sum, count }]) => (count === usual.length ? [{ time, value: sum }] : []))
}

/** What the history of a house would have cost otherwise. */
export async function houseWhatIf(
  timeseries: TimeSeries,
  setup: HouseSetup,
  span: Span,
  other: OtherPrices & { readonly warmer?: number },
) {
  const { warmer, ...prices } = other
  const { timezone } = setup
  const begin = Math.floor(span.from / hour) * hour
  const month = localDay(`${localDateOf(begin, timezone).slice(0, 7)}-01`, timezone)[0]
  const [past, before] = await Promise.all([
    readPast(timeseries, setup, span),
    month < begin ? readUse(timeseries, setup, { from: month, to: begin }) : [],
  ])
  const { entries } = await readSpot(timeseries, setup.id, { ...span, area: past.settings.area })
  const asked = { use: past.use, before, spot: entries, settings: past.settings, timezone }
  return {
    notes: past.notes,
    ...(Object.values(prices).some((one) => one !== undefined) && { prices: whatIfPrices(asked, prices) }),
    ...(warmer !== undefined && { comfort: whatIfWarmer(past.days(), warmer, past.heatedBy) }),
  }
}
