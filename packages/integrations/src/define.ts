/**
 * What an integration is: data and pure functions. It is handed what it needs (`http` or `link`, credentials, the
 * session, the time) and nothing else: no clock, no timer, no log, no environment. The host (apps/connector) owns
 * those, and everything that can go wrong. An integration handles no failure: it throws, or lets `http` throw, one of
 * the kinds of `VendorFailure`.
 */
import type { Actuator, ArgumentsOf, CapabilityName, FieldValue, GroupName, VerbName } from '@nabolag/core'
import type { Static, TObject, TSchema } from 'typebox'
import type { Duration, Http, Link } from './link.ts'

export * from './link.ts'

/** One point in time of one place; a field that was not measured is `undefined`, never zero. */
export type Reading = {
  /** ISO 8601; without a zone it is UTC. */
  readonly time: string
  /** Forecasts: when it was issued. */
  readonly issued?: string
  /** Room or place, as the owner named it at the vendor. */
  readonly location?: string
  /**
   * The vendor's own lasting id of the thing that measures there. With it the host keeps the history together: the
   * location under which a place was first logged stays, whatever it is called later; two places of one name are told
   * apart; and one that vanishes is noticed.
   */
  readonly place?: string
  /** Where it is not the integration's: a vendor's account may hold more than one kind of thing. */
  readonly group?: GroupName
  readonly tags?: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, FieldValue | undefined>>
}

/** What every call of an integration is handed. `Session` is `undefined` where the integration has no `signIn`. */
export type Given<Credentials extends TObject, Session = unknown> = {
  readonly http: Http
  readonly credentials: Static<Credentials>
  readonly session: Session
  /** Replaces the kept session, where a call changed it (rotated tokens, another host). */
  readonly keep: (session: Session) => void
  /** The time, ISO 8601 in UTC. */
  readonly now: string
  /**
   * Time of the newest sample that the host knows of this device (of issue for a forecast), over restarts; ISO 8601 in
   * UTC, `undefined` before the first. So that an integration can ask for what was missed.
   */
  readonly since?: string | undefined
}

/** A session as the host keeps it: sealed in the store, one per account, over restarts. Plain JSON. */
export type Opened<Session> = {
  readonly session: Session
  /** Renewed when it is so old; without it only when a call is `refused`. */
  readonly lasts?: Duration
}

export type SignIn<Credentials extends TObject, Session extends TSchema> = {
  /** What is kept; one that does not fit (any more) is opened anew. Plain JSON. */
  readonly session: Session
  /**
   * Opens or renews the session: `worn` is the one to be renewed, `undefined` at the first time and after a renewal was
   * `refused`. One at a time per account. The host calls it before the first call, when the session is old, and once
   * after a call was `refused`; then it repeats that call once. What it throws counts as the call's own failure.
   */
  readonly open: (
    given: Omit<Given<Credentials>, 'session' | 'keep'> & { readonly worn: Static<Session> | undefined },
  ) => Promise<Opened<Static<Session>>>
  /** Where a person must type a code once. `open` throws `refused` as long as that was not done. */
  readonly code?: {
    readonly channels: readonly ('sms' | 'email')[]
    /** Makes the vendor send a code; what it returns is kept (sealed, 15 minutes) for `answer`. Plain JSON. */
    readonly ask: (
      given: Omit<Given<Credentials>, 'session' | 'keep'> & { readonly channel: 'sms' | 'email' },
    ) => Promise<unknown>
    readonly answer: (
      given: Omit<Given<Credentials>, 'session' | 'keep'> & { readonly asked: unknown; readonly code: string },
    ) => Promise<Opened<Static<Session>>>
  }
}

/** What a command is handed besides: the newest good answer, and a link for vendors that are spoken to over one. */
export type CommandGiven<
  Credentials extends TObject,
  Status extends TSchema,
  Session extends TSchema = TSchema,
> = Given<Credentials, Static<Session>> & {
  readonly link: Link
  /** `undefined` until the first answer of this run. */
  readonly status: Static<Status> | undefined
  /** `place` of the actuator that is meant. */
  readonly place: string | undefined
}

/**
 * Carries out a command that is within bounds. `applied`: the vendor says that it is done; `sent`: the vendor took it
 * and says no more. What cannot be done is thrown: `rejected` with the vendor's words for this command, any other kind
 * as for a fetch.
 */
export type Commands<Credentials extends TObject, Status extends TSchema, Session extends TSchema = TSchema> = {
  readonly [C in CapabilityName]?: {
    readonly [V in VerbName<C>]?: (
      given: CommandGiven<Credentials, Status, Session>,
      args: Omit<ArgumentsOf<C, V>, 'location'>,
    ) => Promise<'applied' | 'sent'>
  }
}

/** An actuator as an integration finds it; the host puts the location in. */
export type FoundActuator = Omit<Actuator, 'location'> & {
  readonly location?: string
  /** As in the readings. */
  readonly place?: string
}

type Common<Credentials extends TObject, Status extends TSchema, Session extends TSchema> = {
  /** Lower case with dashes; unique; the name of its folder, topic and row in `/api/devices`. */
  readonly name: string
  /** What a person calls it. */
  readonly label: string
  /** One name per cloud: what shares limits and incidents (`tibber`, `sensibo`, `met`). */
  readonly vendor: string
  readonly group: GroupName
  /** The vendor's base address; overridable per vendor. */
  readonly base: string
  /** Further origins of the vendor that `http` may ask (with whole addresses); overridden together with `base`. */
  readonly also?: readonly string[]
  /** The form, the check and the docs of what the owner types. Secrets are marked `secret: true`. */
  readonly credentials: Credentials
  /** Only what we read of an answer; anything else in it is ignored. An answer that does not fit is `changed`. */
  readonly status: Status
  readonly samples: (status: Static<Status>, credentials: Static<Credentials>) => readonly Reading[]
  readonly signIn?: SignIn<Credentials, Session>
  /** What can be commanded, as an answer shows it. Goes with `commands`. */
  readonly actuators?: (status: Static<Status>, credentials: Static<Credentials>) => readonly FoundActuator[]
  readonly commands?: Commands<Credentials, Status, Session>
  /** How long after a command a reading can be expected to show it; the host asks again then. 10 s when absent. */
  readonly settles?: Duration
  /**
   * What identifies identifies the vendor's account among the credentials; limits are kept per account, over houses and restarts.
   * Without it every device is an account of its own.
   */
  readonly account?: (credentials: Static<Credentials>) => string
  readonly limits?: {
    /** Calls per window, per account. */
    readonly calls?: { readonly count: number; readonly per: Duration }
    /** Calls per window of all accounts together, where the vendor counts by our address or for the whole program. */
    readonly callsTogether?: { readonly count: number; readonly per: Duration }
    /** Streams open at once, per account. */
    readonly streams?: number
    /** Pause after `throttled` without a time of its own. */
    readonly pause?: Duration
    /** Random wait before any re-connect or first retry, at least and at most. */
    readonly reconnect?: readonly [Duration, Duration]
  }
  /** Whether a house may have several (`allow_multiple`); one account usually holds them all, so mostly false. */
  readonly several?: boolean
}

export type Polled<Credentials extends TObject, Status extends TSchema, Session extends TSchema = TSchema> = Common<
  Credentials,
  Status,
  Session
> & {
  readonly sampling: {
    readonly every: Duration
    /** Without a new sample for so long the device is stale; three times `every` when absent. */
    readonly staleAfter?: Duration
    /**
     * When to ask next (ISO 8601), where that is not simply `every` later: quotas, days, publication times. Pure.
     * `status` is the newest good answer. The host adds jitter, limits and waits after failures.
     */
    readonly next?: (given: {
      readonly now: string
      readonly credentials: Static<Credentials>
      readonly status: Static<Status> | undefined
    }) => string
  }
  readonly fetch: (given: Given<Credentials, Static<Session>>) => Promise<unknown>
}

export type Pushed<Credentials extends TObject, Status extends TSchema, Session extends TSchema = TSchema> = Common<
  Credentials,
  Status,
  Session
> & {
  readonly sampling: {
    /** How often the vendor usually sends. */
    readonly every: Duration
    /** Silence after which the stream is dropped and opened again. */
    readonly staleAfter: Duration
  }
  /** Listens until `signal` aborts or the vendor ends it; hands every answer to `onStatus`. Never re-connects itself. */
  readonly listen: (
    given: Omit<Given<Credentials, Static<Session>>, 'http'> & { readonly link: Link },
    onStatus: (answer: unknown) => void,
    signal: AbortSignal,
  ) => Promise<void>
}

export type Integration<
  Credentials extends TObject = TObject,
  Status extends TSchema = TSchema,
  Session extends TSchema = TSchema,
> = Polled<Credentials, Status, Session> | Pushed<Credentials, Status, Session>

/** An integration whose schemas are not known to the one who holds it: what the list is made of. */
export type AnyIntegration = Omit<
  Common<TObject, TSchema, TSchema>,
  'samples' | 'account' | 'signIn' | 'actuators' | 'commands'
> & {
  readonly sampling: {
    readonly every: Duration
    readonly staleAfter?: Duration
    readonly next?: (given: never) => string
  }
  readonly samples: (status: never, credentials: never) => readonly Reading[]
  readonly account?: (credentials: never) => string
  readonly signIn?: {
    readonly session: TSchema
    readonly open: (given: never) => Promise<Opened<unknown>>
    readonly code?: {
      readonly channels: readonly ('sms' | 'email')[]
      readonly ask: (given: never) => Promise<unknown>
      readonly answer: (given: never) => Promise<Opened<unknown>>
    }
  }
  readonly actuators?: (status: never, credentials: never) => readonly FoundActuator[]
  readonly commands?: Readonly<
    Partial<
      Record<
        CapabilityName,
        Readonly<Record<string, ((given: never, args: never) => Promise<'applied' | 'sent'>) | undefined>>
      >
    >
  >
  readonly fetch?: (given: never) => Promise<unknown>
  readonly listen?: (given: never, onStatus: (answer: unknown) => void, signal: AbortSignal) => Promise<void>
}

/** Gives the literal its types; nothing else happens here. */
export const defineIntegration = <
  Credentials extends TObject,
  Status extends TSchema,
  Session extends TSchema = TSchema,
>(
  integration: Integration<Credentials, Status, Session>,
): Integration<Credentials, Status, Session> => integration
