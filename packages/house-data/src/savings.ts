/** What control has saved in a house, by the best method that its data allow. */
import {
  type HouseSetup,
  heatingOf,
  isBaselineDay,
  type ModelledRoom,
  type Savings,
  type SavingsDay,
  savingsBeforeAfter,
  savingsByLot,
  savingsByModel,
  usualDay,
  wishAt,
} from '@nabolag/control'
import { addDays, localDateOf, localDay } from '@nabolag/core'
import type { ControlledDay, RoomModel } from '@nabolag/store'
import type { TimeSeries } from '@nabolag/timeseries'
import { type HousePast, readPast } from './house-days.ts'
import { keptModel } from './insights.ts'
import { roomHistory, type Span } from './room-history.ts'

const day = 86_400_000
/** Days before the span that may serve as a baseline. */
export const baselineDays = 90
/** Longer the models of the rooms are not run. */
const modelledDays = 60
const least = 14

/** What its receipts say of a date: under control, not, or some of both. */
export type DayKind = 'control' | 'baseline' | 'mixed'

/** The plain schedule is no control that could save. */
const plain = 'schedule'

/** @param kept of the house, of any dates */
export function kindsOfDays(kept: readonly ControlledDay[]): (date: string) => DayKind {
  const counts = new Map<string, { active: number; all: number }>()
  for (const { date, mode, control, turns } of kept) {
    const { active, all } = counts.get(date) ?? { active: 0, all: 0 }
    const acts = mode === 'control' && control !== plain
    counts.set(date, { active: active + (acts ? turns : 0), all: all + turns })
  }
  return (date) => {
    const { active, all } = counts.get(date) ?? { active: 0, all: 0 }
    if (active === 0) return 'baseline'
    return active >= all / 2 ? 'control' : 'mixed'
  }
}

export type HouseSavings = Savings & { readonly notes: readonly string[] }

/**
 * Days drawn by lot where there were enough, else days before control, else the models of the rooms.
 *
 * @param kept what receipts say of the days from 90 days before the span on
 * @param models of all rooms
 * @throws ProblemError as `TimeSeries.read`
 */
export async function houseSavings(
  timeseries: TimeSeries,
  setup: HouseSetup,
  { kept, models }: { readonly kept: readonly ControlledDay[]; readonly models: readonly RoomModel[] },
  span: Span,
): Promise<HouseSavings> {
  const kindOf = kindsOfDays(kept)
  const past = await readPast(timeseries, setup, { from: span.from - baselineDays * day, to: span.to })
  const { timezone, experiment } = setup
  const [first, last] = [localDateOf(span.from, timezone), localDateOf(span.to - 1, timezone)]
  const within = (date: string) => first <= date && date <= last
  const notes = [...past.notes]
  if (experiment) {
    const days = savingsDays(past, timezone, (date) => {
      if (!within(date) || date < experiment.from || date > experiment.to) return undefined
      if (isBaselineDay(experiment, date)) return kindOf(date) === 'baseline' ? 'baseline' : undefined
      return kindOf(date) === 'control' ? 'control' : undefined
    })
    const found = savingsByLot(days, past.heatedBy)
    if (found.outcome === 'found') return { ...found, notes }
    notes.push(`By days drawn by lot: ${found.sentence}`)
  }
  const days = savingsDays(past, timezone, (date) => {
    const kind = kindOf(date)
    if (kind === 'control') return within(date) ? kind : undefined
    return kind === 'baseline' ? kind : undefined
  })
  const found = savingsBeforeAfter(days, past.heatedBy)
  if (found.outcome === 'found' || found.days.control < 7 || found.days.baseline >= least) return { ...found, notes }
  const modelled = await byModels(timeseries, setup, past, models, controlledSpan(span, timezone, kindOf))
  if (modelled.outcome === 'found') return { ...modelled, notes: [...notes, `By days before: ${found.sentence}`] }
  return { ...found, notes: [...notes, `By the models of the rooms: ${modelled.sentence}`] }
}

/** The days of either kind; those of which nothing is said are left out. */
function savingsDays(past: HousePast, timezone: string, kindOf: (date: string) => DayKind | undefined): SavingsDay[] {
  const dates = [...new Set(past.priced.map(({ start }) => localDateOf(start, timezone)))]
  const others = new Set(dates.filter((date) => kindOf(date) === 'baseline'))
  return past.days(usualDay(past.priced, timezone, others)).flatMap((one) => {
    const kind = kindOf(one.date)
    return kind === 'control' || kind === 'baseline' ? [{ ...one, controlled: kind === 'control' }] : []
  })
}

/** The longest run of days under control, the newest days of it; `undefined` where there is none. */
function controlledSpan({ from, to }: Span, timezone: string, kindOf: (date: string) => DayKind): Span | undefined {
  let best: { first: string; last: string; days: number } | undefined
  let run: typeof best
  const last = localDateOf(to - 1, timezone)
  for (let date = localDateOf(from, timezone); date <= last; date = addDays(date, 1)) {
    if (kindOf(date) !== 'control') run = undefined
    else run = { first: run?.first ?? date, last: date, days: (run?.days ?? 0) + 1 }
    if (run && run.days > (best?.days ?? 0)) best = run
  }
  if (!best) return undefined
  const end = Math.min(to, localDay(best.last, timezone)[1])
  return { from: Math.max(localDay(best.first, timezone)[0], end - modelledDays * day), to: end }
}

async function byModels(
  timeseries: TimeSeries,
  setup: HouseSetup,
  past: HousePast,
  models: readonly RoomModel[],
  span: Span | undefined,
): Promise<Savings> {
  const prices = new Map(past.priced.map(({ start, marginal }) => [Math.floor(start / 3_600_000), marginal]))
  const rooms = await Promise.all(
    setup.rooms.map(async (room): Promise<ModelledRoom | undefined> => {
      const model = keptModel(room.id, models)
      const loop = setup.loops.find((one) => one.kind === 'heating' && one.room === room.id)
      if (!model || !loop || !span) return undefined
      const samples = await roomHistory(timeseries, setup, room.id, span)
      if (samples.length === 0) return undefined
      const { name, comfort } = room
      return {
        ...{ name, samples, ...model },
        heating: heatingOf(room, loop),
        wishAt: (ms) => wishAt(comfort, ms, setup.timezone).temperature,
      }
    }),
  )
  return savingsByModel(
    rooms.filter((room) => room !== undefined),
    (ms) => prices.get(Math.floor(ms / 3_600_000)),
  )
}
