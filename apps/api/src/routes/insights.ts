/** What a house's data tell its owner, what control has saved, and what it would have cost otherwise. */
import type { HouseSetup } from '@nabolag/control'
import { microsFromMillis, momentOfLocal, Problem } from '@nabolag/core'
import {
  baselineDays,
  type HouseInsights,
  houseInsights,
  houseSavings,
  houseWhatIf,
  setupOf,
} from '@nabolag/house-data'
import type { Tenant } from '@nabolag/store'
import type { App } from '../app.ts'
import { optionalTime } from '../data-request.ts'
import { HousePath, refusals } from '../schemas.ts'
import { Insights, InsightsQuery, Savings, SavingsQuery, WhatIf, WhatIfQuery } from '../schemas-insights.ts'
import { isoTime } from '../views.ts'

const day = 86_400_000
const usualDays = 60
const usualSpan = 30 * day
const longestSpan = 366 * day

export const insights = async (app: App) => {
  const tags = ['insights']
  const { timeseries } = app.parts
  const config = { needs: 'house:read' } as const

  const readSetup = async (tenant: Tenant, houseId: number): Promise<HouseSetup> => {
    const [house, control] = await Promise.all([tenant.house(houseId), tenant.control(houseId)])
    return setupOf(house, control)
  }

  app.get(
    '/houses/:houseId/insights',
    {
      config,
      schema: {
        summary: 'What the data of a house tell of it',
        description:
          'How its power follows the weather, how much heat it loses and how long it holds it, what can be said of its ' +
          'heat pumps, and when it pays. Each with an interval, or why there is none.',
        tags,
        params: HousePath,
        querystring: InsightsQuery,
        response: { 200: Insights, ...refusals(400, 403, 503) },
      },
    },
    async ({ tenant, params: { houseId }, query: { days = usualDays } }) => {
      const [setup, models] = await Promise.all([readSetup(tenant, houseId), tenant.models(houseId)])
      const to = Date.now()
      const span = { from: to - days * day, to }
      return rounded({ ...spanView(span), ...insightsView(await houseInsights(timeseries, setup, models, span)) })
    },
  )

  app.get(
    '/houses/:houseId/savings',
    {
      config,
      schema: {
        summary: 'What control has saved, raw and at equal temperature',
        description:
          'Against days of the own house drawn by lot where there are enough, else days before control, else the models of ' +
          `its rooms. Up to ${baselineDays} days before \`from\` serve to compare with. Never a number without an interval.`,
        tags,
        params: HousePath,
        querystring: SavingsQuery,
        response: { 200: Savings, ...refusals(400, 403, 503) },
      },
    },
    async ({ tenant, params: { houseId }, query }) => {
      const setup = await readSetup(tenant, houseId)
      const span = spanOf(query, setup.timezone)
      const [kept, models] = await Promise.all([
        tenant.controlledDays(houseId, span.from - baselineDays * day, span.to),
        tenant.models(houseId),
      ])
      const found = await houseSavings(timeseries, setup, { kept, models }, span)
      return rounded({ ...found, ...spanView(span), notes: [...found.notes] })
    },
  )

  app.get(
    '/houses/:houseId/savings/what-if',
    {
      config,
      schema: {
        summary: 'What the own history would have cost otherwise',
        description:
          'With other support, another grid company or a fixed price, for the same use at the same hours; or with rooms so ' +
          'many kelvins warmer. Name at least one.',
        tags,
        params: HousePath,
        querystring: WhatIfQuery,
        response: { 200: WhatIf, ...refusals(400, 403, 503) },
      },
    },
    async ({ tenant, params: { houseId }, query: { from, to, ...other } }) => {
      if (Object.values(other).every((one) => one === undefined))
        throw Problem('bad-request', 'query: name support, gridCompany, fixed or warmer')
      const setup = await readSetup(tenant, houseId)
      const span = spanOf({ from, to }, setup.timezone)
      const { prices, comfort, notes } = await houseWhatIf(timeseries, setup, span, other)
      return rounded({
        ...spanView(span),
        ...(prices && {
          prices: {
            ...{ energy: prices.now.kilowattHours, priced: prices.now.priced, days: prices.now.days },
            ...{ now: prices.now.bill, other: prices.other.bill, more: prices.more, share: prices.share },
            ...{ sentence: prices.sentence, notes: [...prices.other.notes] },
          },
        }),
        ...(comfort && { comfort }),
        notes: [...notes],
      })
    },
  )
}

/** The same without digits that mean nothing. */
function rounded<T>(value: T): T {
  const round = (one: unknown): unknown => {
    if (typeof one === 'number') return Math.round(one * 1e6) / 1e6 + 0
    if (Array.isArray(one)) return one.map(round)
    if (typeof one !== 'object' || one === null) return one
    return Object.fromEntries(Object.entries(one).map(([name, part]) => [name, round(part)]))
  }
  return round(value) as T
}

const spanView = ({ from, to }: { from: number; to: number }) => ({ from: isoTime(from), to: isoTime(to) })

/** @throws ProblemError `bad-request` */
function spanOf(given: { from?: string; to?: string }, timezone: string): { from: number; to: number } {
  const to = momentOf('to', given.to, timezone) ?? Date.now()
  const from = momentOf('from', given.from, timezone) ?? to - usualSpan
  const wrong = (path: string, expected: string) =>
    Problem('bad-request', `query: /${path} ${expected}`, { errors: [{ path: `/${path}`, expected }] })
  if (to <= from) throw wrong('to', 'must be after from')
  if (to - from > longestSpan) throw wrong('to', 'must be at most 366 days after from')
  return { from, to }
}

/** ms. A date alone is its local midnight. */
function momentOf(name: string, text: string | undefined, timezone: string): number | undefined {
  const micros = optionalTime(name, text)
  if (micros === undefined || text === undefined) return undefined
  return /^\d{4}-\d\d-\d\d$/.test(text) ? momentOfLocal(text, 0, timezone) : Math.floor(micros / microsFromMillis(1))
}

function insightsView({ signature, byHour, models, notes, heatLoss, timeConstant, cop }: HouseInsights) {
  return {
    signature:
      signature.outcome === 'found' ? { ...signature.signature, ...signature, signature: undefined } : signature,
    heatLoss: [...heatLoss],
    timeConstant: [...timeConstant],
    cop: [...cop],
    byHour: (byHour?.all ?? []).map((all, hour) => ({
      ...{ hour, all },
      ...{ weekday: byHour!.weekday[hour]!, weekend: byHour!.weekend[hour]! },
    })),
    ...(byHour && { byHourSentence: byHour.sentence }),
    models: models.map(({ room, madeAt, outcome, because }) => ({ room, madeAt: isoTime(madeAt), outcome, because })),
    notes: [...notes],
  }
}
