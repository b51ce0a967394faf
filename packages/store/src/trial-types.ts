/**
 * Trials: what a connector does once, for somebody who waits: testing credentials, and the two steps of a sign-in with a
 * code. Credentials and what the vendor handed out lie sealed; neither leaves the store but to the connector.
 */
import type { FailureKind } from '@nabolag/core'
import type { Credentials, IntegrationRef } from './types.ts'

export const channels = ['sms', 'email'] as const
export type Channel = (typeof channels)[number]

/** Whose credentials: typed ones, or (with `count`) those of a device that the house has. */
type Subject = {
  readonly houseId: number
  readonly integration: IntegrationRef
  readonly count?: number
  /** Checked by the caller against the integration's schema. */
  readonly credentials?: Credentials
  /** As in `NewDevice`. */
  readonly accountHash?: string
}

export type TrialRequest =
  | (Subject & { readonly kind: 'test' })
  /** Makes the vendor send a code. */
  | (Subject & { readonly kind: 'ask'; readonly channel: Channel })
  /** Hands in the code that was asked for. */
  | ({ readonly kind: 'answer'; readonly code: string } & Pick<Subject, 'houseId' | 'integration' | 'count'>)
export type TrialKind = TrialRequest['kind']

/** `message` holds no secret; `until` (ms) goes with `throttled` where the vendor gave a time. */
export type TrialFailure = {
  readonly ok: false
  readonly kind: FailureKind
  readonly message: string
  readonly until?: number
}
/** `channel`: with `ask`, the way the code went. */
export type TrialOutcome =
  | TrialFailure
  | {
      readonly ok: true
      readonly samples: number
      readonly fields: readonly string[]
      readonly places: readonly string[]
      /** With `ask`: the way the code went. */
      readonly channel?: Channel
    }

/** A code that is waited for. */
export type PendingSignIn = { readonly channel: Channel; readonly expires: number }

export type TrialsOfTenant = {
  /**
   * Leaves a trial for a connector. `bad-request`: no code is waited for; `too-many-requests` (with `retry_after` in
   * seconds): a code a minute and five a day for an account, thirty tests an hour for a house and ten for an account.
   */
  beginTrial(request: TrialRequest): Promise<{ readonly id: string }>
  /** What came of it, once: it is deleted with that. `waiting` until a connector has begun, `running` until it is done. */
  trialOutcome(id: string): Promise<TrialOutcome | 'waiting' | 'running' | 'gone'>
  /** Nobody waits for it any more. */
  dropTrial(id: string): Promise<void>
  /** The code that is waited for; `undefined` when none is, or no more. */
  pendingSignIn(houseId: number, integration: IntegrationRef, count?: number): Promise<PendingSignIn | undefined>
}

/** A trial as the connector gets it. */
export type TrialJob = {
  readonly id: string
  readonly kind: TrialKind
  readonly integration: string
  readonly houseId: number
  /** The device whose credentials these are; `undefined` for typed ones. */
  readonly deviceId: number | undefined
  readonly accountHash: string | undefined
  readonly credentials: Credentials | undefined
  /** Why there are no credentials. */
  readonly error: string | undefined
  readonly channel: Channel
  /** With `answer`. */
  readonly code: string
  readonly asked: unknown
  /** When nobody waits any more, ms. */
  readonly deadline: number
}

export type TrialsOfFleet = {
  /** The next one that is this connector's to carry out: its shards' at once, others' when they have waited for 3 s. */
  claimTrial(connectorId: string): Promise<TrialJob | undefined>
  /** `asked`: what the vendor answered to `ask`; it is kept sealed for 15 minutes, for `answer`. */
  finishTrial(job: TrialJob, outcome: TrialOutcome, asked?: unknown): Promise<void>
  /** Drops what nobody waits for any more. */
  sweepTrials(): Promise<void>
}
