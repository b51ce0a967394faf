import type { Actuator, CommandState, OwnBounds } from '@nabolag/core'
import { ask } from '../../api.ts'

export type DeviceRef = { readonly name: string; readonly count: number }
export type Command = {
  readonly id: string
  readonly name: string
  readonly count: number
  readonly capability: string
  readonly verb: string
  readonly location: string
  readonly arguments: Readonly<Record<string, unknown>>
  readonly state: CommandState
  readonly reason: string | null
  readonly asked_by: string
  readonly asked_over: string
  readonly created_at: string
  readonly changed_at: string
}
export type Actuators = {
  /** false until the vendor has answered. */
  readonly known: boolean
  readonly actuators: readonly Actuator[]
  /** The owner's own. */
  readonly bounds: OwnBounds
}

export const devicePath = (houseId: number, { name, count }: DeviceRef) =>
  `/api/houses/${houseId}/devices/${name}/count/${count}`
export const commandsKey = (houseId: number, { name, count }: DeviceRef) => ['commands', houseId, name, count]
export const actuatorsKey = (houseId: number, { name, count }: DeviceRef) => ['actuators', houseId, name, count]

export const commands = (houseId: number, device: DeviceRef) =>
  ask<Command[]>(`${devicePath(houseId, device)}/commands?limit=30`)
export const actuators = (houseId: number, device: DeviceRef) =>
  ask<Actuators>(`${devicePath(houseId, device)}/actuators`)
export const command = (
  houseId: number,
  device: DeviceRef,
  wanted: Pick<Command, 'capability' | 'verb' | 'arguments'>,
) => ask<Command>(`${devicePath(houseId, device)}/commands`, 'POST', wanted)
export const setBounds = (houseId: number, device: DeviceRef, bounds: OwnBounds) =>
  ask(devicePath(houseId, device), 'PATCH', { bounds: Object.keys(bounds).length === 0 ? null : bounds })
