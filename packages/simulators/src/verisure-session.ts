/** Verisure's log-in, simulated: cookies, codes that are sent, and clients that are trusted. */
import { Buffer } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import type { Question, Reply } from './server.ts'

export type SignInGiven = {
  readonly now: () => number
  readonly knows: (username: string, password: string) => boolean
  /** Whether that user must type a code where the client is not trusted. */
  readonly hasTwoFactors: (username: string) => boolean
  readonly quirk: (name: 'trust-revoked' | 'password-doubted' | 'too-many-codes', user: string) => boolean
}

/** A code that was "sent". */
export type SentCode = { readonly user: string; readonly channel: string; readonly code: string; readonly at: string }

export type VerisureSignIn = {
  /** Whose session the cookies are; `undefined` for a dead one or none. */
  userOf(question: Question): string | undefined
  /** Who asks, session or not. */
  asking(question: Question): string | undefined
  answer(question: Question): Reply | undefined
  readonly sent: readonly SentCode[]
  /** Log-ins with a password so far, by user. */
  readonly logIns: ReadonlyMap<string, number>
  end(what: 'access' | 'all'): void
}

const accessSeconds = 900
const refreshSeconds = 63_071_999
/** What is sent to everybody: a demo must be able to answer. */
export const simulatedCode = '123456'

export const verisureError = (
  status: number,
  errorCode: string,
  errorMessage: string,
  errorGroup = 'UNAUTHORIZED',
): Reply => ({
  status,
  body: { errorGroup, errorCode, errorMessage },
})
const wrongPassword = verisureError(401, 'AUT_00001', 'Username/password does not match any valid login')
export const noSession = verisureError(401, 'AUT_00003', 'No username/password provided')
const deadSession = verisureError(401, 'AUT_00011', 'Invalid session cookie')

const cookie = (name: string, value: string, path = '/') =>
  `${name}=${value}; Version=1; Path=${path}; Domain=verisure.com; Secure;`

export function makeVerisureSignIn({ now, knows, hasTwoFactors, quirk }: SignInGiven): VerisureSignIn {
  const access = new Map<string, { readonly user: string; readonly vid: string; readonly until: number }>()
  const refresh = new Map<string, { readonly user: string; readonly vid: string }>()
  const stepUps = new Map<string, { readonly user: string; code: string | undefined }>()
  const trusted = new Map<string, string>()
  const sent: SentCode[] = []
  const logIns = new Map<string, number>()

  const cookiesOf = ({ headers }: Question): ReadonlyMap<string, string> =>
    new Map(
      (headers.cookie ?? '')
        .split(';')
        .map((pair) => pair.trim().split('=') as [string, string])
        .filter(([name]) => name !== ''),
    )
  const basicOf = ({ headers }: Question): readonly [string, string] | undefined => {
    const encoded = /^Basic (.+)$/.exec(headers.authorization ?? '')?.[1]
    if (encoded === undefined) return undefined
    const text = Buffer.from(encoded, 'base64').toString('utf8')
    const at = text.indexOf(':')
    return [text.slice(0, at).toLowerCase(), text.slice(at + 1)]
  }
  const userOf = (question: Question) => {
    const cookies = cookiesOf(question)
    const found = access.get(cookies.get('vs-access') ?? '')
    return found && found.until > now() && found.vid === cookies.get('vid') ? found.user : undefined
  }

  function signedIn(user: string, withBody: boolean): Reply {
    const [vid, newAccess, newRefresh] = [randomUUID(), `sim-a-${randomUUID()}`, `sim-r-${randomUUID()}`]
    access.set(newAccess, { user, vid, until: now() + 1000 * accessSeconds })
    refresh.set(newRefresh, { user, vid })
    return {
      status: 200,
      headers: {
        'set-cookie': [
          cookie('vid', vid),
          cookie('vs-access', newAccess),
          cookie('vs-refresh', newRefresh, '/auth'),
          'vs-stepup=; Max-Age=0; Path=/',
        ],
      },
      body: withBody
        ? {
            accessToken: newAccess,
            accessTokenMaxAgeSeconds: accessSeconds,
            refreshToken: newRefresh,
            refreshTokenMaxAgeSeconds: refreshSeconds,
          }
        : '',
    }
  }

  function logIn(question: Question): Reply {
    const basic = basicOf(question)
    if (!basic) return noSession
    const [user, password] = basic
    logIns.set(user, (logIns.get(user) ?? 0) + 1)
    if (!knows(user, password) || quirk('password-doubted', user)) return wrongPassword
    const isTrusted = [...cookiesOf(question).values()].some((value) => trusted.get(value) === user)
    if (!hasTwoFactors(user) || (isTrusted && !quirk('trust-revoked', user))) return signedIn(user, true)
    const token = `sim-s-${randomUUID()}`
    stepUps.set(token, { user, code: undefined })
    return { status: 200, headers: { 'set-cookie': cookie('vs-stepup', token) }, body: { stepUpToken: token } }
  }

  function sendCode(question: Question): Reply {
    const step = stepUps.get(cookiesOf(question).get('vs-stepup') ?? '')
    const channel = question.query.get('type') ?? ''
    if (!step) return deadSession
    if (channel !== 'phone' && channel !== 'email')
      return verisureError(400, 'VAL_00001', 'Unknown type', 'BAD_REQUEST')
    const lately = sent.filter(({ user, at }) => user === step.user && Date.parse(at) > now() - 3_600_000)
    if (lately.length >= 5 || quirk('too-many-codes', step.user))
      return verisureError(401, 'ACC_00002', 'Too many step up tokens sent')
    step.code = simulatedCode
    sent.unshift({ user: step.user, channel, code: simulatedCode, at: new Date(now()).toISOString() })
    sent.length = Math.min(sent.length, 50)
    return { status: 200, body: '' }
  }

  return {
    sent,
    logIns,
    userOf,
    asking: (question) =>
      userOf(question) ??
      basicOf(question)?.[0] ??
      refresh.get(cookiesOf(question).get('vs-refresh') ?? '')?.user ??
      stepUps.get(cookiesOf(question).get('vs-stepup') ?? '')?.user,
    answer: (question) => {
      const { method, path, body, headers } = question
      if (method === 'POST' && path === '/auth/login') return logIn(question)
      if (method === 'POST' && path === '/auth/mfa') return sendCode(question)
      if (method === 'POST' && path === '/auth/mfa/validate') {
        const token = cookiesOf(question).get('vs-stepup') ?? ''
        const step = stepUps.get(token)
        const typed = (body as { token?: unknown } | undefined)?.token
        if (!step || step.code === undefined || typed !== step.code)
          return verisureError(400, 'AUT_00017', 'Invalid code', 'BAD_REQUEST')
        stepUps.delete(token)
        return signedIn(step.user, false)
      }
      if (method === 'POST' && path === '/auth/trust') {
        const user = userOf(question)
        if (!headers['user-agent']) return verisureError(500, 'XBN_00001', 'Internal error', 'INTERNAL_SERVER_ERROR')
        if (user === undefined) return deadSession
        const value = `sim-t-${randomUUID()}`
        trusted.set(value, user)
        const name = `vs-trust-${value.slice(6, 14)}`
        return {
          status: 200,
          headers: { 'set-cookie': `${name}=${value}; Max-Age=31536000; Path=/; Domain=verisure.com; Secure;` },
          body: { trustTokenValue: value },
        }
      }
      if (method === 'GET' && path === '/auth/token') {
        const cookies = cookiesOf(question)
        const key = cookies.get('vs-refresh') ?? ''
        const found = refresh.get(key)
        if (!found || found.vid !== cookies.get('vid')) return deadSession
        refresh.delete(key)
        return signedIn(found.user, true)
      }
      if (method === 'DELETE' && path === '/auth/logout') return { status: 204, body: '' }
      return undefined
    },
    end: (what) => {
      access.clear()
      if (what === 'all') refresh.clear()
    },
  }
}
