/** One turn of one actuator: decide, guard, receipt. Pure: the same in the running system and in a replay of the past. */
import type { Static, TObject } from 'typebox'
import type { Control, Wanted } from '../controls/define-control.ts'
import { type GuardView, guard, type Move, type Verdict } from './guard.ts'
import type { Limits } from './limits.ts'
import { type Receipt, receipt } from './receipt.ts'

export type Turn<Memory> = {
  readonly verdict: Verdict
  readonly receipt: Receipt
  /** For the next turn. */
  readonly memory: Memory | undefined
  /** What is to be added to the history; nothing when nothing went out. */
  readonly move: Move | undefined
}

/**
 * Takes a turn. A control that throws decides nothing; its turn still has a receipt, and frost is still kept away.
 *
 * @param given.price marginal price now, NOK/kWh, for the receipt
 */
export function takeTurn<View, Settings extends TObject, Set extends Wanted, Memory>(
  control: Control<View, Settings, Set, Memory>,
  given: {
    readonly view: View
    readonly settings: Static<Settings>
    readonly memory: Memory | undefined
    readonly guard: GuardView
    readonly limits: Limits
    readonly history: readonly Move[]
    readonly place: string
    readonly zone: string
    readonly price: number | 'unknown'
  },
): Turn<Memory> {
  const decision = decideOrLeave(control, given)
  const verdict = guard(decision.set, given.guard, given.limits, given.history)
  const { now, mode } = given.guard
  const { command, outcome } = verdict
  return {
    verdict,
    receipt: receipt({ now, mode, control: control.name, decision, verdict, ...given }),
    memory: decision.memory,
    move: command && outcome !== 'none' ? { at: now, set: command, kind: outcome } : undefined,
  }
}

function decideOrLeave<View, Settings extends TObject, Set extends Wanted, Memory>(
  control: Control<View, Settings, Set, Memory>,
  { view, settings, memory }: { view: View; settings: Static<Settings>; memory: Memory | undefined },
) {
  try {
    return control.decide(view, settings, memory)
  } catch (error) {
    const because = `The control failed: ${error instanceof Error ? error.message : 'no reason given'}`
    // What it remembered may be what it failed at: it begins anew.
    return { leave: 'as-is' as const, set: undefined, because, saw: {}, bound: [], memory: undefined }
  }
}
