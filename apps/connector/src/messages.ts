/** What the main thread and an integration's thread say to each other. */
import type { CommandFromThread, CommandToThread } from './commands/contract.ts'
import type { Course } from './course.ts'
import type { Place } from './places.ts'

export type Credentials = Readonly<Record<string, unknown>>

/** A device as its thread gets it. */
export type Seed = {
  readonly id: number
  readonly houseId: number
  readonly count: number
  readonly credentials: Credentials
  /** What it carries from before; none for one that starts afresh. */
  readonly course: Course | undefined
  /** What is known of the places it measures at; see `places.ts`. */
  readonly places: unknown
}

export type ThreadSettings = {
  readonly name: string
  /** Specifier of the module that holds the integration. */
  readonly module: string
  /** Other base addresses, by integration or vendor: `NABOLAG_VENDOR_URLS`. */
  readonly vendorUrls: Readonly<Record<string, string>>
  readonly userAgent: string
  /** Scales waits after failures and limits of silence in tests. */
  readonly tempo: number
  /** For one call of a vendor, ms. */
  readonly callTimeout: number
  /** For one whole fetch, waits for the budget aside, ms. */
  readonly runTimeout: number
  readonly shared: SharedArrayBuffer
}

export type CallLimit = { readonly count: number; readonly per: number }

export type ToThread =
  | CommandToThread
  | { readonly to: 'add'; readonly seeds: readonly Seed[] }
  | { readonly to: 'remove'; readonly ids: readonly number[] }
  /** Answers `ask`: go on, or the vendor wants to be left alone until then. */
  | { readonly to: 'permit'; readonly ask: number; readonly until: number | undefined }
  /** About `ask` too: its turn is about then. */
  | {
      readonly to: 'wait'
      readonly ask: number
      readonly until: number
      readonly limit: CallLimit
      readonly together: boolean
    }
  /** Answers `recall`. */
  | { readonly to: 'recalled'; readonly ask: number; readonly kept: unknown }
  /** Answers `recall-session`; with `error` it cannot be known. */
  | { readonly to: 'session'; readonly ask: number; readonly kept: unknown; readonly error?: string }
  /** Answers `keep-session`. */
  | { readonly to: 'session-kept'; readonly ask: number }
  /** The way out is full: no new polls for now. */
  | { readonly to: 'hold'; readonly on: boolean }
  /** What was asked of `loopDelay`. */
  | { readonly to: 'measure' }
  | { readonly to: 'close' }

export type Outcome = {
  readonly id: number
  readonly course: Course
  /** Whether it was a try of its own (and not news of a stream that goes on). */
  readonly tried: boolean
}

export type Line = { readonly id: number; readonly level: 'info' | 'warn'; readonly message: string }

export type FromThread =
  | CommandFromThread
  | { readonly from: 'ready'; readonly vendor: string; readonly group: string }
  | { readonly from: 'cannot-start'; readonly message: string }
  | {
      readonly from: 'news'
      readonly outcomes: readonly Outcome[]
      readonly samples: readonly {
        readonly id: number
        readonly samples: number
        readonly payloads: readonly string[]
      }[]
      readonly places: readonly { readonly id: number; readonly places: readonly Place[] }[]
      /** For the owner's log. */
      readonly lines: readonly Line[]
      readonly polls: number
    }
  | {
      readonly from: 'ask'
      readonly ask: number
      readonly scope: string
      readonly limit: CallLimit | undefined
      readonly together: CallLimit | undefined
      /** Whether it goes before those that wait already. */
      readonly first: boolean
    }
  /** Whoever asked does not wait any more. */
  | { readonly from: 'withdraw'; readonly ask: number }
  /** What was kept under that name, and what is to be kept under it. */
  | { readonly from: 'recall'; readonly ask: number; readonly name: string }
  | { readonly from: 'keep'; readonly name: string; readonly kept: unknown }
  /** The session of an account, for a device of it. */
  | { readonly from: 'recall-session'; readonly ask: number; readonly name: string; readonly device: number }
  | {
      readonly from: 'keep-session'
      readonly ask: number
      readonly name: string
      readonly device: number
      readonly kept: unknown
    }
  | { readonly from: 'pause'; readonly scope: string; readonly until: number }
  | { readonly from: 'fault'; readonly id: number | undefined; readonly message: string }
  | { readonly from: 'measured'; readonly loopDelayP99: number; readonly late: readonly number[] }

/** Places in the shared array of 32-bit integers. */
export const place = {
  /** The device whose code runs, or ran last since the last beat; 0 is none. */
  device: 0,
  beats: 1,
  /** MiB. */
  heap: 2,
  external: 3,
  /** The device whose runs have let memory grow most, and by how many MiB. */
  grower: 4,
  growth: 5,
} as const
export const places = 8
