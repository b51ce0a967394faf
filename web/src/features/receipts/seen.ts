import { measure, words } from '../houses/words.ts'

/** Names and units of what controls see, as a resident would say them. */
const known: Readonly<Record<string, readonly [name: string, unit: string | null]>> = {
  room: ['The room', '°C'],
  wish: ['Wished for', '°C'],
  wishFrom: ['The wish comes from', null],
  unit: ['The unit is', null],
  held: ['It is set to', '°C'],
  reference: ['Aimed at', '°C'],
  planned: ['Planned', '°C'],
  price: ['Price', 'NOK/kWh'],
  discountedMeanPrice: ['Mean of the coming prices', 'NOK/kWh'],
  pricesAhead: ['Prices known ahead', null],
  integral: ['Too warm so far, added up', 'degrees × steps'],
  wantedSetpoint: ['Wanted, before rounding', '°C'],
  waits: ['Waits for the next reading', null],
  indoor: ['Indoors', '°C'],
  outdoor: ['Outdoors', '°C'],
  somebodyHome: ['Somebody is at home', null],
  neededFlow: ['Air that is needed', 'm³/h'],
  co2: ['CO₂', 'ppm'],
  tvoc: ['TVOC', 'ppb'],
  humidity: ['Humidity', '%'],
  charge: ['Charge of the battery', '%'],
  load: ['The house draws', 'W'],
  sun: ['The roof gives', 'W'],
}

/** What a control means by a name that others use otherwise. */
const own: Readonly<Record<string, typeof known>> = {
  battery: { planned: ['Planned, into the battery', 'W'] },
}
const spelt: Readonly<Record<string, string>> = {
  unknown: 'not known',
  'off-by-itself': 'resting, as it is warm enough',
}

export type Seen = { readonly name: string; readonly value: string }

/** What a decision saw, a line each; what was not known is said to be so. */
export const describeSeen = (
  saw: Readonly<Record<string, number | string | boolean | null>>,
  control: string,
): Seen[] =>
  Object.entries(saw).map(([name, value]) => {
    const [called, unit] = own[control]?.[name] ?? known[name] ?? [words(name), null]
    if (value === null) return { name: called, value: 'not known' }
    return { name: called, value: typeof value === 'string' ? (spelt[value] ?? value) : measure(value, unit) }
  })
