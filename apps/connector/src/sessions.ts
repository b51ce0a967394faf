/**
 * The sessions of an integration's accounts: loaded once, opened before the first call, renewed when they are old or
 * refused, one at a time per account, and kept whenever they change. All devices of an account share one.
 */
import { createHash } from 'node:crypto'
import { VendorFailure } from '@nabolag/core'
import { millis, type Opened } from '@nabolag/integrations/define'
import { type Static, Type } from 'typebox'
import { Check } from 'typebox/value'
import type { LoadedSignIn } from './loaded.ts'
import type { Credentials } from './messages.ts'

const KeptSession = Type.Object({
  session: Type.Unknown(),
  /** Of the credentials it was opened with: who only knows the account's name gets nothing of its session. */
  of: Type.String(),
  /** When it was opened, ms since the epoch. */
  openedAt: Type.Number(),
  /** Since when it is as it is. */
  savedAt: Type.Number(),
  /** ms. */
  lasts: Type.Optional(Type.Number()),
})
/** A session as it is stored. */
export type KeptSession = Static<typeof KeptSession>

/** Under which name the session of an account is stored; `scope` as the budgets know it. */
export const sessionName = (scope: string, integration: string): string => `${scope}/${integration}`

/** What `signIn.open` or `signIn.code.answer` gave, as it is stored. @throws VendorFailure `changed` when it does not fit */
export function toKept(signIn: LoadedSignIn, of: string, opened: Opened<unknown>, now: number): KeptSession {
  const { session, lasts } = opened ?? {}
  if (!signIn.fits(session)) throw misfit()
  return { session, of, openedAt: now, savedAt: now, ...(lasts === undefined ? {} : { lasts: millis(lasts) }) }
}

const misfit = () =>
  new VendorFailure('changed', 'The integration failed: the session it opened is not as it describes it')

/** What is stored, if it is a session of this integration, opened with these credentials. */
export const readKept = (signIn: LoadedSignIn, of: string, kept: unknown): KeptSession | undefined =>
  Check(KeptSession, kept) && kept.of === of && signIn.fits(kept.session) ? kept : undefined

/** The `of` of credentials. */
export const fingerprintOf = (credentials: Credentials): string => {
  const sorted = Object.entries(credentials).sort(([one], [other]) => (one < other ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(sorted)).digest('base64url')
}

/** Who needs a session: one device's run, or one command. */
export type SessionUser = {
  readonly scope: string
  /** The fingerprint of its credentials. */
  readonly of: string
  readonly device: number
  /** Opens it, on this user's budget and time; `worn` is what is to be renewed. */
  readonly open: (worn: unknown) => Promise<Opened<unknown>>
  /** Told of each session before it is used, so that its values are held for secrets. */
  readonly onSession: (session: unknown) => void
  /** Called right before the integration goes on. */
  readonly resume: () => void
  /** Waits for what somebody else does; that wait does not count as this user's time. */
  readonly patiently: <T>(answer: Promise<T>) => Promise<T>
  readonly signal: AbortSignal
}

export type Sessions = {
  /**
   * Makes a call with the account's session. One that is `refused` is repeated once with a renewed session; and again
   * when `proven` says that the renewed one had worked meanwhile (a stream that was open for days).
   */
  use<T>(
    user: SessionUser,
    call: (session: unknown, keep: (session: unknown) => void) => Promise<T>,
    proven?: () => boolean,
  ): Promise<T>
  /** What is stored may have been changed by somebody else: it is looked at again before the next use. */
  reread(scope: string): void
  forget(scope: string): void
}

export type SessionsGiven = {
  readonly signIn: LoadedSignIn
  /** What is stored for the account; the device is noted as one that uses it. Rejects when it cannot be known. */
  readonly load: (scope: string, device: number) => Promise<unknown>
  /** Resolves when it is kept, or cannot be in time; never rejects. */
  readonly save: (scope: string, device: number, kept: KeptSession) => Promise<void>
}

type Account = {
  kept: KeptSession | undefined
  /** Refused: it is good for a renewal only. */
  worn: boolean
  loaded: boolean
  /** What signing in came to: it is not tried again for each device of the account. */
  refusal: { readonly failure: VendorFailure; readonly until: number } | undefined
  opening: { readonly done: Promise<KeptSession>; readonly signal: AbortSignal } | undefined
}

/** A session that is renewed on time is renewed so much before its end, ms. */
const margin = 1000
/** ms; a device that is started by hand is tried at once all the same. */
const refusalHolds = 10 * 60_000

const isRefusal = (error: unknown): error is VendorFailure => error instanceof VendorFailure && error.kind === 'refused'

/** Rejects when the signal aborts first. */
const within = async <T>(signal: AbortSignal, work: Promise<T>): Promise<T> => {
  let stop = () => {}
  const ended = new Promise<never>((_, reject) => {
    stop = () => reject(new VendorFailure('unreachable', 'It was ended meanwhile'))
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([work, ended])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

export function makeSessions({ signIn, load, save }: SessionsGiven): Sessions {
  const accounts = new Map<string, Account>()
  const accountOf = ({ scope, of }: SessionUser): Account => {
    const key = `${scope} ${of}`
    const known = accounts.get(key)
    if (known) return known
    const fresh: Account = { kept: undefined, worn: false, loaded: false, refusal: undefined, opening: undefined }
    accounts.set(key, fresh)
    return fresh
  }

  /** Takes over what is stored, unless what is at hand is younger. */
  const look = async (account: Account, user: SessionUser) => {
    const stored = readKept(signIn, user.of, await load(user.scope, user.device))
    account.loaded = true
    if (!stored || (account.kept && account.kept.savedAt >= stored.savedAt)) return
    account.kept = stored
    account.worn = false
  }

  const isUsable = ({ kept, worn }: Account): KeptSession | undefined => {
    if (!kept || worn) return undefined
    const { openedAt, lasts } = kept
    return lasts === undefined || Date.now() < openedAt + Math.max(lasts / 2, lasts - margin) ? kept : undefined
  }

  const open = async (account: Account, user: SessionUser): Promise<KeptSession> => {
    if (!account.loaded || account.worn) await look(account, user)
    const usable = isUsable(account)
    if (usable) return usable
    if (account.refusal && account.refusal.until > Date.now()) throw account.refusal.failure
    const before = account.kept
    const worn = before?.session
    if (worn !== undefined) user.onSession(worn)
    const opened = await user
      .open(worn)
      .catch((error: unknown) => {
        if (worn === undefined || !isRefusal(error)) throw error
        return user.open(undefined)
      })
      .catch((error: unknown) => {
        if (isRefusal(error)) account.refusal = { failure: error, until: Date.now() + refusalHolds }
        throw error
      })
    // Given up meanwhile, and another was faster.
    if (account.kept && account.kept !== before) return account.kept
    const kept = toKept(signIn, user.of, opened, Date.now())
    account.kept = kept
    account.worn = false
    account.refusal = undefined
    // Before it is used: what replaced a rotated token must not be lost by a crash.
    await save(user.scope, user.device, kept)
    return kept
  }

  /** The account's session, opened by one of those who want it. */
  const get = async (user: SessionUser): Promise<KeptSession> => {
    const account = accountOf(user)
    for (;;) {
      const usable = account.loaded ? isUsable(account) : undefined
      if (usable && !account.opening) return usable
      let opening = account.opening
      const mine = !opening
      if (!opening) {
        // With the run it ends for all, whatever the integration goes on to wait for.
        const done = within(user.signal, open(account, user)).finally(() => {
          account.opening = undefined
        })
        opening = { done, signal: user.signal }
        account.opening = opening
      }
      try {
        return await (mine ? opening.done : user.patiently(opening.done))
      } catch (error) {
        // Whoever opened it for both was stopped: then this one opens it itself.
        if (mine || !opening.signal.aborted || user.signal.aborted) throw error
      }
    }
  }

  return {
    async use(user, call, proven = () => false) {
      let kept = await get(user)
      for (let renewed = false; ; ) {
        const account = accountOf(user)
        let mine = kept
        user.onSession(mine.session)
        user.resume()
        const keep = (session: unknown) => {
          if (!signIn.fits(session)) throw misfit()
          // Of a call that goes on beside a renewal, the renewal counts.
          if (account.kept !== mine) return
          mine = { ...mine, session, savedAt: Math.max(Date.now(), mine.savedAt + 1) }
          account.kept = mine
          user.onSession(session)
          void save(user.scope, user.device, mine)
        }
        try {
          return await call(mine.session, keep)
        } catch (error) {
          if (!isRefusal(error) || user.signal.aborted || (renewed && !proven())) throw error
          // Unless another device of the account has renewed it in the meantime.
          if (account.kept === mine) account.worn = true
          renewed = true
          kept = await get(user)
        }
      }
    },
    reread(scope) {
      for (const [key, account] of accounts) {
        if (!key.startsWith(`${scope} `)) continue
        account.loaded = false
        account.refusal = undefined
      }
    },
    forget(scope) {
      for (const key of accounts.keys()) if (key.startsWith(`${scope} `)) accounts.delete(key)
    },
  }
}
