/** The bodies of insights and savings. Everything that is reckoned has an interval of 95 %, or says why there is none. */
import { gridCompanies, savingsMethods, supportSchemes } from '@nabolag/control'
import { type TProperties, Type } from 'typebox'

const Time = Type.String({ description: 'ISO 8601 in UTC' })
const Given = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 40, description }))
const Sentence = Type.String({ description: 'For the owner, plain English' })
const nok = (description: string) => Type.Number({ description: `NOK; ${description}` })
const closed = { additionalProperties: false }

const Interval = (unit: string) =>
  Type.Object({ value: Type.Number(), low: Type.Number(), high: Type.Number() }, { description: `${unit}; 95 %` })
const days = Type.Integer({ description: 'Days (or nights) that it rests on' })
const Lacking = Type.Object({
  outcome: Type.Literal('not-enough-data'),
  because: Type.String({ description: 'What is missing' }),
  days,
})
const told = <T extends TProperties>(properties: T) =>
  Type.Object({ outcome: Type.Literal('found'), ...properties, days, sentence: Sentence })
/** Found or not, with what is known either way. */
const either = <T extends TProperties, U extends TProperties>(always: T, found: U) =>
  Type.Union([Type.Object({ ...told(found).properties, ...always }), Type.Object({ ...Lacking.properties, ...always })])

const room = { room: Type.Integer(), name: Type.String() }
const reckoned = { value: Type.Number(), low: Type.Number(), high: Type.Number() }

const Hour = Type.Object({
  energy: Type.Number({ description: 'Mean kWh in that hour' }),
  price: nok('mean price of one more kWh'),
  cost: nok('mean cost of that hour'),
  share: Type.Number({ description: "Of the day's cost, 0 to 1" }),
  count: Type.Integer({ description: 'Hours that the means are of' }),
})

export const InsightsQuery = Type.Object(
  { days: Type.Optional(Type.Integer({ minimum: 7, maximum: 366, default: 60, description: 'Up to now' })) },
  closed,
)

export const Insights = Type.Object({
  from: Time,
  to: Time,
  signature: either(
    {},
    {
      slope: Interval('Rise of the power of the whole house for each kelvin that it is colder, kW/K'),
      perKelvin: Interval('The same, kWh a day'),
      solar: Type.Optional(Interval('kW less for each kW/m² of sun')),
      atZero: Type.Number({ description: 'kW at 0 °C without sun' }),
      base: Type.Optional(Type.Number({ description: 'kW that have nothing to do with the weather' })),
      begins: Type.Optional(Type.Number({ description: '°C below which it heats' })),
      error: Type.Number({ description: 'kW, root mean square' }),
      explained: Type.Number({ description: 'Share of the differences between days, 0 to 1' }),
    },
  ),
  heatLoss: Type.Array(either(room, reckoned), { description: 'kW/K, by the accepted model of each room' }),
  timeConstant: Type.Array(either({ ...room, by: Type.Enum(['model', 'night-cooling']) }, reckoned), {
    description: 'h',
  }),
  cop: Type.Array(
    either(
      { measured: Type.Enum(['heat-pumps', 'whole-house'], { description: 'Whose electricity' }) },
      {
        perKelvin: Interval('kW for each kelvin between indoors and outdoors: heat loss over COP'),
        outdoor: Type.Number({ description: '°C at which that holds' }),
        change: Interval('Rise of the COP for each kelvin that it is warmer outdoors, %'),
        cop: Type.Optional(Interval('The COP itself; only where electric heaters were measured beside the heat pump')),
      },
    ),
  ),
  byHour: Type.Array(
    Type.Object({
      hour: Type.Integer({ description: 'By the clock, 0 to 23' }),
      all: Hour,
      weekday: Hour,
      weekend: Hour,
    }),
    { description: 'Use and cost by the hour of the day; empty where use or price is not known' },
  ),
  byHourSentence: Type.Optional(Sentence),
  models: Type.Array(
    Type.Object({
      room: Type.Integer(),
      madeAt: Time,
      outcome: Type.Enum(['accepted', 'rejected', 'not-enough-data']),
      because: Type.String(),
    }),
    { description: 'Attempts to learn what the rooms are like, newest first' },
  ),
  notes: Type.Array(Type.String({ description: 'What was assumed' })),
})

const span = {
  from: Given('ISO 8601, or a local date; 30 days before `to` when absent'),
  to: Given('Not part of it; now when absent'),
}
export const SavingsQuery = Type.Object(span, closed)

const saving = {
  nok: nok('over the days under control; negative is a loss'),
  low: Type.Number(),
  high: Type.Number(),
  share: Type.Number({ description: 'Of what they would have cost' }),
  shareLow: Type.Number(),
  shareHigh: Type.Number(),
}

const temperature = (description: string) => Type.Optional(Type.Number({ description: `°C; ${description}` }))
const savingsHead = {
  from: Time,
  to: Time,
  method: Type.Enum([...savingsMethods], {
    description:
      'random-days: days of the own house drawn by lot; before-after: days before control; model: the models of the rooms',
  }),
  because: Type.String({ description: 'Why this method, and how far to trust it' }),
  days: Type.Object({ control: Type.Integer(), baseline: Type.Integer() }),
  meanTemperature: temperature('of the rooms on the days under control'),
  baselineTemperature: temperature('on the others'),
  sentence: Sentence,
  notes: Type.Array(Type.String()),
}

export const Savings = Type.Union([
  Type.Object({
    outcome: Type.Literal('found'),
    ...savingsHead,
    raw: Type.Object(saving, { description: 'With all that a colder house saves by itself' }),
    atEqualTemperature: Type.Union([Type.Object({ outcome: Type.Literal('found'), ...saving }), Lacking], {
      description: 'As though the rooms had been as warm as without control',
    }),
  }),
  Type.Object({ outcome: Type.Literal('not-enough-data'), ...savingsHead }),
])

export const WhatIfQuery = Type.Object(
  {
    ...span,
    support: Type.Optional(
      Type.Enum([...supportSchemes], { description: 'All the time, in place of what the house has' }),
    ),
    gridCompany: Type.Optional(Type.Enum(Object.keys(gridCompanies) as (keyof typeof gridCompanies)[])),
    fixed: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 10,
        description: 'A price that never changes in place of spot and mark-up, NOK/kWh without VAT',
      }),
    ),
    warmer: Type.Optional(
      Type.Number({ minimum: -5, maximum: 5, description: 'All rooms so many kelvins warmer all the time' }),
    ),
  },
  closed,
)

const Bill = Type.Object(
  {
    energy: Type.Number({ description: 'By the kWh, support taken off' }),
    capacity: Type.Number({ description: 'By the highest hours' }),
    fees: Type.Number(),
    total: Type.Number(),
    support: Type.Number({ description: 'What the support paid' }),
  },
  { description: 'NOK with VAT' },
)

export const WhatIf = Type.Object({
  from: Time,
  to: Time,
  prices: Type.Optional(
    Type.Object({
      energy: Type.Number({ description: 'kWh that have a price' }),
      priced: Type.Number({ description: 'Share of what was measured' }),
      days: Type.Integer(),
      now: Bill,
      other: Bill,
      more: nok('that the other would have cost more'),
      share: Type.Number(),
      sentence: Sentence,
      notes: Type.Array(Type.String()),
    }),
  ),
  comfort: Type.Optional(
    either({}, { energy: Interval('kWh more'), cost: Interval('NOK more'), share: Type.Number() }),
  ),
  notes: Type.Array(Type.String()),
})
