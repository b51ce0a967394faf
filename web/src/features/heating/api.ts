/** Control loops of a house, its pause, and the settings of its controllers. */
import { ask } from '../../api.ts'
import type { Facts } from './facts.ts'

export const modes = ['observe', 'advise', 'control'] as const
export type Mode = (typeof modes)[number]
export const loopKinds = ['heating', 'ventilation', 'battery'] as const
export type LoopKind = (typeof loopKinds)[number]
type Value = number | string | boolean
export type Values = Readonly<Record<string, Value | null>>

export type Bound = {
  readonly by: string
  readonly wanted: number
  readonly got: number
  readonly unit: string
}
export type Receipt = {
  readonly at: string
  readonly control: string
  readonly place: string
  readonly mode: Mode
  readonly saw: Values
  /** NOK/kWh. */
  readonly price: number | null
  readonly decided: Values | null
  readonly sent: Values | null
  readonly outcome: 'command' | 'safety' | 'release' | 'none'
  readonly because: string
  readonly bound: readonly Bound[]
  readonly reasons: readonly { readonly code: string; readonly text: string }[]
  readonly nextBest: { readonly choice: string; readonly costsMore: number | 'unknown' } | null
  readonly sentence: string
}
export type Notice = {
  readonly kind: string
  readonly loop?: number
  readonly room?: number
  readonly since: string
  readonly sentence: string
}

/** One setting of a controller, as its JSON schema says it. */
export type Setting = {
  readonly type?: string
  readonly title?: string
  readonly description?: string
  readonly unit?: string
  readonly default?: Value
  readonly minimum?: number
  readonly maximum?: number
  readonly multipleOf?: number
  readonly enum?: readonly Value[]
}
export type Choice = {
  readonly name: string
  readonly label: string
  readonly schema: { readonly properties?: Readonly<Record<string, Setting>> }
}
export type ActuatorRef = {
  readonly device: string
  readonly count: number
  readonly location: string
  readonly capability: string
}
export type Loop = {
  readonly id: number
  readonly kind: LoopKind
  readonly room?: number
  readonly roomName?: string
  readonly actuator: ActuatorRef
  readonly mode: Mode
  readonly pausedUntil: string | null
  readonly controller: string
  readonly settings: Values
  readonly limits: Values
  /** The newest receipt. */
  readonly last?: Receipt
  readonly notices: readonly Notice[]
}
export type ControlState = {
  readonly facts: Facts
  readonly loops: readonly Loop[]
  readonly notices: readonly Notice[]
  readonly nextTurn?: string | null
  readonly controllers: readonly { readonly id: string; readonly beat: string }[]
  readonly choices: Readonly<Record<LoopKind, readonly Choice[]>>
}
export type LoopChange = {
  readonly mode?: Mode
  readonly pauseHours?: number
  readonly controller?: string
  /** Those that are named change; null takes one back to its default. */
  readonly settings?: Values
  /** Likewise; null takes one away. */
  readonly limits?: Values
}

export const controlKey = (houseId: number) => ['control', houseId] as const
export const control = (houseId: number) => ask<ControlState>(`/api/houses/${houseId}/control`)
export const addLoop = (houseId: number, loop: { kind: LoopKind; actuator: ActuatorRef }) =>
  ask<Loop>(`/api/houses/${houseId}/control`, 'POST', loop)
export const changeLoop = (houseId: number, loop: number, change: LoopChange) =>
  ask<Loop>(`/api/houses/${houseId}/control/${loop}`, 'PATCH', change)
export const removeLoop = (houseId: number, loop: number) => ask(`/api/houses/${houseId}/control/${loop}`, 'DELETE')
/** All loops at once; 0 ends it. */
export const pauseAll = (houseId: number, hours: number) =>
  ask(`/api/houses/${houseId}/control/pause`, 'POST', { hours })
