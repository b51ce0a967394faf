/** What the main thread and the thread of one trial say to each other. */
import type { Credentials, TrialJob, TrialOutcome } from '@nabolag/store'
import type { CallLimit } from '../messages.ts'

export type TrialThreadSettings = Pick<TrialJob, 'kind' | 'integration' | 'deviceId' | 'channel' | 'code' | 'asked'> & {
  readonly credentials: Credentials
  /** Specifier of the module that holds the integration. */
  readonly module: string
  readonly vendorUrls: Readonly<Record<string, string>>
  readonly contact: string
  /** ms, for all that the vendor is asked. */
  readonly timeout: number
  readonly shared: SharedArrayBuffer
}

export type ToTrial =
  /** Answers `ask`: go on, or the vendor wants to be left alone until then. */
  | { readonly to: 'permit'; readonly ask: number; readonly until: number | undefined }
  /** Answers `recall`. */
  | { readonly to: 'session'; readonly kept: unknown }

export type FromTrial =
  | {
      readonly from: 'ask'
      readonly ask: number
      readonly scope: string
      readonly limit: CallLimit | undefined
      readonly together: CallLimit | undefined
    }
  | { readonly from: 'recall'; readonly name: string }
  | {
      readonly from: 'done'
      readonly outcome: TrialOutcome
      /** What the vendor answered when it was asked for a code. */
      readonly asked?: unknown
      readonly keep?: { readonly name: string; readonly session: unknown }
      readonly pause?: { readonly scope: string; readonly until: number }
    }
