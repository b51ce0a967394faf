import { measure, words } from '../houses/words.ts'

/** Names and units of what controls see, as a resident would say them. */
const known: Readonly<Record<string, readonly [name: string, unit: string | null]>> = {
  room: ['The room', '°C'],
  wish: ['Wished for', '°C'],
  wishFrom: ['The wish comes from', null],
  unit: ['The heat pump is', null],
  held: ['It is set to', '°C'],
  reference: ['Aimed at', '°C'],
  planned: ['Planned', '°C'],
  price: ['Price', 'NOK/kWh'],
  discountedMeanPrice: ['Mean of the coming prices', 'NOK/kWh'],
  pricesAhead: ['Prices known ahead', null],
  integral: ['What has added up', 'K'],
  wantedSetpoint: ['Wanted, before rounding', '°C'],
  outdoor: ['Outdoors', '°C'],
  co2: ['CO₂', 'ppm'],
  tvoc: ['TVOC', 'ppb'],
  humidity: ['Humidity', '%'],
  charge: ['Charge of the battery', '%'],
  load: ['The house draws', 'W'],
  sun: ['The roof gives', 'W'],
}

export type Seen = { readonly name: string; readonly value: string }

/** What a decision saw, a line each; what was not known is said to be so. */
export const describeSeen = (saw: Readonly<Record<string, number | string | boolean | null>>): Seen[] =>
  Object.entries(saw).map(([name, value]) => {
    const [called, unit] = known[name] ?? [words(name), null]
    return { name: called, value: value === null ? 'not known' : measure(value, unit) }
  })
