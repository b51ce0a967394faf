/**
 * Signing in at Verisure: a session of cookies, and where the user has two-factor log-in a code that a person types
 * once. The cookie that says that this client is trusted is what makes it run unattended afterwards.
 */
import { VendorFailure } from '@nabolag/core'
import { type Static, Type } from 'typebox'
import { Check } from 'typebox/value'
import type { Exchange, Http, Opened, SignIn } from '../define.ts'
import { recordOf } from './answers.ts'
import { askHosts, type Cookies, type Heard, type Host, isTrust, mergeCookies, pickCookies } from './hosts.ts'

export const Credentials = Type.Object({
  username: Type.String({
    title: 'User name',
    description: 'The e-mail address of a user at mypages.verisure.com; best one of its own for this',
    minLength: 1,
  }),
  password: Type.String({ title: 'Password', description: 'The same as there', secret: true, minLength: 1 }),
})
export type Credentials = Static<typeof Credentials>

const HostNumber = Type.Union([Type.Literal(0), Type.Literal(1)])
const CookieJar = Type.Record(Type.String(), Type.String())

export const Session = Type.Object({
  host: HostNumber,
  cookies: CookieJar,
  /** Installations that were seen. */
  giids: Type.Array(Type.String()),
  /** How often in a row Verisure has said that it was asked too often. */
  throttled: Type.Integer({ minimum: 0 }),
  /**
   * Why this session must not be used, and since when: a code is wanted, the password was not known once (which
   * happens in the middle of a good session), or a second time.
   */
  hold: Type.Optional(
    Type.Object({
      why: Type.Union([Type.Literal('code'), Type.Literal('doubt'), Type.Literal('password')]),
      since: Type.String(),
    }),
  ),
})
export type Session = Static<typeof Session>

type Call = { readonly http: Http; readonly credentials: Credentials; readonly now: string }

const needsCode =
  'Verisure wants a code: this user has two-factor log-in. Ask for one by SMS or e-mail with the log-in step of this device, and type it there.'
const wrongPassword = 'Verisure does not know this user name and password. Type them again.'

/** What a session that must not be used stands for; `undefined` where it may be. */
export function holdFailure({ hold }: Session): VendorFailure | undefined {
  if (hold === undefined) return undefined
  if (hold.why === 'doubt')
    return new VendorFailure(
      'unreachable',
      'Verisure did not know the password just now, which happens; it is tried once more',
    )
  return new VendorFailure('refused', hold.why === 'code' ? needsCode : wrongPassword)
}

/**
 * Renews by the refresh cookie, else logs in: with the trust cookie where there is one. A session that was good is never
 * thrown away: what stands in its way is kept beside it (`hold`), so that no log-in is tried twice in a row.
 */
export const open: SignIn<typeof Credentials, typeof Session>['open'] = async (given) => {
  const { worn, now } = given
  if (!worn) {
    const heard = await logIn(given, 0, {})
    if (heard.judgement) throw asPassword(heard)
    if (wantsCode(heard.answer)) throw new VendorFailure('refused', needsCode)
    return opened(heard, { host: 0, cookies: {}, giids: [], throttled: 0 })
  }
  // Asked again at once, because the held session was refused: nothing can have changed.
  if (worn.hold && worn.hold.why !== 'doubt' && Date.parse(now) - Date.parse(worn.hold.since) < 400)
    return { session: worn }
  const { hold, ...good } = worn
  const renewed = hold ? undefined : await renew(given, good)
  if (renewed && 'session' in renewed) return renewed
  const heard = await logIn(given, good.host, pickCookies(good.cookies, isTrust), good.throttled)
  if (heard.judgement?.failure.kind === 'refused') {
    const isSecond = hold?.why === 'doubt' || hold?.why === 'password' || renewed?.saidPassword === true
    const held = { ...good, hold: { why: isSecond ? ('password' as const) : ('doubt' as const), since: now } }
    return isSecond ? { session: held } : { session: held, lasts: '10 min' }
  }
  if (heard.judgement) throw heard.judgement.failure
  if (wantsCode(heard.answer)) return { session: { ...good, hold: { why: 'code', since: now } } }
  return opened(heard, good)
}

/** The renewed session, or whether it was the password that was not known: the refresh cookie is not good any more. */
async function renew(
  { http, now }: Call,
  worn: Session,
): Promise<Opened<Session> | { readonly saidPassword: boolean }> {
  const cookies = pickCookies(worn.cookies, (name) => name === 'vid' || name === 'vs-refresh')
  if (cookies['vs-refresh'] === undefined) return { saidPassword: false }
  const call = { method: 'GET', path: '/auth/token', cookies } as const
  const heard = await askHosts(http, worn.host, call, { now, before: worn.throttled })
  const { kind } = heard.judgement?.failure ?? {}
  if (kind === 'throttled' || kind === 'unreachable') throw heard.judgement!.failure
  if (heard.judgement || heard.answer.cookies['vs-access'] === undefined)
    return { saidPassword: recordOf(heard.answer.json).errorCode === 'AUT_00001' }
  return opened(heard, worn)
}

const logIn = ({ http, credentials, now }: Call, host: Host, cookies: Cookies, before = 0): Promise<Heard> => {
  const basic = btoa(
    String.fromCharCode(...new TextEncoder().encode(`${credentials.username}:${credentials.password}`)),
  )
  return askHosts(
    http,
    host,
    { method: 'POST', path: '/auth/login', cookies, headers: { authorization: `Basic ${basic}` }, body: {} },
    { now, before },
  )
}

const wantsCode = ({ json, cookies }: Exchange): boolean =>
  typeof recordOf(json).stepUpToken === 'string' ||
  (cookies['vs-access'] === undefined && cookies['vs-stepup'] !== undefined && cookies['vs-stepup'] !== '')

const asPassword = ({ judgement }: Heard): VendorFailure =>
  judgement!.failure.kind === 'refused' ? new VendorFailure('refused', wrongPassword) : judgement!.failure

/** The session cookie lives 15 minutes; it is renewed when a question comes after 10. */
function opened({ answer, host }: Heard, before: Session): Opened<Session> {
  const cookies = mergeCookies(before.cookies, answer.cookies)
  if (cookies['vs-access'] === undefined)
    throw new VendorFailure('changed', "Verisure's log-in gave no session; its ways have changed")
  const lives = Number(recordOf(answer.json).accessTokenMaxAgeSeconds ?? 900)
  const seconds = Number.isFinite(lives) && lives > 0 ? Math.max(60, Math.min(600, Math.round((lives * 2) / 3))) : 600
  return { session: { ...before, host, cookies: withoutStepUp(cookies) }, lasts: `${seconds} s` }
}

const withoutStepUp = (cookies: Cookies): Record<string, string> => ({
  ...pickCookies(cookies, (name) => name !== 'vs-stepup'),
})

const Asked = Type.Object({ host: HostNumber, cookies: CookieJar })

export const code: NonNullable<SignIn<typeof Credentials, typeof Session>['code']> = {
  channels: ['sms', 'email'],

  // One log-in per code: each sends a new step-up token, and too many of them lock the user out.
  ask: async (given) => {
    const { http, channel, now } = given
    const heard = await logIn(given, 0, {})
    if (heard.judgement) throw asPassword(heard)
    const { host } = heard
    const cookies = mergeCookies({}, heard.answer.cookies)
    if (!wantsCode(heard.answer)) return { host, cookies }
    const path = `/auth/mfa?type=${channel === 'sms' ? 'phone' : 'email'}`
    const sent = await askHosts(http, host, { method: 'POST', path, cookies, body: {} }, { now })
    if (sent.judgement) throw sent.judgement.failure
    return { host: sent.host, cookies: mergeCookies(cookies, sent.answer.cookies) }
  },

  answer: async ({ http, asked, code: typed, now }) => {
    if (!Check(Asked, asked)) throw new VendorFailure('refused', 'Ask Verisure for a new code first')
    const start: Session = { host: asked.host, cookies: asked.cookies, giids: [], throttled: 0 }
    // The user has no two-factor log-in after all, and is signed in already.
    const signedIn = start.cookies['vs-access'] !== undefined
    const valid = signedIn ? undefined : await validate(http, start, typed.replaceAll(/\s/g, ''), now)
    const session = valid?.session ?? start
    const heard = await askHosts(
      http,
      session.host,
      { method: 'POST', path: '/auth/trust', cookies: session.cookies, body: {} },
      { now },
    )
    // Without trust it runs until the session ends, and then asks for a code again.
    if (heard.judgement) return { session, lasts: valid?.lasts ?? '600 s' }
    return {
      session: { ...session, cookies: { ...mergeCookies(session.cookies, heard.answer.cookies) } },
      lasts: valid?.lasts ?? '600 s',
    }
  },
}

async function validate(http: Http, { host, cookies, ...rest }: Session, token: string, now: string) {
  const call = { method: 'POST', path: '/auth/mfa/validate', cookies, body: { token } } as const
  const heard = await askHosts(http, host, call, { now })
  const failure = heard.judgement?.failure
  if (failure && (failure.kind === 'refused' || failure.kind === 'changed'))
    throw new VendorFailure(
      'refused',
      'Verisure did not take the code. Ask for a new one and type it within a few minutes.',
    )
  if (failure) throw failure
  return opened(heard, { host, cookies, ...rest })
}
