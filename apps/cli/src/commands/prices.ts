import type { pricesOf } from '@nabolag/api/prices'
import { offsetAt, Problem } from '@nabolag/core'
import type { Command } from 'commander'
import { readJsonFile, wholeNumber } from '../arguments.ts'
import { say, sayJson, sayTable } from '../say.ts'
import { withStore, withTimeSeries } from '../stores.ts'

type Shown = {
  readonly from?: string
  readonly to?: string
  readonly minutes?: 15 | 60
  readonly asOf?: string
  readonly json?: boolean
}

export function addPrices(program: Command): void {
  const prices = program
    .command('prices')
    .description('what power costs a household, and what it said of its contracts')

  prices
    .command('show', { isDefault: true })
    .description('every interval, part by part, in NOK per kWh; `nabolag prices 3` is today and tomorrow')
    .argument('<house>', 'its number', wholeNumber)
    .option('--from <time>', 'a local date, or ISO 8601')
    .option('--to <time>', 'before then; two days after --from')
    .option('--minutes <number>', '15 or 60; as published when absent', wholeNumber)
    .option('--as-of <time>', 'what was known then')
    .option('--json', 'as JSON')
    .action(async (houseId: number, { json, minutes, ...span }: Shown) => {
      if (minutes !== undefined && minutes !== 15 && minutes !== 60)
        throw Problem('bad-request', '--minutes must be 15 or 60')
      const { pricesOf } = await import('@nabolag/api/prices')
      const query = { ...span, ...(minutes && { minutes }) }
      const answer = await withStore((_store, tenant) =>
        withTimeSeries((timeseries) => pricesOf({ tenant, timeseries }, houseId, query)),
      )
      if (json) return sayJson(answer)
      const { intervals, timezone, notes, missing, capacity } = answer
      const local = localTime(timezone)
      const nok = (value: number) => value.toFixed(3)
      sayTable(
        ['from', 'spot', 'support', 'mark-up', 'grid', 'taxes', 'VAT', 'total', 'one more', ''],
        intervals.map(({ start, parts, total, marginal, estimated }) => [
          local(start),
          ...[parts.spot, parts.support, parts.markUp, parts.gridEnergy].map(({ withoutVat }) => nok(withoutVat)),
          nok(parts.electricityTax.withoutVat + parts.enovaFee.withoutVat),
          nok(total.vat),
          nok(total.withVat),
          nok(marginal),
          estimated ? 'estimated' : '',
        ]),
      )
      if (intervals.length > 0)
        say('NOK/kWh; the parts are without VAT, the total and what one more costs are with it.')
      for (const { start, end } of missing) say(`No price is known from ${local(start)} to ${local(end)}.`)
      if (capacity) say(capacityText(capacity))
      for (const line of notes) say(line)
    })

  prices
    .command('settings')
    .description('what the household said of its contracts; with --file, says it anew')
    .argument('<house>', 'its number', wholeNumber)
    .option('--file <json>', 'in the place of all that was said before')
    .option('--json', 'as JSON')
    .action(async (houseId: number, { file, json }: { file?: string; json?: boolean }) => {
      const { pricedHouse } = await import('@nabolag/api/prices')
      const { priceSettingsOf } = await import('@nabolag/house-data')
      const { checkPriceSettings } = await import('@nabolag/control')
      const given = file === undefined ? undefined : await readJsonFile(file, checkPriceSettings)
      const shown = await withStore(async (_store, tenant) => {
        const house = await tenant.house(houseId)
        if (given) await tenant.setPriceSettings(houseId, given)
        const priced = await pricedHouse(tenant, house)
        return withTimeSeries((timeseries) => priceSettingsOf(timeseries, priced, Date.now()))
      })
      if (json) return sayJson(shown)
      if (shown.assumed) say('Nobody has said them; these are guessed from the prices logged, or the place:')
      say(JSON.stringify(shown.settings, null, 2))
    })
}

/** `2026-10-25 02:15 +01:00`: on the day when the clock goes back two hours have the same name. */
const localTime = (timezone: string) => (iso: string) => {
  const offset = offsetAt(Date.parse(iso), timezone)
  const shifted = (ms: number) => new Date(ms).toISOString()
  const [date, clock] = shifted(Date.parse(iso) + offset).split('T') as [string, string]
  return `${date} ${clock.slice(0, 5)} ${offset < 0 ? '-' : '+'}${shifted(Math.abs(offset)).slice(11, 16)}`
}

type Capacity = NonNullable<Awaited<ReturnType<typeof pricesOf>>['capacity']>

function capacityText({ month, power, cost, cap, next }: Capacity): string {
  const now = `${month} stands at ${power.toFixed(2)} kW, which costs ${cost.toFixed(0)} NOK a month without VAT`
  const more = next ? `; above ${next.above} kW it is ${next.more.toFixed(0)} NOK more` : ''
  const today = typeof cap === 'number' ? `. To keep it, no hour of today may pass ${cap.toFixed(2)} kW` : ''
  return `${now}${more}${today}.`
}
