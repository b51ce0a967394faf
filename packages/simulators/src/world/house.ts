/**
 * A house that lives: rooms with a heat pump each, people, a meter. Simulated minute by minute from the world's start,
 * and remembered, so that any past time can be asked; the same seed and start give the same house.
 */
import { cop, discretise, type HouseState, mostHeat } from '@nabolag/control/thermal/index'
import { type Flows, makeStorage, type StorageSettings } from './battery.ts'
import { type LivingHeater, makeHeating } from './heater.ts'
import type { DemoHouse, Room } from './houses.ts'
import { hourOfDay, midnightBefore } from './local-time.ts'
import { clamp, random, round, seedOf, smooth } from './noise.ts'
import { gainsAt, loadAt } from './people.ts'
import { totalPriceAt } from './prices.ts'
import { fireAt, overStoveAt } from './stove.ts'
import { weatherAt } from './weather.ts'

export type AcState = {
  readonly on: boolean
  readonly mode: string
  readonly targetTemperature: number
  readonly fanLevel: string
}

/** What the electricity meter knows. */
export type Meter = {
  /** W */ readonly power: number
  readonly minPower: number
  readonly averagePower: number
  readonly maxPower: number
  /** kWh since local midnight */ readonly today: number
  /** kWh since the hour began */ readonly lastHour: number
  /** NOK since local midnight */ readonly cost: number
  /** kWh */ readonly register: number
  /** Delivered now, W, since local midnight and ever, kWh; all zero without panels. */
  readonly production: number
  readonly producedToday: number
  readonly productionRegister: number
}

const minute = 60_000

export type LivingHouse = {
  readonly house: DemoHouse
  climateAt(room: number, ms: number): { readonly temperature: number; readonly humidity: number }
  acStateAt(room: number, ms: number): AcState
  /** Somebody pressed a button: from then on the schedule is off for that room. */
  setAc(room: number, ms: number, state: AcState): void
  /** Mean electric power of a heat pump, W. */
  pumpPowerAt(room: number, ms: number): number
  /** Besides the heat pumps; they rest until somebody wants them. */
  readonly heaters: readonly LivingHeater[]
  /** °C of the air over the wood stove; `undefined` in a house without one. */
  overStoveAt(ms: number): number | undefined
  meterAt(ms: number): Meter
  /** Where the power goes and how full the battery is (%); `undefined` in a house without panels and battery. */
  flowsAt(ms: number): (Flows & { readonly charge: number }) | undefined
  storageAt(ms: number): StorageSettings | undefined
  /** Somebody set the battery's inverter. */
  setStorage(ms: number, change: Partial<StorageSettings>): void
  /** kWh and NOK between two times. */
  used(from: number, to: number): { readonly energy: number; readonly cost: number }
}

export function makeHouse(house: DemoHouse, worldSeed: number, worldStart: number): LivingHouse {
  const start = Math.floor(worldStart / minute) * minute
  const seed = worldSeed + seedOf(house.like ?? house.name)
  const { stove } = house
  const rooms = house.rooms.map((room) => ({
    room,
    step: discretise(room.model, 1 / 60),
    air: [] as number[],
    power: [] as number[],
  }))
  const states: HouseState[] = house.rooms.map(({ day }) => ({ air: day - 0.4, structure: day - 1.5 }))
  const changes: { at: number; state: AcState }[][] = house.rooms.map(() => [])
  const storage = house.roofs || house.battery ? makeStorage(house, house.roofs ?? [], house.battery) : undefined
  const heating = makeHeating(house, start, (ms) => reach(ms))
  const watts: number[] = []
  /** At the beginning of each minute, from zero at the start. */
  const energy: number[] = [0]
  const cost: number[] = [0]
  const delivered: number[] = [0]
  let peaks = { midnight: 0, next: 0, min: Number.POSITIVE_INFINITY, max: 0 }

  function acStateAt(room: number, ms: number): AcState {
    return changes[room]!.findLast(({ at }) => at <= ms)?.state ?? scheduled(house.rooms[room]!, ms)
  }

  function simulate(at: number) {
    const weather = weatherAt(worldSeed, house, at)
    const gains = gainsAt(seed, at) / Math.max(1, rooms.length)
    const price = totalPriceAt(worldSeed, at)
    let total = loadAt(seed, at)
    rooms.forEach(({ room, step, air, power }, index) => {
      const state = states[index]!
      const { heat, electric } = runPump(room, acStateAt(index, at), state.air, weather.temperature, weather.humidity)
      const heaters = heating.run(index, at, state.air)
      states[index] = step(state, {
        outdoor: weather.temperature,
        heat: heat + heaters + (stove?.room === index ? stove.power * fireAt(seed, at) : 0),
        gains: gains + 0.15 * random(seed + index, Math.floor(at / 1_200_000)),
        sun: weather.irradiance / 1000,
      })
      air.push(state.air)
      power.push(electric * 1000)
      total += (electric + heaters) * 1000
    })
    const grid = storage ? storage.step(at, total, weather) : total
    const drawn = Math.max(0, grid)
    watts.push(drawn)
    energy.push(energy.at(-1)! + drawn / 60_000)
    cost.push(cost.at(-1)! + (drawn / 60_000) * price)
    delivered.push(delivered.at(-1)! + Math.max(0, -grid) / 60_000)
  }

  /** The number of the minute, simulated if it has not been yet. */
  function reach(ms: number): number {
    const wanted = Math.max(0, Math.floor((ms - start) / minute))
    while (watts.length <= wanted) simulate(start + watts.length * minute)
    return wanted
  }

  function sumAt(sums: readonly number[], ms: number): number {
    const at = reach(ms)
    const share = clamp((ms - start) / minute - at, 0, 1)
    return sums[at]! + share * (sums[at + 1]! - sums[at]!)
  }

  function peaksAt(ms: number) {
    const midnight = midnightBefore(ms)
    const at = reach(ms)
    if (peaks.midnight !== midnight || peaks.next > at + 1)
      peaks = {
        midnight,
        next: Math.max(0, Math.floor((midnight - start) / minute)),
        min: Number.POSITIVE_INFINITY,
        max: 0,
      }
    for (; peaks.next <= at; peaks.next++) {
      peaks.min = Math.min(peaks.min, watts[peaks.next]!)
      peaks.max = Math.max(peaks.max, watts[peaks.next]!)
    }
    return peaks
  }

  const jitterAt = (ms: number) => 1 + 0.05 * (random(seed + 70, Math.floor(ms / 2000)) - 0.5)
  const flowsAt = (ms: number) => storage?.flowsIn(reach(ms), ms, jitterAt(ms))

  return {
    house,
    acStateAt,
    flowsAt,
    storageAt: (ms) => storage?.settingsAt(ms),
    setStorage: (ms, change) => {
      reach(ms)
      storage?.set(ms, change)
    },
    heaters: heating.heaters,
    setAc: (room, ms, state) => {
      reach(ms)
      changes[room]!.push({ at: ms, state })
    },
    overStoveAt: (ms) => stove && overStoveAt(seed, ms, rooms[stove.room]!.air[reach(ms)]!),
    climateAt: (room, ms) => {
      const at = reach(ms)
      const jitter = 0.06 * (random(seed + 7 * room, Math.floor(ms / 10_000)) - 0.5)
      const outdoor = weatherAt(worldSeed, house, ms)
      return {
        temperature: round(rooms[room]!.air[at]! + jitter, 1),
        humidity: round(
          clamp(34 + 0.6 * outdoor.temperature + 5 * smooth(seed + 60 + room, ms / 8_000_000), 12, 75),
          1,
        ),
      }
    },
    pumpPowerAt: (room, ms) => rooms[room]!.power[reach(ms)]!,
    meterAt: (ms) => {
      const midnight = midnightBefore(ms)
      const now = sumAt(energy, ms)
      const today = now - sumAt(energy, midnight)
      const { min, max } = peaksAt(ms)
      const grid = flowsAt(ms)?.grid ?? watts[reach(ms)]! * jitterAt(ms)
      const power = Math.round(Math.max(0, grid))
      const exported = sumAt(delivered, ms)
      const hours = (ms - Math.max(midnight, start)) / 3_600_000
      return {
        power,
        minPower: Math.min(power, Math.round(min)),
        maxPower: Math.max(power, Math.round(max)),
        averagePower: hours > 0 ? round((1000 * today) / hours, 1) : power,
        today: round(today, 6),
        lastHour: round(now - sumAt(energy, Math.floor(ms / 3_600_000) * 3_600_000), 6),
        cost: round(sumAt(cost, ms) - sumAt(cost, midnight), 6),
        register: round(48_210 + now, 4),
        production: Math.round(Math.max(0, -grid)),
        producedToday: round(exported - sumAt(delivered, midnight), 6),
        productionRegister: round(exported, 4),
      }
    },
    used: (from, to) => ({
      energy: round(sumAt(energy, to) - sumAt(energy, from), 3),
      cost: round(sumAt(cost, to) - sumAt(cost, from), 6),
    }),
  }
}

/** Warm in the day, a little cooler in the night. */
const scheduled = ({ day, night }: Room, ms: number): AcState => {
  const clock = hourOfDay(ms)
  return {
    on: true,
    mode: 'heat',
    targetTemperature: clock >= 5.5 && clock < 22.5 ? day : night,
    fanLevel: clock >= 5.5 && clock < 22.5 ? 'auto' : 'quiet',
  }
}

/** An inverter: proportional to what is missing, within what the outdoor temperature leaves. Heat and electricity in kW. */
function runPump({ pump }: Room, ac: AcState, air: number, outdoor: number, humidity: number) {
  if (!ac.on) return { heat: 0, electric: 0.003 }
  if (ac.mode === 'fan' || ac.mode === 'dry') return { heat: 0, electric: 0.03 }
  const wanted = ac.targetTemperature - air
  const cooling = ac.mode === 'cool' || (ac.mode === 'auto' && wanted < -1.5)
  const most = mostHeat(pump, outdoor)
  const heat = clamp((cooling ? -wanted : wanted + 0.5) * 2.2, 0, most)
  // Below its slowest speed the compressor stands.
  if (heat < 0.12 * most) return { heat: 0, electric: 0.015 }
  const efficiency = cooling ? 3.2 : cop(pump, outdoor, humidity)
  return { heat: cooling ? -heat : heat, electric: heat / efficiency + 0.02 }
}
