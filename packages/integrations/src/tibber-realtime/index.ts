// Live power of Tibber homes (Pulse or Watty). Quirks of the API: README.md beside this file.
import { kWh, VendorFailure, W } from '@nabolag/core'
import { type Static, Type } from 'typebox'
import { Check } from 'typebox/value'
import { defineIntegration, type Http, type Reading } from '../define.ts'
import { ask, firstFailure } from '../graphql.ts'
import { Maybe, Nullable } from '../schema.ts'
import { Home, nameOf } from '../tibber-hourly/home.ts'
import { watchHomes } from './watch-homes.ts'

const Credentials = Type.Object({
  'api-key': Type.String({
    title: 'Access token',
    description: 'From developer.tibber.com',
    secret: true,
    minLength: 1,
  }),
  pulse_index: Type.Optional(
    Type.String({
      title: 'Meter number',
      description:
        'One of the homes with a live meter only, counted from 0 in the order of the account; all of them when left out',
      pattern: '^\\d{1,3}$',
    }),
  ),
  home: Type.Optional(
    Type.String({ title: 'Home', description: 'One home only, by its name or id, instead of a number' }),
  ),
})

const Value = Maybe(Type.Number())

const numbers = {
  power: Value,
  averagePower: Value,
  minPower: Value,
  maxPower: Value,
  powerProduction: Value,
  minPowerProduction: Value,
  maxPowerProduction: Value,
  accumulatedConsumption: Value,
  accumulatedConsumptionLastHour: Value,
  accumulatedProduction: Value,
  accumulatedProductionLastHour: Value,
  accumulatedCost: Value,
  accumulatedReward: Value,
  lastMeterConsumption: Value,
  lastMeterProduction: Value,
  powerReactive: Value,
  powerProductionReactive: Value,
  powerFactor: Value,
  voltagePhase1: Value,
  voltagePhase2: Value,
  voltagePhase3: Value,
  currentL1: Value,
  currentL2: Value,
  currentL3: Value,
  signalStrength: Value,
}

const Measurement = Type.Object({ timestamp: Type.String(), currency: Maybe(Type.String()), ...numbers })

const Status = Type.Object({
  liveMeasurement: Nullable(Measurement),
  /** Put there by `listen`, as the stream does not say whose it is: the home's name and its id. */
  home: Type.Optional(Type.String()),
  place: Type.Optional(Type.String()),
})

const subscription = `subscription($homeId:ID!){liveMeasurement(homeId:$homeId){timestamp currency ${Object.keys(numbers).join(' ')}}}`

const Homes = Type.Object({
  data: Type.Object({
    viewer: Type.Object({
      websocketSubscriptionUrl: Type.String(),
      homes: Type.Array(
        Nullable(
          Type.Intersect([
            Home,
            Type.Object({ features: Maybe(Type.Object({ realTimeConsumptionEnabled: Maybe(Type.Boolean()) })) }),
          ]),
        ),
      ),
    }),
  }),
})
const homesQuery =
  '{viewer{websocketSubscriptionUrl homes{id appNickname address{address1} features{realTimeConsumptionEnabled}}}}'

export default defineIntegration({
  name: 'tibber-realtime',
  label: 'Tibber live power',
  vendor: 'tibber',
  group: 'powerConsumption',
  base: 'https://api.tibber.com/v1-beta/gql',
  credentials: Credentials,
  account: (credentials) => credentials['api-key'],
  status: Status,
  sampling: { every: '10 s', staleAfter: '90 s' },
  limits: { callsTogether: { count: 100, per: '5 min' }, streams: 2, pause: '10 min', reconnect: ['5 s', '60 s'] },
  several: true,

  // The stream's address and whether it may be opened are asked anew each time: Tibber moves both.
  listen: async ({ link, credentials }, onStatus, signal) => {
    const token = credentials['api-key']
    const { url, homes } = await askHomes(link.http, credentials)
    let names = homes.map(nameOf)
    const watch = watchHomes(names)
    const subscriptions = homes.map(({ id }) => ({ query: subscription, variables: { homeId: id } }))
    // One socket for all homes: two are allowed, and other programs of the owner may want one.
    for await (const { nth, data, failure } of link.graphqlTogether({ url, init: { token }, subscriptions })) {
      if (signal.aborted) return
      if (failure) {
        watch.lose(nth, failure)
        continue
      }
      const place = homes[nth]?.id
      onStatus(typeof data === 'object' && data !== null ? { ...data, home: names[nth], place } : data)
      if (!watch.hear(nth, timeOf(data))) continue
      const now = await askHomes(link.http, credentials).catch((error: unknown) => sayIfGone(error))
      if (now === undefined) continue
      // Another set of homes: the host connects again, to those that are there now.
      if (now.homes.map(({ id }) => id).join() !== homes.map(({ id }) => id).join()) return
      names = now.homes.map(nameOf)
    }
  },

  samples: ({ liveMeasurement, home, place }) =>
    liveMeasurement ? readMeasurement(liveMeasurement, { location: home, place }) : [],
})

type ListedHome = Static<typeof Homes>['data']['viewer']['homes'][number]
type LiveHome = NonNullable<ListedHome>

/** Where the stream is, and the homes to listen to. */
async function askHomes(http: Http, credentials: Static<typeof Credentials>) {
  const answer = await ask(http, credentials['api-key'], homesQuery)
  if (!Check(Homes, answer))
    throw firstFailure(answer) ?? new VendorFailure('changed', "Tibber's list of homes is of another form")
  const { websocketSubscriptionUrl: url, homes } = answer.data.viewer
  return { url, homes: chooseHomes(homes, credentials) }
}

/** While a stream speaks, a question that finds no answer does not end it; a refused token does. */
const sayIfGone = (error: unknown): undefined => {
  if (!(error instanceof VendorFailure) || error.kind === 'refused') throw error
}

/**
 * The homes to listen to: the one that the owner names, or else all with a live meter.
 *
 * @throws VendorFailure `refused` when the account has no such home, `unreachable` while no live meter is switched on
 */
export function chooseHomes(
  homes: readonly ListedHome[],
  { home: wanted, pulse_index: index }: Pick<Static<typeof Credentials>, 'home' | 'pulse_index'>,
): readonly LiveHome[] {
  const all = homes.filter((home) => home !== null)
  const live = all.filter((home) => home.features?.realTimeConsumptionEnabled === true)
  if (wanted !== undefined) {
    const isWanted = (home: LiveHome) => home.id === wanted || nameOf(home) === wanted
    const chosen = live.find(isWanted)
    if (chosen) return [chosen]
    if (!all.some(isWanted)) throw new VendorFailure('refused', 'This Tibber account has no home of that name')
  } else if (index !== undefined) {
    const chosen = live[Number(index)]
    if (chosen) return [chosen]
    if (Number(index) >= all.length)
      throw new VendorFailure('refused', `This Tibber account has ${all.length} homes; there is no number ${index}`)
  } else if (live.length > 0) return live
  throw new VendorFailure(
    'unreachable',
    wanted === undefined && index === undefined
      ? 'Tibber says that no home of this account has a live meter that is on'
      : 'Tibber says that the live meter of this home is not on',
  )
}

const timeOf = (data: unknown): number => {
  const { liveMeasurement } = (data ?? {}) as { liveMeasurement?: { timestamp?: unknown } | null }
  const { timestamp } = liveMeasurement ?? {}
  return typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN
}

function readMeasurement(live: Static<typeof Measurement>, whose: Pick<Reading, 'location' | 'place'>): Reading[] {
  const place = { time: live.timestamp, ...whose }
  const measured = {
    power: known(live.power, W),
    averagePower: known(live.averagePower, W),
    minPower: known(live.minPower, W),
    maxPower: known(live.maxPower, W),
    powerProduction: known(live.powerProduction, W),
    minPowerProduction: known(live.minPowerProduction, W),
    maxPowerProduction: known(live.maxPowerProduction, W),
    accumulatedConsumption: known(live.accumulatedConsumption, kWh),
    accumulatedConsumptionLastHour: known(live.accumulatedConsumptionLastHour, kWh),
    accumulatedProduction: known(live.accumulatedProduction, kWh),
    accumulatedProductionLastHour: known(live.accumulatedProductionLastHour, kWh),
    // A register never runs below zero; some meters send such values until they know their own.
    lastMeterConsumption: known(notNegative(live.lastMeterConsumption), kWh),
    lastMeterProduction: known(notNegative(live.lastMeterProduction), kWh),
    powerReactive: known(live.powerReactive),
    powerProductionReactive: known(live.powerProductionReactive),
    powerFactor: known(live.powerFactor),
    voltagePhase1: known(live.voltagePhase1),
    voltagePhase2: known(live.voltagePhase2),
    voltagePhase3: known(live.voltagePhase3),
    currentL1: known(live.currentL1),
    currentL2: known(live.currentL2),
    currentL3: known(live.currentL3),
    // Above zero it is a Watty's percentage and no dBm.
    signalStrength:
      typeof live.signalStrength === 'number' && live.signalStrength <= 0 ? live.signalStrength : undefined,
  }
  const cost = { accumulatedCost: known(live.accumulatedCost), accumulatedReward: known(live.accumulatedReward) }
  // The currency is a tag of the money only: it may be missing from one message to the next, and power is power.
  return !live.currency || live.currency === 'NOK'
    ? some({ ...place, fields: { ...measured, ...cost } })
    : [...some({ ...place, fields: measured }), ...some({ ...place, tags: { currency: live.currency }, fields: cost })]
}

const some = (reading: Reading): Reading[] =>
  Object.values(reading.fields).some((value) => value !== undefined) ? [reading] : []

const notNegative = (value: number | null | undefined) => (typeof value === 'number' && value < 0 ? undefined : value)

const known = (value: number | null | undefined, unit: (value: number) => number = Number): number | undefined =>
  value === null || value === undefined ? undefined : unit(value)
