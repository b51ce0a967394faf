/** A receipt: everything a decision rests on, as a record, and in one sentence for whoever lives there. */

import { clockOf } from '../comfort/local-time.ts'
import type { Bound, Decision, NextBest, Saw, Wanted } from '../controls/define-control.ts'
import type { Reason, Verdict } from './guard.ts'
import type { Mode } from './limits.ts'

export type Receipt = {
  /** ISO 8601, UTC. */
  readonly at: string
  readonly control: string
  /** The room or the device, as people name it. */
  readonly place: string
  readonly mode: Mode
  readonly saw: Saw
  /** Marginal price now, NOK/kWh; null when not known. */
  readonly price: number | null
  /** What the control decided; null when it left things as they are. */
  readonly decided: Wanted | null
  /** What went out; null when nothing did. */
  readonly sent: Wanted | null
  readonly outcome: Verdict['outcome']
  readonly because: string
  readonly bound: readonly Bound[]
  readonly reasons: readonly Reason[]
  readonly nextBest: NextBest | null
  /** Plain English. */
  readonly sentence: string
}

/** Makes the receipt of one turn. */
export function receipt(of: {
  readonly now: number
  readonly control: string
  readonly place: string
  readonly mode: Mode
  readonly price: number | 'unknown'
  readonly decision: Decision<Wanted, unknown>
  readonly verdict: Verdict
  /** IANA name; the sentence tells the time by it. */
  readonly zone: string
}): Receipt {
  const { decision, verdict } = of
  return {
    at: new Date(of.now).toISOString(),
    control: of.control,
    place: of.place,
    mode: of.mode,
    saw: decision.saw,
    price: of.price === 'unknown' || !Number.isFinite(of.price) ? null : of.price,
    decided: decision.set ?? null,
    sent: verdict.command ?? null,
    outcome: verdict.outcome,
    because: decision.because,
    bound: [...decision.bound, ...verdict.bound],
    reasons: verdict.reasons,
    nextBest: decision.nextBest ?? null,
    sentence: sentenceOf(of),
  }
}

function sentenceOf({ now, place, price, decision, verdict, mode, zone }: Parameters<typeof receipt>[0]): string {
  const start = `${place.replace(/^The /, 'the ')}${stateOf(decision.saw)}`
  const cost = price === 'unknown' || !Number.isFinite(price) ? '' : `, power at ${price.toFixed(2)} NOK/kWh`
  // The last limit is the nearest to what came out; the others stand in the receipt.
  const bounded = decision.bound.at(-1) ?? verdict.bound.at(-1)
  const limit = bounded ? ` (held back by: ${bounded.by})` : ''
  return `${clockOf(now, zone)}, ${start}${cost}: ${doneOf(verdict, decision, mode)}${limit}.`
}

/** What the decision is about: how warm the room is, or how full the battery. */
function stateOf({ room, charge }: Saw): string {
  if (typeof room === 'number') return ` at ${room.toFixed(1)} °C`
  return typeof charge === 'number' ? ` at ${Math.round(charge)} %` : ''
}

function doneOf(verdict: Verdict, decision: Decision<Wanted, unknown>, mode: Mode): string {
  const why = decision.because
  const first = verdict.reasons[0]
  switch (verdict.outcome) {
    case 'command':
      return `${inWords(verdict.command ?? {})}. ${why}`
    case 'safety':
      return `${inWords(verdict.command ?? {})} to keep the house safe. ${first?.text ?? why}`
    case 'release':
      return `${inWords(verdict.command ?? {})}, the safe setting. ${verdict.reasons.map(({ text }) => text).join('. ')}`
    case 'none':
      if (!first || first.code === 'no-change') return `nothing changed. ${why}`
      if (first.code === 'nothing-decided') return `nothing changed. ${why}`
      if (mode !== 'control' && verdict.would) {
        const would = `would have ${inWords(verdict.would)}`
        const isSafety = first.code === 'frost' || first.code === 'heat'
        return `nothing was sent, the mode is ${mode}; it ${would}. ${isSafety ? first.text : why}`
      }
      return `nothing was sent. ${verdict.reasons.map(({ text }) => text).join('. ')}`
  }
}

const names: Readonly<Record<string, string>> = { fanLevel: 'the fans', mode: 'the mode' }

const inWords = (set: Wanted): string =>
  Object.entries(set)
    .map(([name, value]) => setInWords(name, value))
    .join(', ')

function setInWords(name: string, value: Wanted[string]): string {
  const nothing = value === 0
  switch (name) {
    case 'on':
      return value === true ? 'switched on' : 'switched off'
    case 'temperature':
      return `set the temperature to ${value} °C`
    case 'power':
      return typeof value === 'number' && value < 0
        ? `set the power to the grid to ${-value} W`
        : `set the power from the grid to ${value} W`
    case 'chargeLimit':
      return nothing ? 'let it charge no more' : `let it charge with at most ${value} W`
    case 'dischargeLimit':
      return nothing ? 'let it give nothing' : `let it give at most ${value} W`
    default:
      return `set ${names[name] ?? name} to ${value}`
  }
}
