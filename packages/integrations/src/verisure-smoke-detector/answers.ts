/** What Verisure's answers mean: its words come in any status, and each is judged in the same order. */
import { type FailureKind, VendorFailure } from '@nabolag/core'
import type { Exchange } from '../define.ts'

export type Answer = Pick<Exchange, 'status' | 'text' | 'json' | 'retryAfter'>

/** `elsewhere`: the other of the two hosts may be the one that is active. */
export type Judgement = { readonly failure: VendorFailure; readonly elsewhere: boolean } | undefined

const tooMuch =
  /AUT_00021|ACC_00002|tooManyStepUpTokens|too many step ?up tokens|request limit|rate limit|too many requests|"User '[^"]*' blocked/i

const minute = 60_000
/** Pauses one after another while Verisure goes on to say that it was asked too often. */
const pauses = [5, 15, 30, 60] as const

/**
 * Until when to leave Verisure in peace (ms since the epoch) after it said so `before` times in a row; the first time is
 * left to the host's own pause.
 */
export const pauseUntil = (now: string, before: number): number | undefined =>
  before === 0 ? undefined : Date.parse(now) + minute * (pauses[Math.min(before, pauses.length - 1)] ?? 60)

/**
 * What is wrong with an answer; `undefined` when it can be used. Parts of a batch that failed are judged by `partsOf`.
 *
 * @param now for the length of a pause
 * @param before how often in a row Verisure has said that it was asked too often
 */
export function judge({ status, text, json, retryAfter }: Answer, now: string, before = 0): Judgement {
  if (status === 429 || (tooMuch.test(text) && !isData(json))) {
    const isAboutCodes = /ACC_00002|step ?up/i.test(text)
    const words = isAboutCodes
      ? 'Verisure has sent too many codes to this user; ask for the next one in an hour'
      : 'Verisure says that it was asked too often by this user. Use a user of its own for Nabolag, and no other program with it.'
    const until = retryAfter ?? (isAboutCodes ? Date.parse(now) + 60 * minute : pauseUntil(now, before))
    return { failure: new VendorFailure('throttled', words, until), elsewhere: false }
  }
  if (status >= 500 || (text.includes('SYS_00004') && !isData(json)))
    return {
      failure: new VendorFailure(
        'unreachable',
        status === 504 ? 'Verisure is under maintenance' : `Verisure is not available just now (${status})`,
      ),
      elsewhere: true,
    }
  const code = recordOf(json).errorCode
  if (status === 401 || status === 403 || code === 'AUT_00001' || code === 'AUT_00003' || code === 'AUT_00011')
    return here('refused', refusalOf(code, status))
  if (status >= 300 || typeof code === 'string') return here('changed', `Verisure answered ${status}${wordsOf(json)}`)
  return undefined
}

const refusalOf = (code: unknown, status: number): string => {
  if (code === 'AUT_00001') return 'Verisure does not know this user name and password'
  return status === 403 ? 'Verisure does not let this user see it' : 'Verisure does not know this session (any more)'
}

/** A good answer may hold any words in the names that owners give. */
const isData = (json: unknown): boolean =>
  partList(json).every((part) => recordOf(part).data !== undefined && recordOf(part).errors === undefined)

/** The answers of a batch in order; with one operation the answer is a bare object. */
export const partList = (json: unknown): readonly unknown[] => (Array.isArray(json) ? json : [json])

/**
 * The parts of a batch that can be used, or the failure when none can. One that failed is no reason to lose the others.
 * @param count how many operations were asked
 */
export function partsOf(answer: Answer, count: number, now: string): { parts: readonly unknown[]; failure: Judgement } {
  // A batch that fails as a whole may be answered with one object.
  const whole = Array.isArray(answer.json) ? undefined : failureOfPart(answer.json, now)
  if (whole) return { parts: [], failure: whole }
  const all = partList(answer.json)
  if (
    answer.json === undefined ||
    all.length !== count ||
    all.some((part) => typeof part !== 'object' || part === null)
  )
    return { parts: [], failure: here('changed', "Verisure's answer has another shape than it had") }
  const judged = all.map((part) => ({ part, failure: failureOfPart(part, now) }))
  const isGood = judged.some(({ failure }) => failure === undefined)
  return {
    parts: judged.map(({ part, failure }) => (failure ? undefined : part)),
    failure: isGood ? undefined : (judged.find(({ failure }) => failure?.elsewhere) ?? judged[0])?.failure,
  }
}

const here = (kind: FailureKind, message: string) => ({ failure: new VendorFailure(kind, message), elsewhere: false })

/** GraphQL errors come in a 200 and hold the status they would have had. */
function failureOfPart(part: unknown, now: string): Judgement {
  const { errors, data } = recordOf(part)
  if (!Array.isArray(errors) || errors.length === 0) return undefined
  if (Object.values(recordOf(data)).some((value) => value !== null)) return undefined
  const inner = recordOf(recordOf(errors[0]).data)
  const status = typeof inner.status === 'number' ? inner.status : 0
  const text = JSON.stringify(errors)
  const judged = judge({ status, text, json: inner, retryAfter: undefined }, now)
  if (judged) return judged
  const words = recordOf(errors[0]).message
  return here('changed', `Verisure says: ${String(words ?? 'an error without words').slice(0, 200)}`)
}

const wordsOf = (json: unknown): string => {
  const { errorCode, errorMessage } = recordOf(json)
  const words = [errorCode, errorMessage].filter((word) => typeof word === 'string').join(', ')
  return words === '' ? '' : `: ${words.slice(0, 160)}`
}

export const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
