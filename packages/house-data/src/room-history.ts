/** The past of a room on equal steps, as identification and insights want it. */
import {
  cop,
  type HouseSetup,
  heatingOf,
  heatNow,
  type LoopSetup,
  mostHeat,
  type RoomSetup,
  type Sample,
  type TimedValue,
  toSamples,
} from '@nabolag/control'
import type { TimeSeries } from '@nabolag/timeseries'
import { readOutdoors } from './outdoors.ts'
import { fullest, readNumbers, readSeries } from './read-series.ts'
import { readUse } from './use.ts'

export type RoomRecord = {
  readonly samples: readonly Sample[]
  /** °C; by the first thermometer that has readings for most of the time. */
  readonly air: readonly TimedValue[]
  readonly outdoor: readonly TimedValue[]
  readonly outdoorFrom: 'measured' | 'forecast' | 'nothing'
  /** Heat from its heating, kW. */
  readonly heat: readonly TimedValue[]
  /**
   * `power`: the actuator's own power, times the COP of a heat pump; `set-point`: how far it is set above the room;
   * `meter`: the room's share, by its floor, of what the house draws beyond what it draws at least.
   */
  readonly heatFrom: 'power' | 'set-point' | 'meter' | 'nothing'
  /** kW/m² */
  readonly sun: readonly TimedValue[]
}

const minutes = 15
const step = minutes * 60_000

export type Span = { readonly from: number; readonly to: number }

/** Quarters of an hour, for `identify`; empty where the room has no readings. @throws ProblemError as `TimeSeries.read` */
export const roomHistory = async (
  timeseries: TimeSeries,
  setup: HouseSetup,
  room: number,
  span: Span,
): Promise<readonly Sample[]> => (await readRoom(timeseries, setup, room, span)).samples

/** The same with its parts, and where each comes from. */
export async function readRoom(
  timeseries: TimeSeries,
  setup: HouseSetup,
  roomId: number,
  span: Span,
): Promise<RoomRecord> {
  const room = setup.rooms.find(({ id }) => id === roomId)
  const nothing = { samples: [], air: [], outdoor: [], heat: [], sun: [] }
  if (!room) return { ...nothing, outdoorFrom: 'nothing', heatFrom: 'nothing' }
  const loop = setup.loops.find((one) => one.kind === 'heating' && one.room === roomId)
  const [air, outdoors] = await Promise.all([
    readAir(timeseries, setup.id, room, span),
    readOutdoors(timeseries, setup, span, minutes),
  ])
  const outdoor = new Map(outdoors.temperature.map(({ time, value }) => [time, value]))
  const { heat, heatFrom, unit } = await readHeat(timeseries, setup, { room, loop, span, air, outdoor })
  const sun = outdoors.sun.map(({ time, value }) => ({ time, value: value / 1000 }))
  return {
    samples: toSamples({ air, outdoor: outdoors.temperature, heat, sun, ...(unit && { unit }) }, minutes / 60),
    ...{ air, heat, heatFrom, sun },
    ...{ outdoor: outdoors.temperature, outdoorFrom: outdoors.temperatureFrom },
  }
}

async function readAir(
  timeseries: TimeSeries,
  houseId: number,
  { sensors }: RoomSetup,
  { from, to }: Span,
): Promise<readonly TimedValue[]> {
  const all = await Promise.all(
    sensors.map(async ({ location, ...place }) =>
      fullest(
        await readNumbers(timeseries, {
          ...{ houseId, ...place, field: 'temperature', from, to },
          ...(location !== '' && { location }),
        }),
      ),
    ),
  )
  const read = all.map((series) => series?.points ?? [])
  const covers = (points: readonly TimedValue[]) => new Set(points.map(({ time }) => Math.floor(time / step))).size
  const most = Math.max(0, ...read.map(covers))
  return read.find((points) => covers(points) > most / 2) ?? []
}

/** `unit`: of a heat pump whose heat is reckoned, K its set-point was above the room and the most heat it could give, kW. */
type Heat = Pick<RoomRecord, 'heat' | 'heatFrom'> & {
  readonly unit?: { readonly above: readonly TimedValue[]; readonly most: readonly TimedValue[] }
}

type Heated = {
  readonly room: RoomSetup
  readonly loop: LoopSetup | undefined
  readonly span: Span
  readonly air: readonly TimedValue[]
  readonly outdoor: ReadonlyMap<number, number>
}

async function readHeat(timeseries: TimeSeries, setup: HouseSetup, heated: Heated): Promise<Heat> {
  const { room, loop, span, outdoor } = heated
  if (!loop) return fromMeter(timeseries, setup, heated)
  const { device, count, location, capability } = loop.actuator
  const group = capability === 'heater' ? 'heater' : 'heatPumpController'
  const place = { houseId: setup.id, group, device, count, ...(location !== '' && { location }) }
  const asked = { ...place, ...span, every: minutes * 60 }
  const field = async (name: string) => fullest(await readNumbers(timeseries, { ...asked, field: name }))?.points ?? []
  const power = await field('power')
  const heating = heatingOf(room, loop)
  if (power.length > 0) {
    const heat = power.flatMap(({ time, value }) => {
      const outdoors = outdoor.get(time)
      if (!heating.pump) return [{ time, value: value / 1000 }]
      return outdoors === undefined ? [] : [{ time, value: (value / 1000) * cop(heating.pump, outdoors) }]
    })
    return { heat, heatFrom: 'power' }
  }
  const targets = await field('targetTemperature')
  if (targets.length === 0) return { heat: [], heatFrom: 'nothing' }
  const [on, modes] = await Promise.all([
    field('on'),
    readSeries(timeseries, { ...asked, field: 'mode', aggregate: 'last' }).then((series) => fullest(series)?.points),
  ])
  const shareOn = new Map(on.map(({ time, value }) => [time, value]))
  const mode = new Map(modes?.map(({ time, value }) => [time, String(value)]))
  const air = meansOf(heated.air)
  const above: TimedValue[] = []
  const most: TimedValue[] = []
  const heat = targets.flatMap(({ time, value }) => {
    const [indoors, outdoors, does] = [air.get(time), outdoor.get(time), mode.get(time)]
    if (indoors === undefined || outdoors === undefined) return []
    const held = { at: time, set: { temperature: value }, ...(does !== undefined && { mode: does }) }
    const share = shareOn.get(time) ?? 1
    if (heating.pump) {
      const heats = does === undefined || does === 'heat' || does === 'auto'
      above.push({ time, value: value - indoors })
      most.push({ time, value: heats ? mostHeat(heating.pump, outdoors) * share : 0 })
    }
    return [{ time, value: heatNow(heating, held, indoors, outdoors) * share }]
  })
  return { heat, heatFrom: 'set-point', ...(heating.pump && { unit: { above, most } }) }
}

async function fromMeter(
  timeseries: TimeSeries,
  setup: HouseSetup,
  { room, span }: Heated,
): Promise<Pick<RoomRecord, 'heat' | 'heatFrom'>> {
  const use = await readUse(timeseries, setup, span)
  const all = setup.area ?? setup.rooms.reduce((sum, { area = 0 }) => sum + area, 0)
  if (use.length < 24 || room.area === undefined || all <= 0) return { heat: [], heatFrom: 'nothing' }
  const powers = use.map(({ start, end, energy }) => (energy * 3_600_000) / (end - start))
  const least = powers.toSorted((a, b) => a - b)[Math.floor(powers.length / 10)] ?? 0
  const share = Math.min(1, room.area / all)
  const heat = use.flatMap(({ start, end }, i) => {
    const value = Math.max(0, powers[i]! - least) * share
    return Array.from({ length: Math.ceil((end - start) / step) }, (_, n) => ({ time: start + n * step, value }))
  })
  return { heat, heatFrom: 'meter' }
}

function meansOf(readings: readonly TimedValue[]): Map<number, number> {
  const sums = new Map<number, { sum: number; count: number }>()
  for (const { time, value } of readings) {
    const at = Math.floor(time / step) * step
    const { sum, count } = sums.get(at) ?? { sum: 0, count: 0 }
    sums.set(at, { sum: sum + value, count: count + 1 })
  }
  return new Map([...sums].map(([at, { sum, count }]) => [at, sum / count]))
}
