/**
 * The reference house as a twin in two real winters: prices of SE3 and weather of Stockholm. For tests and for the
 * figures of the documentation; the data lie beside the clone and are not part of the project.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  contenderOf,
  evenComfort,
  type HouseSetup,
  makePlanner,
  type Replay,
  replay,
  type Solver,
  type SpotEntry,
  shiftWishes,
  underControl,
} from '@nabolag/control'
import { setupOf } from './house.testing.ts'
import { weatherFrom } from './surroundings.ts'
import { makeTwin } from './twin.ts'
import type { TrueRoom } from './types.ts'

const data = join(import.meta.dirname, '../../../../../shared/data')
const hour = 3_600_000
const day = 24 * hour
/** NOK for a euro, as in the reference results for this house. */
const rate = 11.5

const columns = (file: string) =>
  readFileSync(join(data, file), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))
    .map(([time = '', value]) => ({ at: Date.parse(time), value: Number(value) }))

export type RealWinter = {
  readonly spot: readonly SpotEntry[]
  readonly weather: readonly { readonly at: number; readonly temperature: number }[]
}

/** `undefined` where the data are not there. */
export function readRealWinter(): RealWinter | undefined {
  if (!existsSync(join(data, 'prices_se3_se4_2023_2024'))) return undefined
  return {
    spot: columns('prices_se3_se4_2023_2024/prices_hourly.csv').map(({ at, value }) => ({
      ...{ start: at, end: at + hour },
      price: (value * rate) / 1000,
    })),
    weather: columns('weather_stockholm_malmo_2023_2024/stockholm_hourly.csv').map(({ at, value }) => ({
      ...{ at, temperature: value },
    })),
  }
}

/** 140 m², 150 W/K, a heat pump of 2.2 kW; 21 °C, give or take one, all day; a spot contract without support. */
export const referenceHouse: HouseSetup = (() => {
  const base = setupOf(1)
  const model = { Ci: 2.1, Ce: 6.3, Hie: 1, Hia: 0.06, Hea: 1 / (1 / 0.09 - 1), Aw: 0, Ae: 0 }
  const heating = { pump: { c0: 3.4, c1: 0.075, capacity: 8, fading: 0.02, power: 2.2 }, resistance: 3 }
  return {
    ...base,
    ...{ name: 'Reference', latitude: 59.33, longitude: 18.07 },
    prices: { area: 'NO1', gridCompany: 'tensio-ts', support: [{ from: '2020-01-01', scheme: 'none' }] },
    rooms: base.rooms.map((room) => ({ ...room, comfort: evenComfort(21, 1), model, heating })),
  }
})()

export async function replayRealWinter(
  winter: RealWinter,
  solver: Solver,
  given: {
    readonly label: string
    readonly from: number
    readonly to: number
    /** K that every wish is warmer. */
    readonly shift?: number
    readonly settings?: Readonly<Record<string, unknown>>
    readonly room?: TrueRoom
  },
): Promise<Replay> {
  const { label, from, to, shift = 0, settings, room = {} } = given
  const setup = shiftWishes(underControl(referenceHouse, contenderOf(label, settings)), shift)
  const place = { latitude: 59.33, longitude: 18.07 }
  const source = makeTwin({
    ...{ setup, start: from - 2 * day, seed: 7, spot: winter.spot },
    outside: weatherFrom(winter.weather, place),
    rooms: { 1: room },
  })
  const planner = makePlanner(solver)
  try {
    return await replay({ setup, from, to, source, planner, warmUp: 2 * day })
  } finally {
    planner.close()
  }
}
