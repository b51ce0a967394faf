/** One turn of one house: what is known of it, a plan when it is due, decisions, and all of it kept at once. */
import { type Bus, type Log, publishCommandResult, wakeForCommand } from '@nabolag/bus'
import {
  type FailedPlan,
  type HouseMemory,
  type HouseSeen,
  type HouseSetup,
  type HouseTurn,
  isPlanDue,
  type Notice,
  nothingSeen,
  type Plan,
  planViewOf,
  turnOfHouse,
} from '@nabolag/control'
import { seeHouse, setupOf } from '@nabolag/house-data'
import {
  type Claim,
  type ClaimedHouse,
  type Command,
  type Fleet,
  resultOf,
  ShareChanged,
  type SharedShare,
  type TurnResult,
} from '@nabolag/store'
import type { TimeSeries } from '@nabolag/timeseries'
import type { Clock } from './clock.ts'
import { failedPlan, lastFailure } from './failed-plan.ts'
import { failedTurn, readMemory } from './failed-turn.ts'
import type { Metrics } from './metrics.ts'
import { nextTurn } from './next-turn.ts'
import { isAway, type Outage, textOf, within } from './outage.ts'
import { newestOutcomes, rebuiltMemory, withoutLost } from './outcomes.ts'
import { NoResult, type Pool } from './pool.ts'
import type { SlowHouses } from './slow-houses.ts'

export type TurnParts = {
  readonly fleet: Pick<Fleet, 'claimedHouse' | 'saveTurn' | 'releaseTurn'>
  readonly series: TimeSeries
  readonly bus: Pick<Bus, 'publish' | 'connected'>
  readonly pool: Pick<Pool, 'run'>
  readonly clock: Clock
  readonly metrics: Metrics
  readonly log: Log
  /** Of ClickHouse. */
  readonly outage: Outage
  readonly slow: SlowHouses
  /** ms between two turns of a house. */
  readonly every: number
  /** ms that a plan may wait for a thread. */
  readonly planPatience: number
  /** ms before a house whose plan failed is given a thread again. */
  readonly planPause: number
  /** ClickHouse is away when it has not answered within, ms. */
  readonly lookLimit: number
  /** Without ClickHouse for so long, a house has its turn all the same, ms. */
  readonly blindAfter: number
}

/** A command that could not be carried out by the next turn is not wanted any more, s. */
const validSeconds = 240

/** Takes the turn, or puts it off while an engine is away. Throws only what `fleet` throws. */
export async function takeHouseTurn(claim: Claim, parts: TurnParts): Promise<void> {
  const { fleet, clock, metrics, log, every } = parts
  const began = performance.now()
  metrics.lateSeconds.observe(Math.max(0, clock.database() - claim.due) / 1000)
  const house = await fleet.claimedHouse(claim)
  if (!house) return lost(claim, parts)
  const next = () => nextTurn(claim.houseId, clock.database(), every)
  let result: Omit<TurnResult, 'next'>
  let outcome: 'saved' | 'failed' = 'saved'
  try {
    result = await decide(house, parts)
  } catch (error) {
    if (error instanceof SeriesAway && !parts.slow.failed(house.id, parts.outage.lasted() > 0)) {
      parts.outage.failed(error.cause)
      metrics.countTurn('put-off')
      return fleet.releaseTurn(claim, clock.database() + parts.outage.wait())
    }
    const why = error instanceof SeriesAway ? tooSlow(parts) : textOf(error)
    outcome = 'failed'
    log.error({ house: house.id, error: why }, 'the turn of a house failed; the next one comes as usual')
    result = failedTurn(house, clock.database(), why)
  }
  const saved = await fleet.saveTurn(claim, { ...result, next: next() }).catch(async (error: unknown) => {
    if (error instanceof ShareChanged) return 'again' as const
    if (isAway(error) || outcome === 'failed') throw error
    outcome = 'failed'
    log.error({ house: house.id, error: textOf(error) }, 'the turn of a house could not be kept; that is kept instead')
    const why = `What was decided could not be kept: ${textOf(error)}`
    return fleet.saveTurn(claim, { ...failedTurn(house, clock.database(), why), next: next() })
  })
  // Another house under the cap has planned meanwhile: nothing was kept, and the next round takes the turn within what is left.
  if (saved === 'again') {
    metrics.countTurn('put-off')
    return fleet.releaseTurn(claim, clock.database())
  }
  if (!saved) return lost(claim, parts)
  metrics.countTurn(outcome)
  metrics.turnSeconds.observe((performance.now() - began) / 1000)
  metrics.commands.inc(saved.commands.length)
  tell(saved, parts)
}

/** ClickHouse does not answer. */
class SeriesAway extends Error {}

const tooSlow = ({ lookLimit }: TurnParts) => `Its measurements could not be read within ${lookLimit / 1000} s`

function lost({ houseId }: Claim, { metrics, log }: TurnParts): void {
  metrics.countTurn('lost')
  metrics.claimsLost.inc()
  log.info({ house: houseId }, 'a turn was not saved: the house is not ours any more')
}

async function decide(house: ClaimedHouse, parts: TurnParts): Promise<Omit<TurnResult, 'next'>> {
  const { clock } = parts
  const { shared } = house
  const setup = { ...setupOf(house, house.control), ...(shared && { sharedCap: shared.cap }) }
  // With a clock that is wrong nothing is commanded, and nothing is remembered that would be wrong with it.
  if (clock.isOff()) return observe(house, setup, parts)
  const kept = readMemory(house.memory?.memory)
  const anew = () => decideWith(rebuiltMemory(setup, house.commands), house, setup, parts)
  if (!kept) return anew()
  try {
    return await decideWith(withoutLost(kept, setup, house.commands, parts.clock.wall()), house, setup, parts)
  } catch (error) {
    if (error instanceof SeriesAway) throw error
    // What was remembered may be what is wrong: it is little, and can be found again.
    parts.log.warn(
      { house: house.id, error: textOf(error) },
      'the turn of a house failed; once more, without its memory',
    )
    return anew()
  }
}

async function decideWith(
  memory: HouseMemory,
  house: ClaimedHouse,
  setup: HouseSetup,
  parts: TurnParts,
): Promise<Omit<TurnResult, 'next'>> {
  const now = parts.clock.wall()
  const seen = await see(setup, memory, house, now, parts)
  const { plan, why, failed } = await planFor(setup, seen, memory, now, parts)
  const turn = turnOfHouse({ setup, seen, memory, ...(plan && { plan }), now })
  const result = resultOfTurn(turn, why === undefined ? undefined : noPlan(memory, now, why), failed)
  // A plan is kept only while what the houses of its cap have planned is as it was read.
  return { ...result, within: house.shared?.mark ?? '' }
}

async function see(
  setup: HouseSetup,
  memory: HouseMemory,
  { id, commands, shared }: Pick<ClaimedHouse, 'id' | 'commands' | 'shared'>,
  now: number,
  { series, outage, slow, lookLimit, blindAfter }: TurnParts,
): Promise<HouseSeen> {
  const outcomes = newestOutcomes(setup, commands)
  // One that takes what it is asked and never answers is away as well. Known to be away, it is not waited for long.
  const patience = outage.lasted() > blindAfter ? lookLimit / 4 : lookLimit
  try {
    const seen = await within(patience, 'ClickHouse', seeHouse(series, setup, now))
    outage.worked()
    slow.worked(id)
    return { ...seen, commands: outcomes, ...(shared && { others: othersOf(shared) }) }
  } catch (error) {
    const failing = memory.notices.find(({ kind }) => kind === 'turn-failed')?.since ?? now
    const isLong = outage.lasted() > blindAfter && memory.at !== undefined && now - memory.at > blindAfter
    // One that answers with errors for so long, or for this house alone does not, is as good as away.
    if (isLong || now - failing > blindAfter) return { ...nothingSeen, commands: outcomes }
    throw isAway(error) ? new SeriesAway('ClickHouse does not answer', { cause: error }) : error
  }
}

/** Plans of other houses as the store has them: what is no plan counts as none. */
const othersOf = ({ others }: SharedShare): NonNullable<HouseSeen['others']> =>
  others.map(({ plan }) => (isPlan(plan) ? { plan } : {}))
const isPlan = (plan: unknown): plan is Plan => {
  const { from, steps, homes } = (plan ?? {}) as Partial<Plan>
  return Number.isFinite(from) && Array.isArray(steps) && Array.isArray(homes?.[0]?.power)
}

/** A new plan when one is due and can be had; else why not. */
async function planFor(
  setup: HouseSetup,
  seen: HouseSeen,
  memory: HouseMemory,
  now: number,
  { pool, metrics, log, planPatience, planPause }: TurnParts,
): Promise<{ readonly plan?: Plan; readonly why?: string; readonly failed?: FailedPlan }> {
  if (!isPlanDue(setup, memory, now)) return {}
  const before = lastFailure(setup, memory, now, planPause)
  if (before) return { why: before.why, failed: before }
  const view = planViewOf(setup, seen, memory, now)
  if (!view) return {}
  const began = performance.now()
  try {
    const plan = await pool.run('plan', view, planPatience)
    metrics.plans.inc({ status: plan.status })
    return { plan }
  } catch (error) {
    if (!(error instanceof NoResult)) throw error
    metrics.plans.inc({ status: 'none' })
    log.warn({ house: setup.id, error: error.message }, 'a house has no new plan; it goes on without')
    const why = error.message
    return { why, ...(!error.wasPutOff && { failed: failedPlan(setup, now, why) }) }
  } finally {
    metrics.planSeconds.observe((performance.now() - began) / 1000)
  }
}

const noPlan = (memory: HouseMemory, now: number, why: string): Notice => ({
  kind: 'no-plan',
  since: memory.notices.find(({ kind }) => kind === 'no-plan')?.since ?? now,
  sentence: `No new plan was made (${why}): the last one goes on, and each room keeps its comfort without one`,
})

function resultOfTurn(turn: HouseTurn, notice: Notice | undefined, planFailed?: FailedPlan): Omit<TurnResult, 'next'> {
  const { now, memory, plan } = turn
  const notices = notice ? [...memory.notices.filter(({ kind }) => kind !== notice.kind), notice] : memory.notices
  return {
    memory: { ...memory, notices, ...(planFailed && { planFailed }) },
    receipts: turn.loops.map(({ loop, receipt, commands }) => ({
      loop,
      at: now,
      receipt,
      commands: commands.map(({ capability, verb, arguments: args }) => ({
        capability,
        verb,
        arguments: args,
        validSeconds,
      })),
    })),
    ...(plan && { plan: { madeAt: now, plan } }),
  }
}

/** A turn with the database's time that sends nothing, says why, and leaves nothing in the memory but a notice of it. */
async function observe(house: ClaimedHouse, setup: HouseSetup, parts: TurnParts): Promise<Omit<TurnResult, 'next'>> {
  const { clock } = parts
  const now = clock.database()
  const memory = readMemory(house.memory?.memory) ?? rebuiltMemory(setup, house.commands)
  const watching = { ...setup, loops: setup.loops.map((loop) => ({ ...loop, mode: 'observe' as const })) }
  const seen = await see(watching, memory, house, now, parts)
  const turn = turnOfHouse({ setup: watching, seen, memory, now })
  const minutes = Math.round(Math.abs(clock.ahead()) / 60_000)
  const text = `the clocks of the controller and of the database differ by ${minutes} minutes; the operator sets them right`
  const { receipts } = resultOfTurn(turn, undefined)
  const since = memory.notices.find(({ kind }) => kind === 'clock-off')?.since ?? now
  const notice: Notice = { kind: 'clock-off', since, sentence: `Nothing is commanded: ${text}` }
  return {
    memory: { ...memory, notices: [...memory.notices.filter(({ kind }) => kind !== notice.kind), notice] },
    receipts: receipts.map((one) => {
      const receipt = one.receipt as HouseTurn['loops'][number]['receipt']
      const reasons = [{ code: 'clock-strange' as const, text }, ...receipt.reasons]
      return {
        ...one,
        commands: [],
        receipt: { ...receipt, reasons, sentence: `${receipt.sentence} Moreover, ${text}.` },
      }
    }),
  }
}

/** Does not wait: the store knows, and is read again; the bus only makes it quick. */
function tell(
  { commands, superseded }: { readonly commands: readonly Command[]; readonly superseded: readonly Command[] },
  { bus, log }: TurnParts,
): void {
  if (!bus.connected) return
  const late = (error: unknown) => log.warn({ error: textOf(error) }, 'could not tell of a command at once')
  for (const one of [...superseded, ...commands]) publishCommandResult(bus as Bus, one, resultOf(one)).catch(late)
  for (const one of commands) if (one.state === 'accepted') wakeForCommand(bus as Bus, one, one.id).catch(late)
}
