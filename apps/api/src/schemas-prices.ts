/** The bodies of prices and of the forecast. Names inside a price are those of `@nabolag/control`. */
import { PriceSettings, priceParts } from '@nabolag/control'
import { Type } from 'typebox'
import { Nullable } from './schemas.ts'

const Time = Type.String({ description: 'ISO 8601 in UTC' })
const Given = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 40, description }))
const nok = (description: string) => Type.Number({ description })

const Amount = Type.Object(
  { withoutVat: Type.Number(), vat: Type.Number(), withVat: Type.Number() },
  { description: 'NOK/kWh' },
)
const parts = Object.fromEntries(priceParts.map((part) => [part, Amount])) as Record<
  (typeof priceParts)[number],
  typeof Amount
>

const Interval = Type.Object({
  start: Time,
  end: Time,
  estimated: Type.Boolean({ description: 'Not published: filled in from the days around it' }),
  parts: Type.Object(parts),
  total: Amount,
  marginal: nok('What one more kWh costs, NOK with VAT'),
  sell: nok('What a kWh delivered gives, NOK'),
  supported: Type.Number({ description: 'Share of its kWh below the monthly cap of the support, 0 to 1' }),
  gridRule: Type.String({ description: 'Which rule of the grid tariff made the price' }),
})

const Capacity = Type.Object(
  {
    month: Type.String({ description: 'Local, such as `2026-01`' }),
    power: Type.Number({ description: 'What the month would be billed by if it ended now, kW' }),
    step: Type.Integer({ description: 'Number of the step of the tariff that it is in; the first is 0' }),
    cost: nok('What that step costs a month, NOK without VAT'),
    next: Type.Optional(Type.Object({ above: Type.Number({ description: 'kW' }), more: nok('NOK a month') })),
    today: Type.Number({ description: 'Highest hour of today so far, kW' }),
    cap: Type.Union([Type.Number(), Type.Literal('none'), Type.Null()], {
      description: 'Most that an hour of today may have to keep the step, kW; null where the month has left it already',
    }),
    nextKilowatt: nok("What the month costs more if today's highest hour rises by 1 kW, NOK without VAT"),
  },
  { description: 'The price of the highest hours, as the month stands' },
)

export const PriceQuery = Type.Object(
  {
    from: Given('ISO 8601, or a local date; the beginning of today when absent'),
    to: Given('Not part of it; two local days after `from` when absent'),
    minutes: Type.Optional(Type.Enum([15, 60], { description: 'Length of an interval; as published when absent' })),
    asOf: Given('What was known at that time; now when absent'),
  },
  { additionalProperties: false },
)

export const Prices = Type.Object({
  area: Type.String(),
  timezone: Type.String(),
  currency: Type.Literal('NOK'),
  assumed: Type.Boolean({ description: 'Nobody has said the price settings: they are guessed' }),
  intervals: Type.Array(Interval),
  missing: Type.Array(Type.Object({ start: Time, end: Time }), { description: 'Where no price is known' }),
  notes: Type.Array(Type.String(), { description: 'What was assumed' }),
  capacity: Type.Optional(Capacity),
})

export const ShownPriceSettings = Type.Object({
  settings: PriceSettings,
  assumed: Type.Boolean({ description: 'Nobody has said them: guessed from the spot prices logged, or the place' }),
  schema: Type.Unknown({ description: 'JSON Schema of `settings`, for forms' }),
})

export const ForecastQuery = Type.Object(
  {
    asOf: Given('What was forecast at that time; now when absent'),
    hours: Type.Optional(Type.Integer({ minimum: 1, maximum: 240, default: 48, description: 'How far ahead' })),
  },
  { additionalProperties: false },
)

export const Forecast = Type.Array(
  Type.Object({
    at: Time,
    temperature: Nullable(Type.Number({ description: '°C' })),
    humidity: Nullable(Type.Number({ description: '%' })),
    cloud: Nullable(Type.Number({ description: 'Share of the sky, %' })),
    irradiance: Nullable(Type.Number({ description: 'On level ground, W/m²' })),
    solarPower: Nullable(Type.Number({ description: 'Of the roofs, W' })),
  }),
)
