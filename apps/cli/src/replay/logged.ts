/**
 * A house as it was logged: a source that shows what was known at each time, and that nothing moves. Only what an actuator
 * is set to is shown as the control would have left it: one that sees each of its commands lost would send it again and
 * again.
 */
import type { Happened, HouseSeen, HouseSetup, LoopSetup, Source, SpotEntry, Wanted } from '@nabolag/control'
import { readNumbers, readOutdoors, type SeriesRequest, seeHouse, spotEntries } from '@nabolag/house-data'
import type { TimeSeries } from '@nabolag/timeseries'

const minute = 60_000
const hour = 60 * minute
/** Looks at the house are asked for ahead, so that the database is not waited for each time. */
const asked = 6

type Values = ReadonlyMap<number, number>

/** By verb: its argument, and what an actuator's own readings call it. */
const words: Readonly<Record<string, readonly [argument: string, word: string]>> = {
  setTargetTemperature: ['temperature', 'temperature'],
  setSupplySetpoint: ['temperature', 'temperature'],
  setOn: ['on', 'on'],
  setFanLevel: ['fanLevel', 'fanLevel'],
  setGridSetpoint: ['power', 'power'],
  setChargeLimit: ['power', 'chargeLimit'],
  setDischargeLimit: ['power', 'dischargeLimit'],
}

/**
 * @param span.to nothing from then on is read
 * @param step ms between turns
 * @throws ProblemError as `TimeSeries.read`
 */
export async function loggedSource(
  timeseries: TimeSeries,
  setup: HouseSetup,
  { from, to }: { readonly from: number; readonly to: number },
  step: number,
): Promise<Source> {
  const read = (request: Omit<SeriesRequest, 'houseId' | 'from' | 'to'>) =>
    valuesOf(timeseries, { houseId: setup.id, from, to, every: step / 1000, ...request })
  const [rooms, setpoints, powers, metered, inverted, co2, outdoors] = await Promise.all([
    byKey(
      setup.rooms,
      ({ id }) => id,
      async ({ sensors }) => {
        for (const { group, device, count, location } of sensors) {
          const values = await read({ group, field: 'temperature', device, count, ...placeAt(location) })
          if (values.size > 0) return values
        }
        return new Map()
      },
    ),
    byKey(
      setup.loops,
      ({ id }) => id,
      (loop) => read({ ...ofLoop(loop, 'targetTemperature'), aggregate: 'last' }),
    ),
    byKey(
      setup.loops,
      ({ id }) => id,
      (loop) => read(ofLoop(loop, 'power')),
    ),
    read({ group: 'powerConsumption', field: 'power' }),
    read({ group: 'solarBatterySystem', field: 'gridPower' }),
    read({ group: 'airSensor', field: 'co2' }),
    readOutdoors(timeseries, setup, { from, to }, Math.max(1, Math.round(step / minute))),
  ])
  // Where no meter tells it, the inverter does.
  const grid = metered.size > 0 ? metered : inverted
  const outdoor: Values = new Map(outdoors.temperature.map(({ time, value }) => [time, value]))
  const heating = setup.loops.filter(({ kind }) => kind === 'heating')

  const looks = new Map<number, Promise<HouseSeen>>()
  const look = (now: number) => {
    const known = looks.get(now)
    if (known) return known
    const seen = seeHouse(timeseries, setup, now)
    // It is waited for later; what it throws is thrown then.
    seen.catch(() => undefined)
    looks.set(now, seen)
    return seen
  }

  const told = new Map<number, { readonly at: number; readonly set: Wanted }>()
  const asTold = (seen: HouseSeen): HouseSeen =>
    told.size === 0
      ? seen
      : {
          ...seen,
          held: Object.fromEntries(
            Object.entries(seen.held).map(([id, held]) => {
              const own = told.get(Number(id))
              return [id, own ? { ...held, set: { ...held.set, ...own.set }, since: own.at } : held]
            }),
          ),
        }

  return {
    name: 'the log',
    answers: false,
    async seen(now) {
      for (const at of looks.keys()) if (at < now) looks.delete(at)
      for (let n = 1; n <= asked && now + n * step < to; n++) look(now + n * step)
      return asTold(await look(now))
    },
    take(at, commands) {
      for (const { loop, verb, arguments: given } of commands) {
        const [argument, word] = words[verb] ?? []
        const value = argument === undefined ? undefined : given[argument]
        if (
          word !== undefined &&
          (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean')
        )
          told.set(loop, { at, set: { ...told.get(loop)?.set, [word]: value } })
      }
    },
    pass(start, end): Happened {
      const bucket = Math.floor(start / step) * step
      const at = (values: Values | undefined) => values?.get(bucket) ?? null
      const watts = heating.map(({ id }) => at(powers.get(id)))
      const known = watts.filter((value) => value !== null)
      const whole = at(grid)
      return {
        ...{ from: start, to: end, outdoor: at(outdoor), co2: at(co2) },
        grid: whole === null ? null : whole / 1000,
        // A heat pump that does not tell its power makes the sum unknown, not small.
        hvac:
          known.length > 0 && known.length === watts.length ? known.reduce((sum, one) => sum + one, 0) / 1000 : null,
        rooms: Object.fromEntries(setup.rooms.map(({ id }) => [id, at(rooms.get(id))])),
        loops: Object.fromEntries(
          heating.map(({ id }) => {
            const power = at(powers.get(id))
            return [id, { setpoint: at(setpoints.get(id)), power: power === null ? null : power / 1000 }]
          }),
        ),
      }
    },
    spot: (begin, end): Promise<readonly SpotEntry[]> =>
      spotEntries(timeseries, setup.id, { from: begin, to: end + hour, area: setup.prices?.area }),
  }
}

async function valuesOf(timeseries: TimeSeries, request: SeriesRequest): Promise<Values> {
  const series = await readNumbers(timeseries, request)
  const fullest = series.toSorted((a, b) => b.points.length - a.points.length)[0]
  return new Map(fullest?.points.map(({ time, value }) => [time, value]))
}

const byKey = async <One>(all: readonly One[], key: (one: One) => number, of: (one: One) => Promise<Values>) =>
  new Map(await Promise.all(all.map(async (one) => [key(one), await of(one)] as const)))

const placeAt = (location: string) => (location === '' ? {} : { location })

function ofLoop({ actuator }: LoopSetup, field: string) {
  const { device, count, location, capability } = actuator
  const group = capability === 'heater' ? 'heater' : 'heatPumpController'
  return { group, field, device, count, ...placeAt(location) }
}
