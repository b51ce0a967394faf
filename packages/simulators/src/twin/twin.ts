/**
 * A house that answers to its controls: rooms of two temperatures, a heat pump or heater in each, people, sun, a meter;
 * with the faults that real thermometers, clouds and heat pumps have. It lives minute by minute, as far as it is asked
 * to, remembers no more than a controller may see, and is the same for the same seed.
 */
import {
  type Happened,
  type HouseSeen,
  heatingOf,
  houseOf,
  type LoopCommand,
  type LoopSetup,
  type Outlook,
  type Reading,
  type RoomSetup,
  wishAt,
} from '@nabolag/control'
import { type HouseParameters, type StepMatrix, steadyState, stepMatrix } from '@nabolag/control/thermal/index'
import { random, seedOf } from '../world/noise.ts'
import { loadAt } from '../world/people.ts'
import { fireAt } from '../world/stove.ts'
import { makeFreshAir, usualVentilation } from './fresh-air.ts'
import { type Machine, makeUnit, type Unit, usualManners } from './heating-unit.ts'
import { makeMeter } from './meter.ts'
import { peopleAtHome } from './people-at-home.ts'
import { makeTwinStorage } from './storage.ts'
import { entriesBetween, knownUntil, type Outside, outlooks } from './surroundings.ts'
import { makeSensor, type Sensor, usualSensor } from './thermometer.ts'
import type { TrueRoom, Twin, TwinGiven } from './types.ts'

const minute = 60_000
const hour = 3_600_000
const day = 24 * hour
const usualArea = 25
const elsewhere = { latitude: 63.43, longitude: 10.4 }

type LivingRoom = {
  readonly setup: RoomSetup
  readonly loop: LoopSetup | undefined
  readonly truth: TrueRoom
  readonly matrix: StepMatrix
  /** Share of the people and of what they use. */
  readonly share: number
  readonly unit: Unit
  readonly sensors: readonly Sensor[]
  air: number
  structure: number
  heat: number
  electric: number
}

export function makeTwin(given: TwinGiven): Twin {
  const { setup, outside, spot, people = 2, forecastError = 0.28, forecastAhead = 60 } = given
  const start = Math.floor(given.start / minute) * minute
  const seed = (given.seed ?? 1) + seedOf(setup.name)
  const place = { latitude: setup.latitude ?? elsewhere.latitude, longitude: setup.longitude ?? elsewhere.longitude }
  const area = setup.rooms.reduce((sum, room) => sum + (room.area ?? usualArea), 0)
  const rooms = setup.rooms.map((room, n) => makeRoom(given, room, area, seed + 100 * (n + 1), start, outside(start)))
  const ofLoop = new Map(rooms.flatMap((room) => (room.loop ? [[room.loop.id, room] as const] : [])))
  const ventilated = setup.loops.find(({ kind }) => kind === 'ventilation')
  const stored = setup.loops.find(({ kind }) => kind === 'battery')
  const fresh = ventilated && makeFreshAir({ ...usualVentilation(setup.area ?? area), ...given.ventilation }, start)
  const battery = setup.battery && { efficiency: 0.95, ...setup.battery, power: 1000 * setup.battery.power }
  const storage =
    battery || given.roofs
      ? makeTwinStorage(place, given.roofs ?? [], battery && { ...battery, ...given.battery }, start)
      : undefined
  const co2Sensor = makeSensor({ ...usualSensor, noise: 10, resolution: 1 }, seed + 51)
  const outdoorSensor = makeSensor({ ...usualSensor, noise: 0.2 }, seed + 52)
  const meter = makeMeter(setup.timezone)

  let at = start
  let now: Outside = outside(start)
  let home = peopleAtHome(seed, start, people)
  let load = loadAt(seed, start) / 1000
  let grid = 0
  let solar = 0
  let fans = 0

  /** One minute; adds what it used to the means of a longer step. */
  function live(): void {
    // People, sun and weather change slowly, and are dear to reckon.
    if ((at / minute) % 5 === 0) {
      now = outside(at + 2.5 * minute)
      home = peopleAtHome(seed, at, people)
      load = loadAt(seed, at) / 1000
    }
    const air = fresh?.step(at, home)
    fans = air?.electric ?? 0
    const warmth = 0.002 * area + 0.09 * home + 0.25 * load
    const sun = now.irradiance / 1000
    let heating = 0
    for (const room of rooms) {
      const { heat, electric } = room.unit.step(at, room.air, now)
      const loss = (air ? air.loss * room.share : 0) + openWindow(room.truth, seed + room.setup.id, at)
      const fire = room.truth.stove === undefined ? 0 : room.truth.stove * fireAt(seed, at)
      const gain = heat + fire + warmth * room.share + loss * (now.temperature - room.air)
      const m = room.matrix
      const next = m.aa * room.air + m.as * room.structure + m.ao * now.temperature + m.aq * gain + m.ai * sun
      room.structure = m.sa * room.air + m.ss * room.structure + m.so * now.temperature + m.sq * gain + m.si * sun
      room.air = next
      room.heat = heat
      room.electric = electric
      heating += electric
    }
    const flows = storage?.step(at, 1000 * (load + heating + fans), now)
    grid = flows ? flows.grid / 1000 : load + heating + fans
    solar = (flows?.solar ?? 0) / 1000
    at += minute
    meter.count(at - minute, grid)
    for (const { sensors, air: celsius } of rooms) for (const sensor of sensors) sensor.look(at, celsius)
    if (fresh) co2Sensor.look(at, fresh.co2())
    if (given.outdoorSensor) outdoorSensor.look(at, now.temperature)
  }

  function step(minutes: number): Happened {
    const from = at
    const count = Math.max(0, Math.round(minutes))
    const mean = { outdoor: 0, grid: 0, hvac: 0, co2: 0 }
    const air = rooms.map(() => 0)
    const electric = rooms.map(() => 0)
    for (let n = 0; n < count; n++) {
      live()
      mean.outdoor += now.temperature / count
      mean.grid += grid / count
      mean.hvac += fans / count
      mean.co2 += (fresh?.co2() ?? 0) / count
      for (const [r, room] of rooms.entries()) {
        air[r]! += room.air / count
        electric[r]! += room.electric / count
      }
    }
    const controlled = rooms.flatMap(({ loop }, r) => (loop ? [electric[r]!] : []))
    return {
      ...{ from, to: at, outdoor: mean.outdoor, grid: mean.grid },
      hvac: mean.hvac + controlled.reduce((sum, kw) => sum + kw, 0),
      rooms: Object.fromEntries(rooms.map(({ setup: { id } }, r) => [id, air[r]!])),
      loops: Object.fromEntries(
        rooms.flatMap(({ loop, unit }, r) =>
          loop ? [[loop.id, { setpoint: unit.setting().temperature, power: electric[r]! }]] : [],
        ),
      ),
      ...(fresh && { co2: mean.co2 }),
      ...(battery && storage && { charge: storage.charge() }),
    }
  }

  function command(loop: number, capability: string, verb: string, args: Readonly<Record<string, unknown>>): boolean {
    const room = ofLoop.get(loop)
    const { temperature, on, fanLevel, power } = args
    if (room && (capability === 'thermostat' || capability === 'heater')) {
      if (verb === 'setTargetTemperature' && isNumber(temperature)) return room.unit.tell(at, { temperature })
      if (verb === 'setOn' && typeof on === 'boolean') return room.unit.tell(at, { on })
      if (verb === 'setFanLevel' && typeof fanLevel === 'string') return room.unit.tell(at, { fanLevel })
      // A mode other than heat, and the schedule left at the vendor, are taken and change nothing here.
      return verb === 'setMode' || verb === 'setFallback'
    }
    if (fresh && loop === ventilated?.id) {
      if (verb === 'setFanLevel' && typeof fanLevel === 'string') fresh.tell(at, { fanLevel })
      else if (verb === 'setSupplySetpoint' && isNumber(temperature)) fresh.tell(at, { temperature })
      else return verb === 'boost'
      return true
    }
    if (storage && loop === stored?.id && isNumber(power)) {
      if (verb === 'setGridSetpoint') storage.tell(at, { gridSetpoint: power })
      else if (verb === 'setChargeLimit') storage.tell(at, { chargeLimit: power })
      else if (verb === 'setDischargeLimit') storage.tell(at, { dischargeLimit: power })
      else return false
      return true
    }
    return false
  }

  let forecast: { readonly issued: number; readonly outlooks: readonly Outlook[] } | undefined
  const weatherAt = (ms: number): readonly Outlook[] => {
    const issued = Math.floor(ms / hour) * hour
    if (forecast?.issued !== issued) {
      const said = outlooks(outside, seed, forecastError, issued, forecastAhead)
      forecast = { issued, outlooks: given.roofs && storage ? said.map((one) => storage.forecast(one)) : said }
    }
    return forecast.outlooks
  }
  let published: { readonly until: number; readonly from: number; readonly spot: HouseSeen['spot'] } | undefined
  const spotAt = (ms: number) => {
    const until = knownUntil(ms, setup.timezone)
    const from = Math.floor((ms - 8 * day) / hour) * hour
    // One array for as long as nothing changes, so that whoever reckons with it may remember the result.
    if (published?.until !== until || published.from !== from)
      published = { until, from, spot: entriesBetween(spot, from, until) }
    return published.spot
  }

  return {
    name: `the twin of ${setup.name}`,
    answers: true,
    step,
    command,
    pass: (from, to) => step((to - from) / minute),
    take: (_, commands: readonly LoopCommand[]) => {
      for (const { loop, capability, verb, arguments: args } of commands) command(loop, capability, verb, args)
    },
    spot: (from, to) => entriesBetween(spot, from, to),
    seen(moment, asked = setup): HouseSeen {
      const held = asked.loops.flatMap((loop) => {
        if (loop.kind === 'ventilation') return fresh ? [[loop.id, fresh.held(moment)] as const] : []
        if (loop.kind === 'battery') return storage ? [[loop.id, storage.held(moment)] as const] : []
        const unit = ofLoop.get(loop.id)?.unit
        return unit ? [[loop.id, unit.held(moment)] as const] : []
      })
      const readings = (id: number): readonly (readonly Reading[])[] =>
        rooms.find((room) => room.setup.id === id)?.sensors.map((sensor) => sensor.readings(moment)) ?? []
      const co2 = fresh && co2Sensor.readings(moment).at(-1)
      return {
        rooms: Object.fromEntries(asked.rooms.map(({ id }) => [id, readings(id)])),
        held: Object.fromEntries(held),
        spot: spotAt(moment),
        weather: weatherAt(moment),
        outdoor: given.outdoorSensor ? outdoorSensor.readings(moment) : [],
        power: meter.readings(moment),
        use: meter.use(moment),
        ...(co2 && { air: { co2 } }),
        ...(battery && storage && { battery: storage.seen(moment) }),
      }
    },
    truth: () => ({
      ...{ at, outdoor: now.temperature, grid, load, solar },
      rooms: Object.fromEntries(
        rooms.map(({ setup: { id }, air, structure, heat, electric }) => [id, { air, structure, heat, electric }]),
      ),
      ...(fresh && { co2: fresh.co2() }),
      ...(storage && { charge: storage.charge(), storage: storage.settings() }),
    }),
  }
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

/** The room as it really is, begun as after a long time at what is wished for. */
function makeRoom(
  { setup, rooms = {} }: TwinGiven,
  room: RoomSetup,
  area: number,
  seed: number,
  start: number,
  outside: Outside,
): LivingRoom {
  const loop = setup.loops.find((one) => one.kind === 'heating' && one.room === room.id)
  const truth = rooms[room.id] ?? {}
  const model: HouseParameters = truth.model ?? houseOf(room, setup)
  const { temperature } = wishAt(room.comfort, start, setup.timezone)
  const hold = steadyState(model, { outdoor: outside.temperature, heat: 1, gains: 0, sun: 0 })
  const free = steadyState(model, { outdoor: outside.temperature, heat: 0, gains: 0, sun: 0 })
  const heat = Math.max(0, (temperature - free.air) / (hold.air - free.air))
  const { structure } = steadyState(model, { outdoor: outside.temperature, heat, gains: 0, sun: 0 })
  const first = { temperature: Math.round(temperature), on: true, fanLevel: 'auto' }
  const sensor = { ...usualSensor, ...truth.sensor }
  return {
    ...{ setup: room, loop, truth, structure, air: temperature, heat: 0, electric: 0 },
    matrix: stepMatrix(model, 1 / 60),
    share: (room.area ?? usualArea) / Math.max(1, area),
    unit: makeUnit(machineOf(room, loop, truth), { ...usualManners, ...truth.manners }, seed, start, first),
    // The later ones hang elsewhere in the room.
    sensors: room.sensors.map((_, n) =>
      makeSensor({ ...sensor, offset: sensor.offset + (n === 0 ? 0 : 0.4 * (random(seed, n) - 0.5)) }, seed + 11 * n),
    ),
  }
}

function machineOf(room: RoomSetup, loop: LoopSetup | undefined, truth: TrueRoom): Machine {
  const { pump: believed, resistance = 0 } = heatingOf(room, loop)
  if (!believed) return { power: truth.resistance ?? resistance, backup: 0, backupAt: 0 }
  const pump = { ...believed, ...truth.pump }
  // People set them well below what they wish for.
  const backupAt = Math.min(...room.comfort.weekday.map(({ temperature }) => temperature)) - 2
  return { pump, power: pump.power ?? pump.capacity, backup: truth.resistance ?? resistance, backupAt }
}

/** kW/K that goes out just now; each opening begins at a time that chance names. */
function openWindow({ window }: TrueRoom, seed: number, at: number): number {
  if (!window) return 0
  const slot = day / Math.max(1, window.perDay)
  const nth = Math.floor(at / slot)
  const begins = nth * slot + random(seed + 71, nth) * Math.max(0, slot - window.minutes * minute)
  return at >= begins && at < begins + window.minutes * minute ? window.loss : 0
}
