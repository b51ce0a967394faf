/** Whether a house is under control, and by what, in a word and a line. */
import type { ControlState, Loop } from '../heating/api.ts'
import { pausedUntil, standstill } from '../heating/words.ts'

export type Care = { readonly word: string; readonly colour: string; readonly how: string }

/** The strongest thing that holds; the line names each way of controlling once. */
export function careOf(state: ControlState, now = Date.now()): Care {
  const { loops, choices } = state
  const labelOf = ({ kind, controller }: Loop) =>
    choices[kind]?.find(({ name }) => name === controller)?.label ?? controller
  const how = (list: readonly Loop[]) => [...new Set(list.map(labelOf))].join('; ')
  const of = (mode: Loop['mode']) => loops.filter((loop) => loop.mode === mode)
  const active = of('control')
  if (loops.length === 0) return { word: 'Not controlled', colour: 'gray', how: 'Everything is set by hand' }
  if (standstill(state, now)) return { word: 'Nobody at work', colour: 'orange', how: 'No controller is running' }
  if (active.length > 0) {
    const isPaused = active.every((loop) => pausedUntil(loop, now) !== undefined)
    return { word: isPaused ? 'Paused' : 'Controlled', colour: isPaused ? 'yellow' : 'teal', how: how(active) }
  }
  const advised = of('advise')
  if (advised.length > 0) return { word: 'Advised', colour: 'blue', how: how(advised) }
  return { word: 'Observed', colour: 'gray', how: 'Nothing is changed' }
}
