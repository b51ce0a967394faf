/**
 * Rooms, control loops, and what controllers leave behind, as they go in and out of the store. Times are ms since the
 * epoch. What only `@nabolag/control` understands (comfort, settings, memory, plans, receipts) is JSON here; whoever hands
 * it in has checked it.
 */
import type { Actuator, CapabilityName } from '@nabolag/core'
import type { Command, CommandStep } from './command-types.ts'

type Json = Readonly<Record<string, unknown>>

export const controlModes = ['observe', 'advise', 'control'] as const
export type ControlMode = (typeof controlModes)[number]

/** A place of a device of the house; `location` is empty where it measures at one place only. */
export type ControlPlace = { readonly device: string; readonly count: number; readonly location: string }

export type Room = {
  readonly id: number
  readonly houseId: number
  readonly name: string
  /** m² */
  readonly area: number | undefined
  readonly comfort: Json
  /** What heats it: `{pump?: {…}, resistance?: kW}`. */
  readonly heating: Json | undefined
  /** Thermometers, the one that control acts on first. `group` is the measurement group of the device. */
  readonly sensors: readonly (ControlPlace & { readonly group: string })[]
  /** The actuator that heats it, where one is mapped; its loop. */
  readonly loop: number | undefined
}

export type RoomChange = {
  readonly name?: string
  readonly area?: number | null
  readonly comfort?: Json
  readonly heating?: Json | null
  /** In the place of those before; `group` is the device's when absent. @throws `no-such-device`; `bad-request` for one that is in another room */
  readonly sensors?: readonly (ControlPlace & { readonly group?: string })[]
}

export type Loop = {
  readonly id: number
  readonly houseId: number
  readonly kind: 'heating' | 'ventilation' | 'battery'
  /** A heating loop's. */
  readonly room: number | undefined
  readonly actuator: ControlPlace & {
    readonly capability: CapabilityName
    /** As the vendor's last answer showed it, the owner's bounds narrowed in; absent while nobody knows. */
    readonly verbs: Actuator['verbs'] | undefined
  }
  readonly mode: ControlMode
  readonly pausedUntil: number | undefined
  readonly controller: string
  /** By the name of the control, so that each keeps its own while another runs. */
  readonly settings: Readonly<Record<string, Json>>
  readonly limits: Json
}

export type NewLoop = {
  readonly kind: Loop['kind']
  readonly room?: number
  readonly actuator: ControlPlace & { readonly capability: CapabilityName }
  /** `observe` when absent. */
  readonly mode?: ControlMode
  readonly controller: string
  readonly settings?: Readonly<Record<string, Json>>
  readonly limits?: Json
}

export type LoopChange = {
  readonly mode?: ControlMode
  /** ms; null ends a pause. */
  readonly pausedUntil?: number | null
  readonly controller?: string
  /** By the name of the control; those of others stay as they are. */
  readonly settings?: Readonly<Record<string, Json>>
  /** In the place of those before. */
  readonly limits?: Json
}

/** Of the whole house: `{area?, built?, cap?, fuse?, battery?, exportPrice?, experiment?}`, checked by the caller. */
export type HouseFacts = Json

export type HouseControl = {
  readonly facts: HouseFacts
  /** `undefined`: none given. */
  readonly prices: Json | undefined
  readonly rooms: readonly Room[]
  readonly loops: readonly Loop[]
  /** The newest accepted model by room's id. */
  readonly models: Readonly<Record<number, RoomModel>>
}

/** A power cap that several houses keep together, kW; named by an operator. */
export type SharedCap = { readonly name: string; readonly cap: number; readonly houses: readonly number[] }

/** What a house must know to keep its part: the newest plans of the others, absent for one that has none. */
export type SharedShare = {
  readonly name: string
  readonly cap: number
  readonly others: readonly { readonly house: number; readonly plan?: Json }[]
  /** Another one when the cap, who keeps it, or the newest plan of another house is another: see `TurnResult.within`. */
  readonly mark: string
}

/** For operators only. */
export type SharedCaps = {
  sharedCaps(): Promise<SharedCap[]>
  /** Makes or changes the cap of that name; its houses take the place of those before. @throws `no-such-house` */
  setSharedCap(name: string, change: { readonly cap: number; readonly houses: readonly number[] }): Promise<SharedCap>
  /** @throws `no-such-shared-cap` */
  removeSharedCap(name: string): Promise<void>
}

/** One attempt to learn what a room is like. */
export type RoomModel = {
  readonly room: number
  readonly madeAt: number
  readonly outcome: 'accepted' | 'rejected' | 'not-enough-data'
  readonly because: string
  readonly model: Json | undefined
}

export type StoredReceipt = {
  readonly id: number
  readonly loop: number
  /** ms */
  readonly at: number
  readonly receipt: Json
  /** The commands it sent, with what has come of them since. */
  readonly commands: readonly {
    readonly id: string
    readonly verb: string
    readonly state: string
    readonly reason: string | undefined
  }[]
}

/** The turns of a loop on one local day that went by one control in one mode, as far as their receipts are kept. */
export type ControlledDay = {
  /** Local, `2026-01-31`. */
  readonly date: string
  readonly loop: number
  /** As the receipts have them. */
  readonly mode: string
  readonly control: string
  readonly turns: number
  /** Of these, how many sent something. */
  readonly sent: number
}

export type StoredPlan = { readonly madeAt: number; readonly plan: Json }

/** The part of the tenant that is about control. Reading needs to see the house, changing to live there. */
export type ControlTenant = SharedCaps & {
  rooms(houseId: number): Promise<Room[]>
  /** @throws `no-such-room` */
  room(houseId: number, roomId: number): Promise<Room>
  /** @throws `conflict` for a name that is taken */
  addRoom(houseId: number, room: RoomChange & { readonly name: string; readonly comfort: Json }): Promise<Room>
  changeRoom(houseId: number, roomId: number, change: RoomChange | ((before: Room) => RoomChange)): Promise<Room>
  /** With its loop. */
  removeRoom(houseId: number, roomId: number): Promise<void>
  control(houseId: number): Promise<HouseControl>
  /** @throws `conflict` where the actuator, or the room, has a loop already */
  addLoop(houseId: number, loop: NewLoop): Promise<Loop>
  /** Holds at once: the house is due now. Nothing comes between a function's `before` and its change. @throws `no-such-loop` */
  changeLoop(houseId: number, loopId: number, change: LoopChange | ((before: Loop) => LoopChange)): Promise<Loop>
  removeLoop(houseId: number, loopId: number): Promise<void>
  /** Pauses every loop until then, or (null) ends the pause. */
  pauseControl(houseId: number, until: number | null): Promise<Loop[]>
  setHouseFacts(houseId: number, facts: HouseFacts): Promise<HouseFacts>
  setPriceSettings(houseId: number, settings: Json): Promise<void>
  /** Newest first. `sent` only those that sent something. */
  receipts(
    houseId: number,
    which?: {
      readonly loop?: number
      readonly from?: number
      readonly to?: number
      readonly sent?: boolean
      readonly limit?: number
      /** Id of a receipt: only older ones. */
      readonly before?: number
    },
  ): Promise<StoredReceipt[]>
  /** Which control did what on which day, ms, without the receipts themselves. */
  controlledDays(houseId: number, from: number, to: number): Promise<ControlledDay[]>
  /** The plan that holds (the newest at or before `at`). */
  plan(houseId: number, at?: number): Promise<StoredPlan | undefined>
  /** Newest first, of a room or of all. */
  models(houseId: number, room?: number): Promise<RoomModel[]>
  /** As the controllers left it; `undefined` before the first turn. */
  controlMemory(houseId: number): Promise<
    | {
        readonly at: number
        readonly memory: Json
        /** When the next turn is due, ms. */
        readonly next: number | undefined
      }
    | undefined
  >
}

/** A house that this controller has for a moment, and the fence by which the store knows it. */
export type Claim = {
  readonly houseId: number
  readonly fence: number
  /** ms, when the turn was due. */
  readonly due: number
}

export type ClaimedHouse = {
  /** Absent for a house under no shared cap. */
  readonly shared?: SharedShare
  readonly id: number
  readonly name: string
  readonly timezone: string
  readonly latitude: number | undefined
  readonly longitude: number | undefined
  readonly control: HouseControl
  readonly memory: { readonly at: number; readonly memory: Json } | undefined
  /** Commands of the last day that its loops sent, newest first, with what came of them. */
  readonly commands: readonly (Pick<
    Command,
    'id' | 'integration' | 'count' | 'location' | 'capability' | 'verb' | 'arguments' | 'state' | 'reason' | 'createdAt'
  > & { readonly history: readonly CommandStep[] })[]
}

export type TurnResult = {
  readonly memory: Json
  /**
   * Commands are checked against the device as the tenant's are; what is refused is kept as a refused command. So are those
   * of a loop that is not in `control` any more, or paused meanwhile (unless the receipt's `outcome` is `safety`).
   * Receipts of loops that are gone are left out, and one that is too long to keep leaves its `sentence`.
   */
  readonly receipts: readonly {
    readonly loop: number
    readonly at: number
    readonly receipt: Json
    readonly commands: readonly {
      readonly capability: CapabilityName
      readonly verb: string
      readonly arguments: Json
      readonly validSeconds: number
    }[]
  }[]
  readonly plan?: StoredPlan
  /** The `mark` of the share that the plan was made within, '' for a house that was under no cap; absent: not looked at. */
  readonly within?: string
  /** When the next turn is due, ms. */
  readonly next: number
}

/** The part of the fleet that controllers use. */
export type ControlFleet = {
  /**
   * Houses with at least one loop whose turn is due, the longest waiting first; each is the caller's alone until
   * `seconds` have passed by the database's clock. Many controllers may ask at once; none gets what another has.
   * @param farthest s; due or claimed for longer is due now: it was so by a clock that went back. A day when absent
   */
  claimTurns(
    controller: { readonly id: string; readonly address?: string },
    limit: number,
    seconds: number,
    farthest?: number,
  ): Promise<Claim[]>
  claimedHouse(claim: Claim): Promise<ClaimedHouse | undefined>
  /**
   * Memory, receipts, commands, plan and the next due time in one transaction, if the claim still holds; otherwise
   * nothing at all (`undefined`). The caller wakes the connectors for those of `commands` that are `accepted`, over the
   * bus. `next` holds unless something of the house changed since the claim: then the next turn is due at once.
   * @throws ShareChanged, with nothing kept, when the plan was made `within` a share that has changed meanwhile
   */
  saveTurn(
    claim: Claim,
    result: TurnResult,
  ): Promise<{ readonly commands: readonly Command[]; readonly superseded: readonly Command[] } | undefined>
  /** Receipts of turns that were taken elsewhere, such as in the made past of a demo; those of no loop of the house are left out. */
  addReceipts(
    houseId: number,
    receipts: readonly { readonly loop: number; readonly at: number; readonly receipt: Json }[],
  ): Promise<void>
  /** Gives it back undone, due again at `next`. */
  releaseTurn(claim: Claim, next: number): Promise<void>
  /** Rooms of claimed houses whose model was last tried before that time, the longest waiting first; claimed likewise. */
  claimFits(
    controller: { readonly id: string },
    before: number,
    limit: number,
    seconds: number,
  ): Promise<{ readonly houseId: number; readonly room: number; readonly fence: number }[]>
  /** The house of a room whose model is to be learnt. */
  controlledHouse(houseId: number): Promise<Omit<ClaimedHouse, 'memory' | 'commands'> | undefined>
  saveModel(
    claim: { readonly houseId: number; readonly room: number; readonly fence: number },
    model: Omit<RoomModel, 'room'>,
  ): Promise<boolean>
  controllers(): Promise<{ id: string; address: string | undefined; beat: number; houses: number }[]>
  /** The database's clock, ms: what `due` and `next` are counted by. */
  databaseTime(): Promise<number>
  /** Receipts of turns that sent nothing after 14 days, the others after 400; plans after 60 days; refused models after 400. */
  forgetControl(): Promise<void>
}
