import { ago, measure, words } from '../houses/words.ts'
import { dayAndClock } from '../houses/zone-time.ts'
import type { ControlState, Loop, LoopKind, Mode, Receipt, Setting } from './api.ts'

export const modeWords: Readonly<Record<Mode, { readonly label: string; readonly meaning: string }>> = {
  observe: { label: 'Observe', meaning: 'Looks on and keeps a record. Nothing is changed.' },
  advise: { label: 'Advise', meaning: 'Says what it would do. You do it, or not.' },
  control: { label: 'Control', meaning: 'Sets the device by itself, within your limits.' },
}

export const kindWords: Readonly<Record<LoopKind, string>> = {
  heating: 'Heating',
  ventilation: 'Ventilation',
  battery: 'Battery',
}

/** What a loop is called: its room, else the kind and its place. */
export const nameOf = ({ roomName, kind, actuator }: Loop): string =>
  roomName ?? [...new Set([kindWords[kind], actuator.location])].filter(Boolean).join(', ')

/** When a pause that still holds ends, ms; of one that is over, nothing. */
export function pausedUntil({ pausedUntil: until }: Pick<Loop, 'pausedUntil'>, now = Date.now()): number | undefined {
  const end = until === null ? Number.NaN : Date.parse(until)
  return end > now ? end : undefined
}

/** A controller that has not been heard of for so long is none, ms. */
const silence = 15 * 60_000

/** Why nothing is decided although there is something to control; nothing when all is well. */
export function standstill({ controllers, loops }: ControlState, now = Date.now()): string | undefined {
  if (loops.length === 0) return undefined
  const beats = controllers.map(({ beat }) => Date.parse(beat)).filter(Number.isFinite)
  if (beats.some((beat) => now - beat < silence)) return undefined
  const since =
    beats.length === 0 ? '' : ` The last one was heard of ${ago(new Date(Math.max(...beats)).toISOString(), now)}.`
  return `No controller is running, so nothing is decided; devices keep what they are set to.${since} Whoever runs the server can start one.`
}

/** When the newest receipt was made. */
export const receiptTime = ({ at }: Pick<Receipt, 'at'>, zone: string): string => dayAndClock(at, zone)

/** The sentence of a receipt where its time stands beside it already. */
export const withoutClock = (sentence: string): string =>
  sentence.replace(/^\d\d:\d\d, /, '').replace(/^./, (letter) => letter.toUpperCase())

const units: Readonly<Record<string, string>> = {
  temperature: '°C',
  power: 'W',
  chargeLimit: 'W',
  dischargeLimit: 'W',
}
const names: Readonly<Record<string, string>> = {
  temperature: 'Temperature',
  power: 'Power at the grid',
  chargeLimit: 'May charge with at most',
  dischargeLimit: 'May give at most',
  fanLevel: 'Fans',
  on: 'On',
}

/** `Temperature 21 °C, Fans auto`. */
export const describeSet = (set: Readonly<Record<string, string | number | boolean | null>>): string =>
  Object.entries(set)
    .flatMap(([name, value]) =>
      value === null ? [] : [`${names[name] ?? words(name)} ${measure(value, units[name] ?? null)}`],
    )
    .join(', ')

/** A title that names its unit already says it. */
export const unitOf = ({ title = '', unit = '' }: Setting): string =>
  unit === '' || title.includes(`(${unit})`) ? '' : unit
