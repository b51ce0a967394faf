/** What the host hands an integration to speak with: HTTP, and streams whose re-connecting is the host's business. */
import type { VendorFailure } from '@nabolag/core'

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
   * GET only: an answer to the same question that is no older than this serves, whichever device asked it, and over
   * restarts; so do its failures, for two seconds at most. For what is the same for everybody (prices of an area) where the
   * vendor sends no `Expires`.
   */
  readonly share?: Duration
  /**
   * How long the vendor may take for this call, where that is longer than usual (30 s): for commands that it answers
   * once they are carried out. 5 min at most.
   */
  readonly patience?: Duration
  /** Sent so much later, 10 s at most: where a vendor that is busy wants a moment before it is asked once more. */
  readonly after?: Duration
  /** Sent form-encoded (`application/x-www-form-urlencoded`), instead of `body`. */
  readonly form?: Readonly<Record<string, string>>
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
  /**
   * One call as it is, for log-ins with cookies, redirects and web pages: the answer whatever its status, never cached,
   * no redirect followed. Throws only `unreachable` (no answer) and what `failureOf` says; 429 and 5xx are for the
   * caller to judge, with `retryAfter` (ms since the epoch) at hand.
   */
  exchange(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, options?: HttpOptions): Promise<Exchange>
}

export type Exchange = {
  readonly status: number
  /** The `location` header, resolved against the address asked. */
  readonly location: string | undefined
  /** Cookies that were set: name to value; a deleted one is `''`. */
  readonly cookies: Readonly<Record<string, string>>
  /** When the vendor wants to be asked again, ms since the epoch. */
  readonly retryAfter: number | undefined
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** The parsed JSON, or `undefined` where it is none. */
  readonly json: unknown
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
  /**
   * The same with several subscriptions over one socket, for vendors that count sockets. Each answer comes with the
   * number of its subscription, counted from 0. What ends one subscription alone (errors in its `next`, `error`,
   * `complete`) comes as its `failure` and leaves the others; when none is left, or the socket closes, it throws.
   */
  graphqlTogether(connection: {
    readonly url: string
    readonly init: Readonly<Record<string, unknown>>
    readonly subscriptions: readonly {
      readonly query: string
      readonly variables?: Readonly<Record<string, unknown>>
    }[]
  }): AsyncIterable<GraphqlNews>
  /**
   * MQTT (3.1.1, clean session, a client id of its own). Resolves when all `subscribe` are granted; a refused CONNACK or
   * SUBACK is `refused`, a broken connection `unreachable`; both end the iteration by throwing.
   */
  mqtt(connection: MqttConnection): Promise<MqttLink>
}

export type GraphqlNews = { readonly nth: number } & (
  | { readonly data: unknown; readonly failure?: undefined }
  | { readonly data?: undefined; readonly failure: VendorFailure }
)

export type MqttConnection = {
  /** `mqtts://…`; replaced by the vendor's overridden address where there is one. */
  readonly url: string
  readonly username: string
  readonly password: string
  /** A further root certificate (PEM) that the vendor's own authority signs its brokers with; the check stays on. */
  readonly ca?: string
  readonly subscribe: readonly string[]
  /** Sent once everything is subscribed. */
  readonly hello?: readonly MqttMessage[]
  /** Sent again and again, first one `every` after `hello`. */
  readonly beat?: { readonly every: Duration; readonly messages: readonly MqttMessage[] }
  /** Messages are handed over together at this pace (1 s when absent), so that a burst costs one turn. */
  readonly gather?: Duration
}
/** `payload` is text; an empty one is `''`. */
export type MqttMessage = { readonly topic: string; readonly payload: string }
export type MqttLink = {
  /** What came since the last time, in order, never empty, with the time (ISO 8601, UTC) it was handed over. */
  readonly batches: AsyncIterable<{ readonly at: string; readonly messages: readonly MqttMessage[] }>
  publish(message: MqttMessage): Promise<void>
  close(): Promise<void>
}

const seconds = { s: 1, min: 60, h: 3600 } as const

/** A written duration in milliseconds. */
export const millis = (duration: Duration): number => {
  const [amount, unit] = duration.split(' ') as [string, keyof typeof seconds]
  return Number(amount) * seconds[unit] * 1000
}
