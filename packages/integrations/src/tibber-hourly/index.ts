// Hourly consumption and its cost, as the grid company delivered it to Tibber. Quirks of the API: README.md.
import { type KilowattHours, kWh, W } from '@nabolag/core'
import { type Static, Type } from 'typebox'
import { defineIntegration, type Reading } from '../define.ts'
import { ask, firstFailure } from '../graphql.ts'
import { Maybe, Nullable } from '../schema.ts'
import { Home, nameOf } from './home.ts'

const Credentials = Type.Object({
  'api-key': Type.String({
    title: 'Access token',
    description: 'From developer.tibber.com',
    secret: true,
    minLength: 1,
  }),
})

const Hour = Type.Object({
  from: Type.String(),
  consumption: Maybe(Type.Number()),
  consumptionUnit: Maybe(Type.String()),
  cost: Maybe(Type.Number()),
  currency: Maybe(Type.String()),
})

const ProducedHour = Type.Object({
  from: Type.String(),
  production: Maybe(Type.Number()),
  productionUnit: Maybe(Type.String()),
  profit: Maybe(Type.Number()),
  currency: Maybe(Type.String()),
})

const Status = Type.Object({
  data: Type.Object({
    viewer: Type.Object({
      homes: Type.Array(
        Nullable(
          Type.Intersect([
            Home,
            Type.Object({
              consumption: Maybe(Type.Object({ nodes: Maybe(Type.Array(Nullable(Hour))) })),
              production: Maybe(Type.Object({ nodes: Maybe(Type.Array(Nullable(ProducedHour))) })),
            }),
          ]),
        ),
      ),
    }),
  }),
})

/** A week each time: hours come days late and are corrected afterwards. The store keeps the newest of each hour. */
const week = 168
/** Tibber gives no more hours at once, and cuts what asks for more. */
const mostHours = 744
/** The host takes 5000 readings of an answer; the oldest are left out where many homes have more. */
const mostReadings = 4800

const hoursQuery = (last: number) =>
  `{viewer{homes{id appNickname address{address1} consumption(resolution:HOURLY,last:${last}){nodes{from consumption consumptionUnit cost currency}} production(resolution:HOURLY,last:${last}){nodes{from production productionUnit profit currency}}}}}`

/** How many hours to ask for: a week, and besides what was missed since the newest hour known; all there is at first. */
export function hoursToAsk(now: string, since: string | undefined): number {
  const missed = since === undefined ? mostHours : Math.ceil((Date.parse(now) - Date.parse(since)) / 3_600_000)
  return Math.min(mostHours, week + Math.max(0, missed))
}

export default defineIntegration({
  name: 'tibber-hourly',
  label: 'Tibber hourly consumption',
  vendor: 'tibber',
  group: 'powerConsumption',
  base: 'https://api.tibber.com/v1-beta/gql',
  credentials: Credentials,
  account: (credentials) => credentials['api-key'],
  status: Status,
  sampling: { every: '1 h', staleAfter: '72 h' },
  limits: { callsTogether: { count: 100, per: '5 min' }, pause: '10 min' },

  fetch: async ({ http, credentials, now, since }) => {
    const answer = await ask(http, credentials['api-key'], hoursQuery(hoursToAsk(now, since)))
    const failure = firstFailure(answer)
    // Data beside errors is used; nothing but holes beside errors is the error.
    if (failure && !/"from"\s*:/.test(JSON.stringify(answer))) throw failure
    return answer
  },

  samples: ({ data: { viewer } }) => {
    const readings = viewer.homes.flatMap((home) => (home === null ? [] : readHome(home)))
    if (readings.length <= mostReadings) return readings
    return readings.sort((a, b) => Date.parse(a.time) - Date.parse(b.time)).slice(-mostReadings)
  },
})

type HomeWithHours = NonNullable<Static<typeof Status>['data']['viewer']['homes'][number]>
type Whose = Pick<Reading, 'location' | 'place'>

function readHome(home: HomeWithHours): Reading[] {
  const whose = { location: nameOf(home), place: home.id }
  return joinHours([
    ...(home.consumption?.nodes ?? []).flatMap((hour) => (hour === null ? [] : readHour(hour, whose))),
    ...(home.production?.nodes ?? []).flatMap((hour) => (hour === null ? [] : readProducedHour(hour, whose))),
  ])
}

/** Drawn and delivered energy of an hour are one reading. */
function joinHours(readings: readonly Reading[]): Reading[] {
  const hours = new Map<string, Reading>()
  for (const reading of readings) {
    const key = `${reading.time} ${reading.tags?.currency ?? ''}`
    const fields = { ...hours.get(key)?.fields, ...reading.fields }
    hours.set(key, { ...reading, fields })
  }
  return [...hours.values()]
}

function readHour(hour: Static<typeof Hour>, whose: Whose): Reading[] {
  const energy = energyOf(hour.consumption, hour.consumptionUnit)
  // Null: the grid company has not delivered it yet. Not measured is not zero.
  const consumption = energy === undefined ? {} : { hourlyPower: W(energy * 1000), hourlyConsumption: energy }
  const cost = typeof hour.cost === 'number' ? { hourlyCost: hour.cost } : {}
  return withMoney({ time: hour.from, ...whose }, consumption, cost, hour.currency)
}

function readProducedHour(hour: Static<typeof ProducedHour>, whose: Whose): Reading[] {
  const energy = energyOf(hour.production, hour.productionUnit)
  const production = energy === undefined ? {} : { hourlyProduction: energy }
  const reward = typeof hour.profit === 'number' ? { hourlyReward: hour.profit } : {}
  return withMoney({ time: hour.from, ...whose }, production, reward, hour.currency)
}

/** The currency is a tag of the money only, and only where it is not NOK. */
const withMoney = (
  place: Omit<Reading, 'fields'>,
  energy: Reading['fields'],
  money: Reading['fields'],
  currency: string | null | undefined,
): Reading[] =>
  !currency || currency === 'NOK'
    ? some({ ...place, fields: { ...energy, ...money } })
    : [...some({ ...place, fields: energy }), ...some({ ...place, tags: { currency }, fields: money })]

/** No home draws as much in an hour, kWh: beyond it a number is no measurement. */
const mostEnergy = 1e9

const energyOf = (amount: number | null | undefined, unit: string | null | undefined): KilowattHours | undefined =>
  typeof amount === 'number' && Math.abs(amount) <= mostEnergy && (unit ?? 'kWh').toLowerCase() === 'kwh'
    ? kWh(amount)
    : undefined

const some = (reading: Reading): Reading[] => (Object.keys(reading.fields).length > 0 ? [reading] : [])
