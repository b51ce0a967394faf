/** What a household says of its contracts; the schema is the form and the API. */
import { expectedOf, Problem, textForms } from '@nabolag/core'
import { type Static, Type } from 'typebox'
import { Check, Errors } from 'typebox/value'
import { capacityMethods } from './capacity.ts'
import { type GridCompanyName, gridCompanies } from './grid-companies.ts'
import { kindsOfDay } from './grid-energy.ts'
import { kindsOfHome, supportSchemes } from './support.ts'
import { taxZones } from './taxes.ts'

const date = (title: string) => Type.String({ title, pattern: textForms.date.pattern })
const dates = { from: date('From'), to: Type.Optional(date('Until, not included')) }
const source = Type.Optional(Type.String({ title: 'Where it is to be read', maxLength: 500 }))
/** A price, NOK/kWh; what is larger was meant in øre. */
const perKwh = (title: string) => Type.Number({ title, minimum: -10, maximum: 10 })
const table = <T extends Parameters<typeof Type.Array>[0]>(of: T, title: string, description: string) =>
  Type.Optional(Type.Array(of, { title, description, maxItems: 50 }))

const EnergyRule = Type.Object({
  name: Type.Optional(Type.String({ title: 'Name', maxLength: 80 })),
  price: perKwh('Price (NOK/kWh without VAT and taxes)'),
  fromHour: Type.Optional(Type.Integer({ title: 'From hour', minimum: 0, maximum: 23 })),
  toHour: Type.Optional(Type.Integer({ title: 'To hour', minimum: 1, maximum: 24 })),
  days: Type.Optional(Type.Enum([...kindsOfDay], { title: 'Days' })),
  months: Type.Optional(Type.Array(Type.Integer({ minimum: 1, maximum: 12 }), { title: 'Months', maxItems: 12 })),
})

const GridEnergyTable = Type.Object({
  ...dates,
  base: perKwh('Price when no rule applies (NOK/kWh without VAT and taxes)'),
  rules: Type.Array(EnergyRule, { title: 'Exceptions; the first that applies counts', maxItems: 50 }),
  source,
})

const CapacityTable = Type.Object({
  ...dates,
  method: Type.Enum([...capacityMethods], { title: 'What counts' }),
  thresholdIncluded: Type.Boolean({ title: 'Exactly the limit belongs to the step that begins there', default: true }),
  steps: Type.Array(
    Type.Object({
      above: Type.Number({ title: 'From (kW)', minimum: 0, maximum: 10_000 }),
      perYear: Type.Number({ title: 'Price (NOK a year without VAT)', minimum: 0, maximum: 10_000_000 }),
    }),
    { minItems: 1, maxItems: 50 },
  ),
  source,
})

const RateTable = Type.Object({ ...dates, value: perKwh('Rate without VAT'), source })
const monthCap = (title: string) => Type.Number({ title, minimum: 0, maximum: 1_000_000 })

export const PriceSettings = Type.Object(
  {
    area: Type.String({
      title: 'Price area',
      description: 'NO1 to NO5',
      pattern: textForms.priceArea.pattern,
    }),
    taxZone: Type.Optional(
      Type.Enum([...taxZones], {
        title: 'Taxes',
        description:
          'south: all; north (Nordland, most of Troms): no VAT; action-zone (Finnmark, the north of Troms): no VAT and no electricity tax. By the price area when left out',
      }),
    ),
    home: Type.Optional(Type.Enum([...kindsOfHome], { title: 'Kind of home', default: 'home' })),
    gridCompany: Type.Optional(
      Type.Enum(Object.keys(gridCompanies) as GridCompanyName[], { title: 'Grid company whose prices are known' }),
    ),
    gridEnergy: table(GridEnergyTable, 'Grid tariff per kWh', 'In place of the company’s'),
    capacity: table(CapacityTable, 'Grid tariff by the highest hours', 'In place of the company’s'),
    capacityByHand: Type.Optional(
      Type.Number({ title: 'Power that the grid company counts (kW)', minimum: 0, maximum: 10_000 }),
    ),
    markUp: table(
      Type.Object({
        ...dates,
        perKwh: perKwh('Mark-up (NOK/kWh without VAT)'),
        perMonth: Type.Optional(Type.Number({ title: 'Monthly fee (NOK without VAT)', minimum: 0, maximum: 10_000 })),
      }),
      'Supplier’s mark-up',
      'On the spot price',
    ),
    support: table(
      Type.Object({ ...dates, scheme: Type.Enum([...supportSchemes], { title: 'Scheme' }) }),
      'Support',
      'Strømstøtte for every day when left out',
    ),
    settledBy: Type.Optional(
      Type.Enum(['published', 'hour'], {
        title: 'Spot price is billed by',
        description: 'the prices as published (quarters since October 2025), or the mean of the hour',
        default: 'published',
      }),
    ),
    supportSettledBy: Type.Optional(
      Type.Enum(['published', 'hour'], { title: 'Support is reckoned by', default: 'published' }),
    ),
    electricityTax: table(RateTable, 'Electricity tax', 'Before the table of the program, for its dates'),
    enovaFee: table(RateTable, 'Enova fee', 'Before the table of the program, for its dates'),
    valueAddedTax: table(RateTable, 'VAT as a share', 'Before the table of the program, for its dates'),
    stromstotte: table(
      Type.Object({
        ...dates,
        threshold: perKwh('Threshold (NOK/kWh without VAT)'),
        share: Type.Number({ title: 'Share paid', minimum: 0, maximum: 1 }),
        cap: monthCap('Most kWh a month'),
        source,
      }),
      'Strømstøtte',
      'Before the table of the program, for its dates',
    ),
    norgespris: table(
      Type.Object({
        ...dates,
        price: perKwh('Price (NOK/kWh without VAT)'),
        cap: monthCap('Most kWh a month, home'),
        holidayCap: monthCap('Most kWh a month, holiday home'),
        source,
      }),
      'Norgespris',
      'Before the table of the program, for its dates',
    ),
  },
  { additionalProperties: false },
)
export type PriceSettings = Static<typeof PriceSettings>

/**
 * Settings that make sense as a whole.
 *
 * @throws ProblemError `bad-request`, naming the first thing that is wrong
 */
export function checkPriceSettings(given: unknown): PriceSettings {
  if (!Check(PriceSettings, given)) {
    const [first] = Errors(PriceSettings, given)
    const where = first?.instancePath.slice(1).replaceAll('/', '.') || 'The whole'
    // What TypeBox says of a key that the schema does not have.
    const isUnknown = first?.keyword === 'boolean'
    const known = Object.keys(PriceSettings.properties).join(', ')
    const isText = first?.keyword === 'pattern'
    const what = isUnknown
      ? `is not known here; there is ${known}`
      : isText
        ? `must ${expectedOf(String(first.params.pattern))}`
        : first?.message
    throw Problem('bad-request', `${where} ${what ?? 'is not of the expected form'}`)
  }
  for (const [name, entries] of Object.entries(given)) {
    if (!Array.isArray(entries)) continue
    for (const { from, to } of entries as readonly { from: string; to?: string }[]) {
      if (to !== undefined && to <= from)
        throw Problem('bad-request', `${name}: what holds from ${from} ends before it begins`)
    }
  }
  for (const { from, steps, method } of given.capacity ?? []) {
    if (steps.some(({ above }, i) => i > 0 && above <= steps[i - 1]!.above)) {
      throw Problem('bad-request', `capacity: the steps from ${from} must rise`)
    }
    if (method === 'by-hand' && given.capacityByHand === undefined) {
      throw Problem('bad-request', 'capacityByHand: say which power the grid company counts')
    }
  }
  for (const { rules } of given.gridEnergy ?? []) {
    if (rules.some(({ fromHour = 0, toHour = 24 }) => fromHour === toHour)) {
      throw Problem('bad-request', 'gridEnergy: a rule must not end at the hour at which it begins')
    }
  }
  return given
}
