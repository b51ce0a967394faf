/**
 * What an integration is: data and pure functions. It is handed `http` (or `link`) and `credentials` and nothing
 * else: no clock, no timer, no log, no environment. The host (apps/connector) owns those, and everything that can
 * go wrong. An integration handles no failure: it throws, or lets `http` throw, one of the kinds of `VendorFailure`.
 */
import type { FieldValue, GroupName, VendorFailure } from '@nabolag/core'
import type { Static, TObject, TSchema } from 'typebox'

/** A duration as people write it: `90 s`, `1 min`, `6 h`. */
export type Duration = `${number} s` | `${number} min` | `${number} h`

export type HttpOptions = {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  /** Sent as `Authorization: Bearer …`. */
  readonly bearer?: string
  readonly headers?: Readonly<Record<string, string>>
  /** JSON-encoded unless it is a string. */
  readonly body?: unknown
  /**
   * What the vendor's own words for a failure mean. Asked for every answer, 2xx too, before the general rule by
   * status; `undefined` leaves it to that rule. `body` is the parsed JSON, or the text where it is not JSON.
   */
  readonly failureOf?: (answer: { readonly status: number; readonly body: unknown }) => VendorFailure | undefined
}

/**
 * HTTP as the host gives it: time-outs, `Expires` and `If-Modified-Since`, `Retry-After`, budgets, gzip, User-Agent and
 * redaction are its business. Paths are relative to the vendor's base address, so that a simulator can stand in.
 * Resolves with the parsed JSON body of a 2xx answer; everything else is thrown as a `VendorFailure`: what `failureOf`
 * says, or else 401/403 `refused`, 428/429 `throttled`, 5xx and no answer `unreachable`, 400/404/422 and a body that is
 * not JSON `changed`. An empty path is the base address itself.
 */
export type Http = {
  get(path: string, options?: HttpOptions): Promise<unknown>
  post(path: string, options?: HttpOptions): Promise<unknown>
  put(path: string, options?: HttpOptions): Promise<unknown>
  patch(path: string, options?: HttpOptions): Promise<unknown>
  delete(path: string, options?: HttpOptions): Promise<unknown>
}

/** What a pushing vendor's integration gets: HTTP besides a stream, whose re-connecting is the host's business. */
export type Link = {
  readonly http: Http
  /**
   * GraphQL over WebSocket (`graphql-transport-ws`): yields the `data` of each `next`; ends when the server completes;
   * throws a `VendorFailure` for errors in a `next`, an `error` frame, and close codes.
   */
  graphql(subscription: {
    readonly url: string
    readonly init: Readonly<Record<string, unknown>>
    readonly query: string
    readonly variables?: Readonly<Record<string, unknown>>
  }): AsyncIterable<unknown>
}

/** One point in time of one place; a field that was not measured is `undefined`, never zero. */
export type Reading = {
  /** ISO 8601; without a zone it is UTC. */
  readonly time: string
  /** Forecasts: when it was issued. */
  readonly issued?: string
  /** Room or place, as the owner named it at the vendor. */
  readonly location?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, FieldValue | undefined>>
}

type Common<Credentials extends TObject, Status extends TSchema> = {
  /** Lower case with dashes; unique; the name of its folder, topic and row in `/api/devices`. */
  readonly name: string
  /** What a person calls it. */
  readonly label: string
  /** One name per cloud: what shares limits and incidents (`tibber`, `sensibo`, `met`). */
  readonly vendor: string
  readonly group: GroupName
  /** The vendor's base address; overridable per vendor. */
  readonly base: string
  /** The form, the check and the docs of what the owner types. Secrets are marked `secret: true`. */
  readonly credentials: Credentials
  /** Only what we read of an answer; anything else in it is ignored. An answer that does not fit is `changed`. */
  readonly status: Status
  readonly samples: (status: Static<Status>, credentials: Static<Credentials>) => readonly Reading[]
  /**
   * What identifies the vendor's account among the credentials; limits are kept per account, over houses and restarts.
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

export type Polled<Credentials extends TObject, Status extends TSchema> = Common<Credentials, Status> & {
  readonly sampling: {
    readonly every: Duration
    /** Without a new sample for so long the device is stale; three times `every` when absent. */
    readonly staleAfter?: Duration
  }
  readonly fetch: (given: { http: Http; credentials: Static<Credentials> }) => Promise<unknown>
}

export type Pushed<Credentials extends TObject, Status extends TSchema> = Common<Credentials, Status> & {
  readonly sampling: {
    /** How often the vendor usually sends. */
    readonly every: Duration
    /** Silence after which the stream is dropped and opened again. */
    readonly staleAfter: Duration
  }
  /** Listens until `signal` aborts or the vendor ends it; hands every answer to `onStatus`. Never re-connects itself. */
  readonly listen: (
    given: { link: Link; credentials: Static<Credentials> },
    onStatus: (answer: unknown) => void,
    signal: AbortSignal,
  ) => Promise<void>
}

export type Integration<Credentials extends TObject = TObject, Status extends TSchema = TSchema> =
  | Polled<Credentials, Status>
  | Pushed<Credentials, Status>

/** An integration whose schemas are not known to the one who holds it: what the list is made of. */
export type AnyIntegration = Omit<Common<TObject, TSchema>, 'samples' | 'account'> & {
  readonly sampling: { readonly every: Duration; readonly staleAfter?: Duration }
  readonly samples: (status: never, credentials: never) => readonly Reading[]
  readonly account?: (credentials: never) => string
  readonly fetch?: (given: never) => Promise<unknown>
  readonly listen?: (given: never, onStatus: (answer: unknown) => void, signal: AbortSignal) => Promise<void>
}

/** Gives the literal its types; nothing else happens here. */
export const defineIntegration = <Credentials extends TObject, Status extends TSchema>(
  integration: Integration<Credentials, Status>,
): Integration<Credentials, Status> => integration

const seconds = { s: 1, min: 60, h: 3600 } as const

/** A written duration in milliseconds. */
export const millis = (duration: Duration): number => {
  const [amount, unit] = duration.split(' ') as [string, keyof typeof seconds]
  return Number(amount) * seconds[unit] * 1000
}
