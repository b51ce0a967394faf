/**
 * One turn of a house: every loop decides, the guard lets through or not, and everything leaves a receipt. Pure: what it
 * must remember goes in and out, so the running controller, a replay of the past and the twin take the very same turn.
 */

import { localTime } from '../comfort/local-time.ts'
import { wishAt } from '../comfort/wish.ts'
import { hour, isNumber, minute, type Wanted } from '../controls/define-control.ts'
import { stepAt } from '../controls/view.ts'
import { warmWithin } from '../mpc/formulate.ts'
import type { Plan } from '../mpc/plan.ts'
import type { GuardView, Move } from '../safety/guard.ts'
import type { Limits } from '../safety/limits.ts'
import { judge, unusable } from '../safety/readings.ts'
import type { Turn } from '../safety/turn.ts'
import { commandsOf, heats, limitsOf } from './actuate.ts'
import { isBaselineDay } from './experiment.ts'
import { fallbackOf } from './fallback.ts'
import { heatingTurn } from './heating-turn.ts'
import { soundMemory, soundPlan } from './memory.ts'
import { noticesOf, sameSince, withoutEffect } from './notices.ts'
import { planKeyOf } from './plan-view.ts'
import { type HousePrices, pricesOf } from './prices.ts'
import { type RoomState, roomStateOf } from './room-state.ts'
import { batteryTurn, ventilationTurn } from './technics-turn.ts'
import type {
  HouseMemory,
  HouseSeen,
  HouseSetup,
  HouseTurn,
  LoopMemory,
  LoopSetup,
  LoopTurn,
  Notice,
  RoomMemory,
} from './types.ts'

/** What every loop of a turn is given. */
export type LoopGiven = {
  readonly setup: HouseSetup
  readonly seen: HouseSeen
  readonly now: number
  readonly prices: HousePrices
  readonly plan: Plan | undefined
  readonly planMadeAt: number | undefined
  /** A day on which the plain schedule stands in for every control. */
  readonly isBaseline: boolean
  readonly rooms: ReadonlyMap<number, RoomState>
  /** What the last turn told of. */
  readonly told: readonly Notice[]
}

/** What a loop's own part makes of it. */
export type LoopOutcome = { readonly turn: Turn<unknown>; readonly by: string }

/** Moves are remembered for so long, h. */
const movesKept = 25
/** A word of an actuator older than this says nothing of now. */
const heldFor = 6 * hour

/**
 * @param given.plan a plan just made; without one the remembered plan goes on while it covers the moment
 */
export function turnOfHouse(given: {
  readonly setup: HouseSetup
  readonly seen: HouseSeen
  readonly memory: HouseMemory
  readonly plan?: Plan
  readonly now: number
  readonly prices?: HousePrices
}): HouseTurn {
  const { setup, seen, now } = given
  const memory = soundMemory(given.memory)
  const prices = given.prices ?? pricesOf(setup, seen, now)
  const made = soundPlan(given.plan)
  const plan = made ?? memory.plan
  const planMadeAt = made ? now : memory.planMadeAt
  const loopOf = new Map(setup.loops.flatMap((loop) => (loop.room === undefined ? [] : [[loop.room, loop] as const])))
  const rooms = new Map(
    setup.rooms.map((room) => {
      const before = memory.rooms[room.id]?.estimate
      return [room.id, roomStateOf(room, loopOf.get(room.id), { setup, seen, before, now })] as const
    }),
  )
  const isBaseline =
    setup.experiment !== undefined && isBaselineDay(setup.experiment, localTime(now, setup.timezone).date)
  const shared = { setup, seen, now, prices, plan, planMadeAt, isBaseline, rooms, told: memory.notices }
  const turns = setup.loops.map((loop) => turnOfLoop(loop, memory.loops[loop.id] ?? { moves: [] }, shared))

  const silent = setup.rooms.flatMap((room) => {
    const judged = judge(rooms.get(room.id)?.readings ?? [], now, limitsOfReading)
    const isUsed = setup.loops.some((loop) => loop.room === room.id)
    return judged.usable || !isUsed ? [] : [{ room, why: unusable[judged.why].toLowerCase() }]
  })
  const kept = Object.fromEntries([...rooms].map(([id, state]) => [id, roomMemoryOf(state, { setup, memory, now })]))
  const notices: Notice[] = noticesOf({
    ...{ setup, seen, memory, prices, now, silent },
    same: setup.rooms.flatMap((room) => {
      const { same } = kept[room.id] ?? {}
      return same && setup.loops.some((loop) => loop.room === room.id) ? [{ room, ...same }] : []
    }),
    plan: setup.loops.some(({ kind, controller }) => kind === 'battery' || controller === 'model-predictive')
      ? plan
      : undefined,
    effects: turns.flatMap(({ effect }) => effect ?? []),
  })
  return {
    now,
    loops: turns.map(({ result }) => result),
    memory: {
      at: now,
      loops: Object.fromEntries(turns.map(({ result, memory: kept }) => [result.loop, kept])),
      rooms: kept,
      ...(plan && { plan }),
      ...(planMadeAt !== undefined && { planMadeAt }),
      ...(made ? { planFor: planKeyOf(setup) } : memory.planFor !== undefined && { planFor: memory.planFor }),
      notices,
    },
    ...(made && { plan: made }),
  }
}

/** What the room owes is forgotten with this time constant, h. */
const owedFor = 24

function roomMemoryOf(
  { room, reading, readings, estimate }: RoomState,
  { setup, memory, now }: Pick<Parameters<typeof turnOfHouse>[0], 'setup' | 'memory' | 'now'>,
): RoomMemory {
  const hours = Math.min(1, Math.max(0, (now - (memory.at ?? now)) / hour))
  const before = memory.rooms[room.id]?.owed ?? 0
  const wish = wishAt(room.comfort, now, setup.timezone)
  const usual = wish.from === 'weekday' || wish.from === 'weekend' ? room.comfort[wish.from] : []
  const isWarm = usual.every(({ temperature }) => wish.temperature >= temperature - warmWithin) && usual.length > 0
  const cold = reading === 'unknown' || !isWarm ? 0 : wish.temperature - reading.value
  const owed = before * Math.exp(-hours / owedFor) + cold * hours
  const same = sameSince(readings, memory.rooms[room.id]?.same, now)
  return { ...(estimate && { estimate }), owed: isNumber(owed) ? owed : 0, ...(same && { same }) }
}

function turnOfLoop(loop: LoopSetup, before: LoopMemory, given: LoopGiven) {
  const { setup, seen, now } = given
  const room = setup.rooms.find(({ id }) => id === loop.room)
  const place = room?.name ?? placeOf(loop)
  const recent = before.moves.filter(({ at }) => Math.abs(now - at) < movesKept * hour)
  const held = heldNow(loop, recent, given)
  const wish = room && wishAt(room.comfort, now, setup.timezone)
  const part = {
    loop,
    place,
    held,
    limits: ownLimits(loop, wish?.temperature ?? 20, given),
    history: before.moves,
    memoryOf: (control: string) => (before.by === control ? before.control : undefined),
    guard: (readings: GuardView['readings']): GuardView => ({
      now,
      mode: loop.mode,
      ...(loop.pausedUntil !== undefined && { pausedUntil: loop.pausedUntil }),
      readings,
      // One that cools or dries does nothing against frost, whatever it is set to.
      held: held !== 'unknown' && cools(loop, given) ? { ...held, on: false } : held,
    }),
    price: priceNow(given),
  }
  const { turn, by } =
    loop.kind === 'heating' && room && wish
      ? heatingTurn({ ...part, room, wish }, given)
      : loop.kind === 'battery'
        ? batteryTurn(part, given)
        : ventilationTurn(part, given)

  const commands = turn.move ? commandsOf(loop, turn.move.set) : []
  // A frost guard that switches on a unit which cools would cool.
  if (turn.verdict.outcome === 'safety' && turn.move?.set.on === true && cools(loop, given))
    commands.unshift(...commandsOf(loop, { mode: 'heat' }))
  const fallback = room ? fallbackOf(room, loop, before.fallback, { now, timezone: setup.timezone }) : undefined
  const newest = before.moves.reduce<Move | undefined>(
    (last, move) => (move.at <= now && move.at > (last?.at ?? Number.NEGATIVE_INFINITY) ? move : last),
    undefined,
  )
  // Without any, nobody would know that it is ours to make safe.
  const moves = recent.length > 0 || !newest ? recent : [newest]
  const result: LoopTurn = {
    loop: loop.id,
    verdict: turn.verdict,
    receipt: turn.receipt,
    commands: [...commands, ...(fallback?.command ? [fallback.command] : [])],
  }
  const memory: LoopMemory = {
    ...(turn.memory !== undefined && { control: turn.memory }),
    by,
    moves: [...moves, ...(turn.move ? [turn.move] : [])],
    ...(fallback?.memory && { fallback: fallback.memory }),
  }
  const readings = room ? (given.rooms.get(room.id)?.readings ?? []) : []
  const effect =
    loop.mode === 'control'
      ? withoutEffect(loop, place, {
          ...{ moves: recent, readings, seen, now, zone: setup.timezone },
          isTold: given.told.some(({ kind, loop: id }) => kind === 'no-effect' && id === loop.id),
        })
      : undefined
  return { result, memory, effect }
}

export type LoopPart = {
  readonly loop: LoopSetup
  readonly place: string
  readonly held: GuardView['held']
  readonly limits: ReturnType<typeof limitsOf>
  readonly history: readonly Move[]
  readonly memoryOf: (control: string) => unknown
  readonly guard: (readings: GuardView['readings']) => GuardView
  readonly price: number | 'unknown'
}

const limitsOfReading = limitsOf(
  {
    ...{ id: 0, kind: 'heating', mode: 'observe', controller: '', settings: {}, limits: {} },
    actuator: { device: '', count: 0, location: '', capability: 'thermostat' },
  },
  20,
).reading

const placeOf = ({ kind, actuator }: LoopSetup) =>
  kind === 'battery' ? 'The battery' : actuator.location === '' ? 'The ventilation' : actuator.location

/** What the actuator has: its own newest word, and what it was told since. */
function heldNow(loop: LoopSetup, moves: readonly Move[], { seen, now }: LoopGiven): GuardView['held'] {
  const own = seen.held[loop.id]
  const word = own && now - own.at <= heldFor && own.at <= now + 5 * minute ? own : undefined
  const told = moves.filter(({ at }) => at <= now && (!word || at > word.at - minute)).toSorted((a, b) => a.at - b.at)
  if (!word && told.length === 0) return 'unknown'
  return Object.assign({}, word?.set, ...told.map(({ set }) => set)) as Wanted
}

/** Whether it does not heat, and can be told to. */
const cools = ({ id, actuator: { verbs } }: LoopSetup, { seen }: LoopGiven) =>
  (verbs === undefined || Object.hasOwn(verbs, 'setMode')) && !heats(seen.held[id]?.mode)

/** What somebody set to cool or to dry is left alone: told to be colder, or what is wished of the heating, it would be. */
function ownLimits(loop: LoopSetup, wish: number, { seen }: LoopGiven): Limits {
  const limits = limitsOf(loop, wish)
  const isForeign = loop.kind === 'heating' && !heats(seen.held[loop.id]?.mode)
  return isForeign ? { ...limits, heat: undefined, fallback: {} } : limits
}

function priceNow({ prices, now }: LoopGiven): number | 'unknown' {
  const price = stepAt(prices.steps, now)?.marginal
  return isNumber(price) ? price : 'unknown'
}
