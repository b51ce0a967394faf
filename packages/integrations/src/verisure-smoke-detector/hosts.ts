/** Verisure's two hosts, of which one is active: the one that worked last is asked first. */
import { VendorFailure } from '@nabolag/core'
import type { Exchange, Http, HttpOptions } from '../define.ts'
import { type Judgement, judge } from './answers.ts'

export const hosts = ['https://automation01.verisure.com', 'https://automation02.verisure.com'] as const
export type Host = 0 | 1

type Call = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly cookies: Cookies
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: HttpOptions['body']
}

export type Cookies = Readonly<Record<string, string>>

export type Heard = {
  readonly answer: Exchange
  /** The host that answered, and what the answer means. */
  readonly host: Host
  readonly judgement: Judgement
}

/**
 * Asks the host that worked last, and once the other one where the first is not active.
 *
 * @param more judges the answer further, where it is good so far
 * @throws VendorFailure `unreachable` when neither host answers
 */
export async function askHosts(
  http: Http,
  first: Host,
  call: Call,
  {
    now,
    before = 0,
    more,
  }: { readonly now: string; readonly before?: number; readonly more?: (answer: Exchange) => Judgement },
): Promise<Heard> {
  let unheard: unknown
  let heard: Heard | undefined
  for (const host of [first, first === 0 ? 1 : 0] as const) {
    try {
      const answer = await exchange(http, host, call)
      const judgement = judge(answer, now, before) ?? more?.(answer)
      heard = { answer, host, judgement }
      if (!judgement?.elsewhere) return heard
    } catch (error) {
      if (!(error instanceof VendorFailure) || error.kind !== 'unreachable') throw error
      unheard = error
    }
  }
  if (heard) return { ...heard, host: first }
  throw unheard
}

const exchange = (http: Http, host: Host, { method, path, cookies, headers, body }: Call): Promise<Exchange> => {
  const cookie = Object.entries(cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join('; ')
  return http.exchange(method, `${hosts[host]}${path}`, {
    headers: {
      APPLICATION_ID: 'PS_PYTHON',
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(cookie === '' ? {} : { cookie }),
      ...headers,
    },
    body,
  })
}

/** Merges as a browser does: later values win, a deleted one is gone. */
export const mergeCookies = (kept: Cookies, set: Cookies): Cookies =>
  Object.fromEntries(Object.entries({ ...kept, ...set }).filter(([, value]) => value !== ''))

export const pickCookies = (cookies: Cookies, wanted: (name: string) => boolean): Cookies =>
  Object.fromEntries(Object.entries(cookies).filter(([name]) => wanted(name)))

export const isTrust = (name: string) => name.startsWith('vs-trust')
