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
  const room = decision.saw.room
  const start = typeof room === 'number' ? `${place} at ${room.toFixed(1)} °C` : place
  const cost = price === 'unknown' || !Number.isFinite(price) ? '' : `, power at ${price.toFixed(2)} NOK/kWh`
  const bounded = decision.bound[0] ?? verdict.bound[0]
  const limit = bounded ? ` (held back by: ${bounded.by})` : ''
  return `${clockOf(now, zone)}, ${start}${cost}: ${doneOf(verdict, decision, mode)}${limit}.`
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
        return `nothing was sent, the mode is ${mode}; it ${would}. ${why}`
      }
      return `nothing was sent. ${verdict.reasons.map(({ text }) => text).join('. ')}`
  }
}

const units: Readonly<Record<string, readonly [name: string, unit: string]>> = {
  temperature: ['the temperature', '°C'],
  power: ['the power at the grid', 'W'],
  chargeLimit: ['the most it may charge with', 'W'],
  dischargeLimit: ['the most it may give', 'W'],
  fanLevel: ['the fans', ''],
  mode: ['the mode', ''],
}

function inWords(set: Wanted): string {
  const parts = Object.entries(set).map(([name, value]) => {
    if (name === 'on') return value === true ? 'switched on' : 'switched off'
    const [called, unit] = units[name] ?? [name, '']
    return `set ${called} to ${value}${unit === '' ? '' : ` ${unit}`}`
  })
  return parts.join(', ')
}
