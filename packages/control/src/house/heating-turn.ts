/** A room's heating: what its control sees, and its turn. */
import type { Wish } from '../comfort/wish.ts'
import { hour, isNumber, minute } from '../controls/define-control.ts'
import type { HeatingView, PathStep } from '../controls/view.ts'
import { endOf, type Plan, plannedTemperature } from '../mpc/plan.ts'
import type { Move } from '../safety/guard.ts'
import { isNearFrost } from '../safety/guard.ts'
import { takeTurn } from '../safety/turn.ts'
import { cop, heatLoss } from '../thermal/index.ts'
import { heats, setpointsOf } from './actuate.ts'
import { heatingControls, settingsOf } from './controllers.ts'
import { sayingSo } from './experiment.ts'
import { homeName, planRoomName } from './plan-view.ts'
import { outdoorNow, type RoomState } from './room-state.ts'
import type { LoopGiven, LoopOutcome, LoopPart } from './turn.ts'
import type { Held, LoopSetup, RoomSetup } from './types.ts'

/** A plan is followed for so long after it was made, h: the last good one outlives a solver that fails. */
const planFollowed = 12
/** What is planned this much later is aimed at now: warmth takes a while to arrive. */
const ahead = 15 * minute

export function heatingTurn(
  part: LoopPart & { readonly room: RoomSetup; readonly wish: Wish },
  given: LoopGiven,
): LoopOutcome {
  const { loop, room } = part
  const state = given.rooms.get(room.id)!
  const held = given.seen.held[loop.id]
  const name = given.isBaseline ? 'schedule' : loop.controller
  const view = viewOf(part, state, held, given)
  const own = held?.mode
  const turn = (control: (typeof heatingControls)[number]) => {
    const of = {
      ...{ view, memory: part.memoryOf(control.name) as never },
      ...{ guard: part.guard(state.readings), limits: part.limits, history: part.history },
      ...{ place: part.place, zone: given.setup.timezone, price: part.price },
      settings: settingsOf(control.settings, loop.settings) as never,
    }
    // Somebody wants it to cool or to dry: that is not for the heating to change.
    if (own !== undefined && !heats(own)) return takeTurn(restingIn(control, own) as never, of as never)
    return takeTurn((isOff(part, state) ? sayingOff(control) : control) as never, of as never)
  }
  const control = heatingControls.find((one) => one.name === name) ?? heatingControls[0]
  const isDrawn = given.isBaseline && loop.controller !== control.name
  return { turn: turn(isDrawn ? sayingSo(control) : control), by: control.name }
}

/** Switched off by somebody, and not to be switched on against frost. */
const isOff = ({ held, limits: { frost } }: LoopPart, { reading }: RoomState): boolean =>
  held !== 'unknown' && held.on === false && !(frost && reading !== 'unknown' && isNearFrost(reading.value, frost))

const sayingOff = (control: (typeof heatingControls)[number]) => ({
  ...control,
  decide: (...given: Parameters<typeof control.decide>) => {
    const decision = control.decide(...(given as [never, never, never]))
    return { ...decision, because: `${decision.because}. The unit is switched off, and stays so` }
  },
})

const restingIn = (control: (typeof heatingControls)[number], mode: string) => ({
  ...control,
  decide: (view: HeatingView, _: unknown, memory: unknown) => ({
    leave: 'as-is' as const,
    because: `The unit was set to ${mode}, so the heating waits`,
    saw: { room: view.room === 'unknown' ? null : view.room.value, wish: view.wish.temperature },
    bound: [],
    memory,
  }),
})

function viewOf(
  { loop, held, history, wish, room }: LoopPart & { readonly room: RoomSetup; readonly wish: Wish },
  { reading, house, heating }: RoomState,
  word: Held | undefined,
  given: LoopGiven,
): HeatingView {
  const { now, prices, seen } = given
  const outdoor = outdoorNow(seen, now)
  const told = held === 'unknown' ? undefined : held.temperature
  const path = given.isBaseline ? undefined : pathOf(given.plan, planRoomName(room), given)
  return {
    now,
    room: reading,
    wish,
    unit: unitOf(word),
    held: isNumber(told) ? { at: heldSince(word, history, now), value: told } : 'unknown',
    setpoints: setpointsOf(loop),
    unheard: isUnheard(loop, given),
    prices: prices.steps,
    ...(path && { path }),
    powerPerKelvin: heatLoss(house) / (heating.pump && outdoor !== undefined ? cop(heating.pump, outdoor) : 1),
  }
}

/** A set-point that was lost and is still wanted is sent again long before, ms. */
const lostFor = hour

function isUnheard({ id, mode, pausedUntil }: LoopSetup, { now, seen }: LoopGiven): boolean {
  if (mode !== 'control' || (pausedUntil !== undefined && now < pausedUntil)) return true
  return (seen.commands ?? []).some(({ loop, at, lost }) => loop === id && lost === 'temperature' && now - at < lostFor)
}

/** Since when the set-point is what it is: by the unit's own word, else by our last command; long ago where neither tells. */
function heldSince(word: Held | undefined, history: readonly Move[], now: number): number {
  const moved = history.filter(({ set, at }) => set.temperature !== undefined && at <= now).map(({ at }) => at)
  return Math.max(word?.since ?? Number.NEGATIVE_INFINITY, ...moved, now - 24 * hour)
}

/** Less than this and a unit that is on is taken to have been paused by its own thermostat, W. */
const idle = 40

function unitOf(word: Held | undefined): HeatingView['unit'] {
  if (!word || word.set.on === undefined) return 'unknown'
  if (word.set.on === false) return 'off'
  return isNumber(word.power) && word.power < idle ? 'off-by-itself' : 'on'
}

/** The coming hours of the plan in quarters; nothing where no plan that can be believed covers the moment. */
function pathOf(plan: Plan | undefined, room: string, { now, planMadeAt }: LoopGiven): PathStep[] | undefined {
  if (!plan || plan.status === 'thermostat' || planMadeAt === undefined) return undefined
  if (now < planMadeAt || now - planMadeAt > planFollowed * hour) return undefined
  const end = Math.min(endOf(plan), now + 2 * hour)
  const steps: PathStep[] = []
  for (let from = now; from < end; from += 15 * minute) {
    const temperature = plannedTemperature(plan, homeName, room, from + ahead)
    if (temperature === undefined) break
    steps.push({ from, to: from + 15 * minute, temperature })
  }
  return steps.length > 0 ? steps : undefined
}
