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

const Status = Type.Object({
  data: Type.Object({
    viewer: Type.Object({
      homes: Type.Array(
        Nullable(
          Type.Intersect([
            Home,
            Type.Object({ consumption: Maybe(Type.Object({ nodes: Maybe(Type.Array(Nullable(Hour))) })) }),
          ]),
        ),
      ),
    }),
  }),
})

// A week each time: hours come days late and are corrected afterwards. The store keeps the newest of each hour.
const query = `{viewer{homes{id appNickname address{address1} consumption(resolution:HOURLY,last:168){nodes{from consumption consumptionUnit cost currency}}}}}`

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

  fetch: async ({ http, credentials }) => {
    const answer = await ask(http, credentials['api-key'], query)
    const failure = firstFailure(answer)
    // Data beside errors is used; nothing but holes beside errors is the error.
    if (failure && !/"from"\s*:/.test(JSON.stringify(answer))) throw failure
    return answer
  },

  samples: ({ data: { viewer } }) => viewer.homes.flatMap((home) => (home === null ? [] : readHome(home))),
})

type HomeWithHours = NonNullable<Static<typeof Status>['data']['viewer']['homes'][number]>

const readHome = (home: HomeWithHours): Reading[] =>
  (home.consumption?.nodes ?? []).flatMap((hour) => (hour === null ? [] : readHour(hour, nameOf(home))))

function readHour(hour: Static<typeof Hour>, location: string): Reading[] {
  const place = { time: hour.from, location }
  const energy = energyOf(hour)
  // Null: the grid company has not delivered it yet. Not measured is not zero.
  const consumption = energy === undefined ? {} : { hourlyPower: W(energy * 1000), hourlyConsumption: energy }
  const cost = typeof hour.cost === 'number' ? { hourlyCost: hour.cost } : {}
  return !hour.currency || hour.currency === 'NOK'
    ? some({ ...place, fields: { ...consumption, ...cost } })
    : [
        ...some({ ...place, fields: consumption }),
        ...some({ ...place, tags: { currency: hour.currency }, fields: cost }),
      ]
}

const energyOf = ({ consumption, consumptionUnit }: Static<typeof Hour>): KilowattHours | undefined =>
  typeof consumption === 'number' && (consumptionUnit ?? 'kWh').toLowerCase() === 'kwh' ? kWh(consumption) : undefined

const some = (reading: Reading): Reading[] => (Object.keys(reading.fields).length > 0 ? [reading] : [])
