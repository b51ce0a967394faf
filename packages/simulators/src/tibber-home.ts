/** What the simulated Tibber knows of a home: prices, hours and the live meter, as its schema names them. */
import { isBench } from './server.ts'
import type { LivingHouse } from './world/house.ts'
import { localIso, midnightBefore } from './world/local-time.ts'
import { random, round, seedOf } from './world/noise.ts'
import { spotPriceAt } from './world/prices.ts'
import { weatherAt } from './world/weather.ts'
import type { World } from './world/world.ts'

const hour = 3_600_000

export type TibberHome = {
  readonly id: string
  readonly name: string
  /** How often the meter speaks, ms. */
  readonly every: number
  /** After the round moment, ms: so that a thousand homes do not speak at once. */
  readonly offset: number
  live(ms: number): Record<string, unknown>
  used(from: number, to: number): { energy: number; cost: number }
  /** kWh delivered to the grid; absent where there are no panels. */
  readonly produced?: (from: number, to: number) => number
}

/** The token of an account with a home for each simulated house, the last of which has panels. */
export const severalHomes = 'sim-tibber-several-homes'

/** The homes of a token, or `undefined` when nobody has it. */
export function homesOf(world: World, token: string | undefined): readonly TibberHome[] | undefined {
  if (token === undefined) return undefined
  if (isBench(token)) return [benchHome(world, token)]
  const homes =
    token === severalHomes
      ? world.houses.map((living, nth) => homeOf(world, living, nth === world.houses.length - 1))
      : world.houses.filter(({ house }) => house.tibber?.token === token).map((living) => homeOf(world, living, false))
  return homes.length === 0 ? undefined : homes
}

function homeOf(world: World, living: LivingHouse, hasPanels: boolean): TibberHome {
  const { tibber, name } = living.house
  const seed = seedOf(name)
  const watts = (ms: number) => 5 * weatherAt(world.seed, living.house, ms).irradiance
  return {
    id: tibber?.home ?? `home-${seed.toString(16)}`,
    name,
    every: 2500,
    offset: 0,
    // Before the world began nobody knows; a day on which clocks changed may lie there.
    used: (from, to) => (to <= world.start ? { energy: 0.75, cost: 0.9 } : living.used(from, to)),
    ...(hasPanels && { produced: (from, to) => round((watts((from + to) / 2) * (to - from)) / hour / 1000, 3) }),
    live: (ms) => {
      const { power, minPower, averagePower, maxPower, today, lastHour, cost, register } = living.meterAt(ms)
      return {
        ...liveOf(seed, ms, {
          power,
          minPower,
          averagePower,
          maxPower,
          accumulatedConsumption: today,
          accumulatedConsumptionLastHour: lastHour,
          accumulatedCost: cost,
          lastMeterConsumption: register,
        }),
        ...(hasPanels && { powerProduction: Math.round(watts(ms)) }),
      }
    },
  }
}

/** No memory and no model: there are a thousand of them. */
function benchHome(world: World, token: string): TibberHome {
  const seed = seedOf(token)
  const watts = 400 + (seed % 900)
  const used = (from: number, to: number) => {
    const energy = round((watts * (to - from)) / hour / 1000, 3)
    return { energy, cost: round(energy * 1.1, 5) }
  }
  return {
    // Made from the token and not the token itself: names and ids of homes are no secrets, and are looked at by everybody.
    id: `0b3c0000-0000-4000-8000-${seed.toString(16).padStart(12, '0')}`,
    name: `Home ${seed}`,
    every: 10_000,
    offset: seed % 10_000,
    used,
    live: (ms) => {
      const today = (watts * (ms - midnightBefore(ms))) / hour / 1000
      return liveOf(seed, ms, {
        power: Math.round(watts * (0.9 + 0.2 * random(seed + world.seed, Math.floor(ms / 10_000)))),
        minPower: watts * 0.9,
        averagePower: watts,
        maxPower: watts * 1.1,
        accumulatedConsumption: round(today, 4),
        accumulatedConsumptionLastHour: round((watts * (ms % hour)) / hour / 1000, 4),
        accumulatedCost: round(today * 1.1, 4),
        lastMeterConsumption: round(10_000 + today, 3),
      })
    },
  }
}

/** The rest of a measurement. The phases are known at every tenth second only, as from most Norwegian meters. */
function liveOf(seed: number, ms: number, known: Record<string, number> & { power: number }): Record<string, unknown> {
  const second = Math.floor(ms / 1000)
  const phases = second % 10 === 0
  const volts = (n: number) => (phases ? round(231 + 3 * (random(seed + n, second) - 0.5), 1) : null)
  const amperes = (n: number) =>
    phases ? round((known.power / 692) * (0.8 + 0.4 * random(seed + n, second)), 3) : null
  const currents = [amperes(4), amperes(5), amperes(6)]
  return {
    timestamp: localIso(ms),
    ...known,
    accumulatedProduction: 0,
    accumulatedProductionLastHour: 0,
    accumulatedReward: null,
    currency: 'NOK',
    powerProduction: 0,
    minPowerProduction: 0,
    maxPowerProduction: 0,
    lastMeterProduction: 0,
    powerReactive: phases ? Math.round(known.power * 0.08) : null,
    powerProductionReactive: phases ? 0 : null,
    powerFactor: phases ? 0.98 : null,
    voltagePhase1: volts(1),
    voltagePhase2: volts(2),
    voltagePhase3: volts(3),
    currentL1: currents[0],
    currentL2: currents[1],
    currentL3: currents[2],
    currentPhase1: currents[0],
    currentPhase2: currents[1],
    currentPhase3: currents[2],
    signalStrength: -50 - (seed % 30),
  }
}

type Page = { first?: number; last?: number; before?: string; after?: string; resolution: string }

/** The resolvers of a home. The grid company is so far behind, ms. */
export const homeResolvers = (world: World, home: TibberHome, behind = 2 * hour) => ({
  id: home.id,
  timeZone: 'Europe/Oslo',
  appNickname: home.name,
  appAvatar: 'FLOORHOUSE2',
  size: 150,
  type: 'HOUSE',
  numberOfResidents: 4,
  primaryHeatingSource: 'AIR2AIR_HEATPUMP',
  hasVentilationSystem: true,
  mainFuseSize: 63,
  address: { address1: `${home.name}, Simulated Street 1`, city: 'Trondheim', country: 'NO' },
  meteringPointData: {
    gridCompany: 'Simulated Grid',
    gridAreaCode: 'SIM',
    priceAreaCode: 'NO3',
    estimatedAnnualConsumption: 18000,
  },
  features: { realTimeConsumptionEnabled: true },
  currentSubscription: () => dealOf(world, home),
  subscriptions: () => [dealOf(world, home)],
  production: ({ resolution, ...page }: Page) => {
    if (!home.produced) return null
    const { starts, end } = hoursOf(world, page)
    return {
      nodes: resolution === 'HOURLY' ? starts.map((ms) => producedHourOf(world, home, ms, ms < end - behind)) : [],
    }
  },
  consumption: ({ resolution, ...page }: Page) => {
    if (resolution !== 'HOURLY') return { nodes: [], pageInfo: { count: 0, filtered: 0 } }
    const { starts: chosen, begin, end, to } = hoursOf(world, page)
    const nodes = chosen.map((ms) => hourOf(home, ms, ms < end - behind))
    return {
      nodes,
      edges: nodes.map((node, index) => ({ cursor: toCursor(chosen[index]!), node })),
      pageInfo: {
        startCursor: chosen.length === 0 ? null : toCursor(chosen[0]!),
        endCursor: chosen.length === 0 ? null : toCursor(chosen.at(-1)!),
        hasNextPage: (chosen.at(-1) ?? to) + hour < end,
        hasPreviousPage: (chosen[0] ?? begin) > begin,
        count: nodes.length,
        currency: 'NOK',
        totalCost: round(
          nodes.reduce((sum, { cost }) => sum + (cost ?? 0), 0),
          4,
        ),
        totalConsumption: round(
          nodes.reduce((sum, { consumption }) => sum + (consumption ?? 0), 0),
          3,
        ),
        filtered: 0,
      },
    }
  },
})

/** The hours that a page asks for, by their beginnings: 744 at most, since the world began or for two days. */
function hoursOf(world: World, { first, last, before, after }: Omit<Page, 'resolution'>) {
  const end = Math.floor(world.now() / hour) * hour
  const begin = Math.max(Math.min(Math.floor(world.start / hour) * hour, end - 48 * hour), end - 744 * hour)
  const from = Math.max(begin, cursorTime(after) === undefined ? begin : cursorTime(after)! + hour)
  const to = Math.min(end, cursorTime(before) ?? end)
  const all: number[] = []
  for (let ms = from; ms < to; ms += hour) all.push(ms)
  const starts = first === undefined ? all.slice(-Math.min(744, last ?? 744)) : all.slice(0, Math.min(744, first))
  return { starts, begin, end, to }
}

function producedHourOf(world: World, home: TibberHome, ms: number, delivered: boolean) {
  const production = home.produced?.(ms, ms + hour) ?? 0
  const unitPrice = spotPriceAt(world.seed, ms)
  return {
    from: localIso(ms),
    to: localIso(ms + hour),
    unitPrice: delivered ? unitPrice : null,
    production: delivered ? production : null,
    productionUnit: 'kWh',
    profit: delivered ? round(production * unitPrice, 5) : null,
    currency: 'NOK',
  }
}

function hourOf(home: TibberHome, ms: number, delivered: boolean) {
  const { energy, cost } = home.used(ms, ms + hour)
  const price = energy > 0 ? round(cost / energy, 5) : null
  return {
    from: localIso(ms),
    to: localIso(ms + hour),
    unitPrice: delivered ? price : null,
    unitPriceVAT: delivered && price !== null ? round(price / 5, 6) : null,
    consumption: delivered ? energy : null,
    consumptionUnit: 'kWh',
    cost: delivered ? cost : null,
    currency: 'NOK',
  }
}

const toCursor = (ms: number): string => Buffer.from(localIso(ms)).toString('base64')
function cursorTime(cursor: string | undefined): number | undefined {
  if (!cursor) return undefined
  const time = [cursor, Buffer.from(cursor, 'base64').toString()].map((text) => Date.parse(text)).find(Number.isFinite)
  return time
}

const dealOf = (world: World, home: TibberHome) => ({
  id: `deal-${home.id}`,
  validFrom: '2022-01-01T00:00:00.000+01:00',
  validTo: null,
  status: 'running',
  priceInfo: ({ resolution }: { resolution: string }) => {
    const now = world.now()
    const step = resolution === 'QUARTER_HOURLY' ? hour / 4 : hour
    const today = midnightBefore(now)
    const tomorrow = midnightBefore(today + 30 * hour)
    const published = now > today + 13 * hour
    return {
      current: priceOf(world.seed, Math.floor(now / step) * step),
      today: prices(world.seed, today, tomorrow, step),
      tomorrow: published ? prices(world.seed, tomorrow, midnightBefore(tomorrow + 30 * hour), step) : [],
    }
  },
  priceInfoRange: ({ resolution, first, last }: Page) => {
    const step = resolution === 'QUARTER_HOURLY' ? hour / 4 : resolution === 'HOURLY' ? hour : 24 * hour
    const most = resolution === 'QUARTER_HOURLY' ? 672 : resolution === 'HOURLY' ? 744 : 31
    const count = Math.min(most, first ?? last ?? most)
    const end = midnightBefore(midnightBefore(world.now()) + 30 * hour)
    return { nodes: prices(world.seed, end - count * step, end, step) }
  },
})

const prices = (seed: number, from: number, to: number, step: number) =>
  Array.from({ length: Math.round((to - from) / step) }, (_, n) => priceOf(seed, from + n * step))

function priceOf(seed: number, ms: number) {
  const energy = spotPriceAt(seed, ms)
  const tax = round(0.25 * energy + 0.04, 5)
  const share = energy / 0.55
  const level =
    share <= 0.6
      ? 'VERY_CHEAP'
      : share <= 0.9
        ? 'CHEAP'
        : share <= 1.15
          ? 'NORMAL'
          : share < 1.4
            ? 'EXPENSIVE'
            : 'VERY_EXPENSIVE'
  return { total: round(energy + tax, 5), energy, tax, startsAt: localIso(ms), currency: 'NOK', level }
}
