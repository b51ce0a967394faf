/**
 * The past, or a twin, turn by turn with the very turns of the running controller: seen, planned when due, decided,
 * guarded, commanded. Pure but for what the source does; no clock but the one that is handed in.
 */
import { wishAt } from '../comfort/wish.ts'
import { isPlanDue, planViewOf } from '../house/plan-view.ts'
import { type HousePrices, pricesOf } from '../house/prices.ts'
import { turnOfHouse } from '../house/turn.ts'
import { type HouseMemory, type HouseSeen, type HouseSetup, type LoopTurn, noMemory } from '../house/types.ts'
import type { Plan } from '../mpc/plan.ts'
import type { Planner } from '../mpc/planner.ts'
import type { Move } from '../safety/guard.ts'
import type { Receipt } from '../safety/receipt.ts'
import type { Happened, Source } from './source.ts'
import {
  type KeyFigures,
  keyFigures,
  pricesOfSteps,
  type ReplayStep,
  type RoomFigures,
  roomFigures,
  zonesOf,
} from './summary.ts'

export type ReplayGiven = {
  readonly setup: HouseSetup
  /** ms since 1970, UTC. */
  readonly from: number
  readonly to: number
  /** ms between turns; five minutes when absent. */
  readonly step?: number
  readonly source: Source
  /** Without one no plan is made, and what wants one goes on without. */
  readonly planner?: Planner
  /** ms before `from` that are lived through and not counted, so that estimates settle. The source must reach as far. */
  readonly warmUp?: number
  /** Which receipts are kept: those that sent something, or all. A year of all is large. */
  readonly keep?: 'sent' | 'all'
  /** Milliseconds of anything that moves on evenly, for how long turns take. */
  readonly clock?: () => number
  /** gCO₂/kWh at a time. */
  readonly intensity?: (at: number) => number | null
  /** Called now and then with the share that is done, 0 to 1. */
  readonly onProgress?: (share: number) => void
}

export type KeptReceipt = { readonly loop: number; readonly receipt: Receipt }
export type KeptMove = { readonly loop: number } & Move

export type Replay = {
  readonly from: number
  readonly to: number
  readonly step: number
  readonly source: string
  /** Whether what was commanded changed anything: else the steps are what was, whoever was asked. */
  readonly answers: boolean
  readonly steps: readonly ReplayStep[]
  readonly figures: KeyFigures
  readonly rooms: readonly RoomFigures[]
  readonly receipts: readonly KeptReceipt[]
  /** What went out. */
  readonly moves: readonly KeptMove[]
  readonly turns: number
  /** How often each thing came out of a turn of a loop, and how often nothing did, by the first reason. */
  readonly outcomes: Readonly<Record<string, number>>
  /** Of each plan how it came out; the last one whole. */
  readonly plans: readonly Pick<Plan, 'from' | 'status' | 'because'>[]
  readonly lastPlan?: Plan
}

const minute = 60_000
const usualStep = 5 * minute
const day = 24 * 60 * minute

/** Runs it. Rejects only with what the source rejects with. */
export async function replay(given: ReplayGiven): Promise<Replay> {
  const { setup, from, to, step = usualStep, source, planner, warmUp = 0, keep = 'sent', clock } = given
  const happened: Happened[] = []
  const spent: number[] = []
  const receipts: KeptReceipt[] = []
  const moves: KeptMove[] = []
  const outcomes: Record<string, number> = {}
  const plans: Pick<Plan, 'from' | 'status' | 'because'>[] = []
  const priced = hourlyPrices(setup)
  let memory: HouseMemory = noMemory
  let turns = 0
  for (let now = from - warmUp; now < to; now += step) {
    const counts = now >= from
    const began = clock?.() ?? 0
    const seen = await source.seen(now)
    const prices = priced(seen, now)
    const plan =
      planner && isPlanDue(setup, memory, now) ? makePlan(planner, setup, seen, memory, now, prices) : undefined
    const turn = turnOfHouse({ setup, seen, memory, now, prices, ...(plan && { plan }) })
    memory = turn.memory
    if (clock && counts) spent.push(clock() - began)
    source.take(
      now,
      turn.loops.flatMap(({ commands }) => commands),
    )
    const passed = await source.pass(now, Math.min(now + step, to))
    if (!counts) continue
    turns++
    if (plan) plans.push({ from: plan.from, status: plan.status, because: plan.because })
    for (const one of turn.loops) note(one)
    happened.push(passed)
    if (turns % 288 === 0) given.onProgress?.((now - from) / (to - from))
  }

  function note({ loop, verdict, receipt }: LoopTurn): void {
    const came = verdict.outcome === 'none' ? `none: ${verdict.reasons[0]?.code ?? 'no reason'}` : verdict.outcome
    outcomes[came] = (outcomes[came] ?? 0) + 1
    if (verdict.outcome !== 'none' && verdict.command)
      moves.push({ loop, at: Date.parse(receipt.at), set: verdict.command, kind: verdict.outcome })
    if (keep === 'all' || verdict.outcome !== 'none') receipts.push({ loop, receipt })
  }

  const steps = withWishes(setup, happened, await source.spot(from - 8 * day, to))
  return {
    ...{ from, to, step, source: source.name, answers: source.answers, steps, receipts, moves, turns, outcomes, plans },
    figures: keyFigures(setup, steps, { step, ...(clock && { spent }), intensity: given.intensity }),
    rooms: roomFigures(setup, steps),
    ...(memory.plan && { lastPlan: memory.plan }),
  }
}

/**
 * The prices of a turn. They are reckoned anew when the hour or what is published changes, which is most of a replay's
 * work: within the hour only what is over falls away.
 */
function hourlyPrices(setup: HouseSetup): (seen: HouseSeen, now: number) => HousePrices {
  let last: { readonly hour: number; readonly spot: HouseSeen['spot']; readonly prices: HousePrices } | undefined
  return (seen, now) => {
    const hour = Math.floor(now / (60 * minute))
    if (last?.hour !== hour || last.spot !== seen.spot)
      last = { hour, spot: seen.spot, prices: pricesOf(setup, seen, now) }
    const { prices } = last
    const first = prices.outlook[0]
    return first && first.to <= now ? { ...prices, outlook: prices.outlook.filter(({ to }) => to > now) } : prices
  }
}

function makePlan(
  planner: Planner,
  setup: HouseSetup,
  seen: HouseSeen,
  memory: HouseMemory,
  now: number,
  prices: HousePrices,
): Plan | undefined {
  const view = planViewOf(setup, seen, memory, now, prices)
  return view && planner.plan(view)
}

function withWishes(
  setup: HouseSetup,
  happened: readonly Happened[],
  spot: Parameters<typeof pricesOfSteps>[2],
): ReplayStep[] {
  const prices = pricesOfSteps(setup, happened, spot)
  const zones = zonesOf(setup)
  return happened.map((one, n) => ({
    ...one,
    ...prices[n]!,
    wishes: Object.fromEntries(
      zones.map(({ id, comfort }) => {
        const { temperature, lowest, highest } = wishAt(comfort, one.from, setup.timezone)
        return [id, { temperature, lowest, highest }]
      }),
    ),
  }))
}
