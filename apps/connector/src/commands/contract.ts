/** What the main thread and an integration's thread say to each other about commands. */
import type { Actuator, OwnBounds } from '@nabolag/core'

/** A command for the thread to carry out; at most one per device at a time. */
export type Order = {
  readonly id: string
  /** The device's id. */
  readonly device: number
  readonly capability: string
  readonly verb: string
  readonly location: string
  readonly arguments: Readonly<Record<string, unknown>>
  /** The owner's, as they were when it was handed over. */
  readonly bounds: OwnBounds
}

/** A command that was sent, and waits for a reading that shows it. */
export type Awaited = Omit<Order, 'bounds'> & {
  /** ms since the epoch. */
  readonly doneAt: number
}

export type CommandToThread =
  | { readonly to: 'command'; readonly order: Order }
  /** It shall not be sent any more, if it was not yet. */
  | { readonly to: 'drop-command'; readonly command: string }
  /** Answers `claim`: it may be sent within so many ms, or not at all. */
  | { readonly to: 'claimed'; readonly command: string; readonly left: number | undefined }
  | { readonly to: 'await'; readonly commands: readonly Awaited[] }

/** What may come of an order. */
export type Outcome = 'applied' | 'sent' | 'refused' | 'failed' | 'expired'

export type CommandFromThread =
  /** It is about to be sent: may it? */
  | { readonly from: 'claim'; readonly command: string }
  /** The end of an order; without a state nothing was sent, and it is nobody's concern here any more. */
  | {
      readonly from: 'command-done'
      readonly command: string
      readonly state: Outcome | undefined
      /** Holds no secret. */
      readonly reason: string | undefined
    }
  | { readonly from: 'confirmed'; readonly command: string }
  | { readonly from: 'unconfirmed'; readonly command: string; readonly reason: string }
  | { readonly from: 'actuators'; readonly id: number; readonly actuators: readonly Actuator[] }

const fromThread = new Set(['claim', 'command-done', 'confirmed', 'unconfirmed', 'actuators'])
export const isCommandFromThread = (message: { readonly from: string }): message is CommandFromThread =>
  fromThread.has(message.from)

const toThread = new Set(['command', 'drop-command', 'claimed', 'await'])
export const isCommandToThread = (message: { readonly to: string }): message is CommandToThread =>
  toThread.has(message.to)
