/** Commands as they go in and out of the store. Times are ms since the epoch. */
import type { Actuator, Commandable, CommandComplaint, CommandState, GivenCommand, OwnBounds } from '@nabolag/core'
import type { IntegrationRef } from './types.ts'

export type CommandStep = { readonly state: CommandState; readonly time: number; readonly reason: string | null }

export type Command = {
  readonly id: string
  readonly houseId: number
  readonly integration: string
  readonly count: number
  readonly capability: string
  readonly verb: string
  /** Which actuator; empty where the device has only one without a name. */
  readonly location: string
  readonly arguments: Readonly<Record<string, unknown>>
  readonly state: CommandState
  readonly reason: string | undefined
  /** A user's name, a program's account at the broker, or `controller`. */
  readonly askedBy: string
  readonly askedOver: 'api' | 'bus' | 'controller'
  /** The id that the asker gave it. */
  readonly requestId: string | undefined
  readonly createdAt: number
  readonly validUntil: number
  /** When it went out. */
  readonly sentAt: number | undefined
  /** When the vendor had answered. */
  readonly doneAt: number | undefined
  readonly changedAt: number
  /** Every state it was in, oldest first. */
  readonly history: readonly CommandStep[]
}

/** A new command, and those that were waiting for the same thing and have lost their place to it. */
export type AddedCommand = { readonly command: Command; readonly superseded: readonly Command[] }

/** How long a command may be carried out: seconds from now, or until then (ms). */
export type Validity = { readonly seconds: number } | { readonly until: number }

/** A command of a device that a connector holds. */
export type OpenCommand = Command & {
  readonly deviceId: number
  readonly shard: number
  readonly actuators: readonly Actuator[] | undefined
  readonly bounds: OwnBounds
}

/** The part of the tenant that is about commands. */
export type CommandTenant = {
  /** What can be commanded, as the vendor's last answer showed it, and the owner's own bounds. */
  commandable(houseId: number, integration: IntegrationRef, count: number): Promise<Commandable>
  /** Limits that the owner sets, in the place of those before. @throws `bad-request` for what is no such thing */
  setBounds(houseId: number, integration: IntegrationRef, count: number, bounds: unknown): Promise<OwnBounds>
  /**
   * Checks a command and keeps it; the caller tells the connectors over the bus. It takes the place of one that waits to
   * do the same thing.
   *
   * @throws `bad-request`, `out-of-bounds` (with `argument`, `value`, `allowed`), `not-allowed` for who may not control
   */
  addCommand(
    houseId: number,
    integration: IntegrationRef,
    count: number,
    given: GivenCommand,
    validity: Validity,
  ): Promise<AddedCommand>
  /** Newest first, of a house or of one device; `before` is the id of a command. */
  commands(
    houseId: number,
    which?: {
      readonly integration?: IntegrationRef
      readonly count?: number
      readonly limit?: number
      readonly before?: string
    },
  ): Promise<Command[]>
  /** @throws `no-such-command` */
  command(houseId: number, integration: IntegrationRef, count: number, id: string): Promise<Command>
}

/** A command that came over the bus. */
export type BusCommand = {
  readonly houseId: number
  readonly integration: string
  readonly count: number
  /** The broker's account that published it. */
  readonly account: string
  readonly requestId: string | undefined
  /** Of the payload: the same one without an id, soon after, is the same command delivered twice. */
  readonly digest: string
  readonly given: GivenCommand
  readonly validity: Validity
  /** What is wrong with its form, where something is. */
  readonly malformed?: string
}

/** The part of the fleet that is about commands. */
export type CommandFleet = {
  /**
   * Keeps what a program published: accepted, or refused with its reason. `again` is one that was delivered before;
   * `nowhere` concerns no device that the account may command, and is not kept.
   */
  takeCommand(
    command: BusCommand,
  ): Promise<
    | ({ readonly outcome: 'new' | 'again' } & AddedCommand)
    | { readonly outcome: 'nowhere'; readonly complaint: CommandComplaint }
  >
  /**
   * What there is to do for the devices of these shards: `changed` are those that are too old now, and those that were
   * on their way when their connector ended; `waiting` in the order in which they came.
   *
   * @param flying ids of commands that this connector is carrying out
   */
  openCommands(
    shards: readonly number[],
    flying: readonly string[],
  ): Promise<{ readonly changed: readonly Command[]; readonly waiting: readonly OpenCommand[] }>
  /**
   * Makes it `sent`, in the moment before it is sent, if it still may be: one caller gets it, once.
   *
   * @param check asked with the newest bounds; what it complains of makes the command `refused`
   * @returns `go` with the ms that are left, or the command as it is when it may not be sent
   */
  claimCommand(
    id: string,
    connector: string,
    check: (command: Command, commandable: Commandable) => string | undefined,
  ): Promise<
    | { readonly go: true; readonly command: Command; readonly left: number }
    | { readonly go: false; readonly command: Command | undefined; readonly changed: boolean }
  >
  /** What came of it. `undefined` when that was settled already. */
  finishCommand(
    id: string,
    outcome: { readonly state: 'applied' | 'sent' | 'refused' | 'failed' | 'expired'; readonly reason?: string },
  ): Promise<Command | undefined>
  /** A reading shows it. */
  confirmCommand(id: string): Promise<Command | undefined>
  /** No reading has shown it; it is not waited for any more. */
  giveUpCommand(id: string, reason: string): Promise<Command | undefined>
  /** Those of these devices that wait for a reading to show them. */
  awaitingCommands(deviceIds: readonly number[]): Promise<OpenCommand[]>
  /** Drops what is older than 400 days. */
  forgetCommands(): Promise<void>
}
