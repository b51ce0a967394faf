/**
 * Signing in at Systemair: a Keycloak page whose form is filled in here (there is no other way), then tokens that are
 * renewed with a refresh token that changes every time.
 */
import { VendorFailure } from '@nabolag/core'
import { type Static, Type } from 'typebox'
import type { Exchange, Http, Opened, SignIn } from '../define.ts'
import { recordOf } from './cloud.ts'
import { Ids } from './items.ts'

export const Credentials = Type.Object({
  username: Type.String({
    title: 'User name',
    description: 'The e-mail address you sign in with at homesolutions.systemair.com',
    minLength: 1,
  }),
  password: Type.String({ title: 'Password', description: 'The same as there', secret: true, minLength: 1 }),
})
export type Credentials = Static<typeof Credentials>

/** What was learnt of a unit, so that it need not be asked for again. */
const Learnt = Type.Object({
  ids: Ids,
  /** Ids that this unit does not know: one of them would spoil a whole batch. */
  missing: Type.Array(Type.Number()),
  /** The mode before strong airing, from zero. */
  before: Type.Optional(Type.Number()),
})
export type Learnt = Static<typeof Learnt>

export const Session = Type.Object({
  accessToken: Type.String(),
  refreshToken: Type.String(),
  units: Type.Record(Type.String(), Learnt),
})
export type Session = Static<typeof Session>

export const sso = 'https://sso.systemair.com'
const realm = `${sso}/auth/realms/iot/protocol/openid-connect`
const client = { client_id: 'iot-application', redirect_uri: 'https://homesolutions.systemair.com' }

export const open: SignIn<typeof Credentials, typeof Session>['open'] = async ({ http, credentials, worn, now }) => {
  if (worn) {
    const answer = await http.exchange('POST', `${realm}/token`, {
      form: { grant_type: 'refresh_token', client_id: client.client_id, refresh_token: worn.refreshToken },
    })
    return readTokens(answer, 'refused', worn.units)
  }
  const code = await fillIn(http, credentials, now)
  const answer = await http.exchange('POST', `${realm}/token`, {
    form: { grant_type: 'authorization_code', ...client, code },
  })
  return readTokens(answer, 'unreachable', {})
}

/** The tokens of a good answer. A session that is too old and a code that was not taken are both a 400. */
function readTokens(answer: Exchange, kind: 'refused' | 'unreachable', units: Session['units']): Opened<Session> {
  expectNoOutage(answer)
  if (answer.status !== 200)
    throw new VendorFailure(kind, `Systemair gave no new session (${answer.status}); the log-in begins anew`)
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds } = recordOf(answer.json)
  if (typeof accessToken !== 'string' || typeof refreshToken !== 'string')
    throw new VendorFailure('changed', "Systemair's tokens have another shape than they had")
  const lives = Number(seconds ?? 300)
  return {
    session: { accessToken, refreshToken, units },
    lasts: `${Math.max(10, (Number.isFinite(lives) && lives > 0 ? lives : 300) - 30)} s`,
  }
}

/** Walks through the log-in page to the code that is exchanged for tokens. */
async function fillIn(http: Http, { username, password }: Credentials, now: string): Promise<string> {
  const cookies: Record<string, string> = {}
  const walk = async (method: 'GET' | 'POST', address: string, more: object) => {
    const cookie = Object.entries(cookies).map(([name, value]) => `${name}=${value}`)
    const answer = await http.exchange(method, address, {
      headers: { accept: 'text/html', ...(cookie.length > 0 ? { cookie: cookie.join('; ') } : {}) },
      ...more,
    })
    for (const [name, value] of Object.entries(answer.cookies))
      if (value === '') delete cookies[name]
      else cookies[name] = value
    expectNoOutage(answer)
    return answer
  }
  let answer = await walk('GET', `${realm}/auth`, {
    query: { ...client, response_type: 'code', scope: 'openid', state: now.replaceAll(/\D/g, '') },
  })
  let typed = false
  // Enough for the form, its answer and the hops between; a ring of redirects ends here.
  for (let step = 0; step < 8; step++) {
    if (answer.location !== undefined && answer.status >= 300 && answer.status < 400) {
      const { searchParams, pathname, search } = new URL(answer.location)
      const code = searchParams.get('code')
      if (code !== null) return code
      if (searchParams.has('error')) throw refusal(searchParams.get('error_description') ?? searchParams.get('error'))
      answer = await walk('GET', `${sso}${pathname}${search}`, {})
      continue
    }
    const action = formAction(answer.text)
    if (typed && action !== undefined)
      throw new VendorFailure('refused', 'Systemair does not know this user name and password. Type them again.')
    if (action === undefined) throw strangePage(answer)
    answer = await walk('POST', action, { form: { username, password, rememberMe: 'on', credentialId: '' } })
    typed = true
  }
  throw new VendorFailure('changed', "Systemair's log-in sends us round in circles")
}

const refusal = (words: string | null) =>
  new VendorFailure('refused', `Systemair refused the account: ${words}. Sign in once at homesolutions.systemair.com.`)

/** Whatever the page is: it wants something from the owner, or is not the page we know. */
const strangePage = ({ status, text }: Exchange) =>
  /<form\b/i.test(text) || status === 401 || status === 403
    ? new VendorFailure(
        'refused',
        'Systemair wants something more than the password. Sign in once at homesolutions.systemair.com and answer it.',
      )
    : new VendorFailure('changed', `Systemair's log-in page is not the one we know (${status})`)

/**
 * Where the log-in form is to be sent, on Systemair's own log-in address whatever the page says: the password goes
 * nowhere else.
 */
export function formAction(page: string): string | undefined {
  const form = /<form\b[^>]*\bid=["']kc-form-login["'][^>]*>/i.exec(page)?.[0]
  const escaped = /\baction=(?:"([^"]*)"|'([^']*)')/i.exec(form ?? '')
  const action = escaped?.[1] ?? escaped?.[2]
  if (action === undefined || action === '') return undefined
  const plain = action
    .replaceAll(/&(?:amp|#38|#x26);/gi, '&')
    .replaceAll(/&(?:#x3d|#61);/gi, '=')
    .replaceAll(/&(?:#x2f|#47);/gi, '/')
  if (!URL.canParse(plain, sso)) return undefined
  const { pathname, search } = new URL(plain, sso)
  // An address like `a:@elsewhere` has a path without a slash, which would continue the host's name.
  return pathname.startsWith('/') ? `${sso}${pathname}${search}` : undefined
}

function expectNoOutage({ status, retryAfter }: Exchange) {
  if (status === 429) throw new VendorFailure('throttled', 'Systemair was asked to log in too often', retryAfter)
  if (status >= 500) throw new VendorFailure('unreachable', `Systemair's log-in answered ${status}`)
}
