/** Systemair's log-in, simulated: Keycloak's page with its form, and tokens that rotate. */
import { randomUUID } from 'node:crypto'
import type { Question, Reply } from './server.ts'

const realm = '/auth/realms/iot'
const paths = {
  page: `${realm}/protocol/openid-connect/auth`,
  form: `${realm}/login-actions/authenticate`,
  hop: `${realm}/login-actions/required-action`,
  token: `${realm}/protocol/openid-connect/token`,
} as const

export type SsoGiven = {
  readonly now: () => number
  readonly url: () => string
  /** Whether that user has that password. */
  readonly knows: (username: string, password: string) => boolean
  readonly quirk: (name: 'denied' | 'hops' | 'signed-in' | 'terms', user?: string) => boolean
}

export type Sso = {
  /** Whose access token that is, while it lives. */
  userOf(token: string | undefined): string | undefined
  /** Who asks at the log-in, as far as it can be told. */
  asking(question: Question): string | undefined
  /** `undefined` for a path that is none of the log-in's. */
  answer(question: Question): Reply | undefined
  /** Ends all sessions: access and refresh tokens are no good any more. */
  end(what: 'access' | 'all'): void
}

const lives = 300

export function makeSso({ now, url, knows, quirk }: SsoGiven): Sso {
  /** Log-ins that have begun, by the code in the form: their cookie and where they go back to. */
  const begun = new Map<string, { readonly cookie: string; readonly redirect: string; readonly state: string }>()
  const codes = new Map<string, string>()
  const access = new Map<string, { readonly user: string; readonly until: number }>()
  const refresh = new Map<string, string>()

  const html = (body: string, headers: Reply['headers'] = {}, status = 200): Reply => ({
    status,
    headers: { 'content-type': 'text/html;charset=utf-8', ...headers },
    body: `<!DOCTYPE html>\n<html><body>\n${body}\n</body></html>\n`,
  })

  function form(cookie: string, redirect: string, state: string, message = ''): Reply {
    const session = randomUUID()
    begun.set(session, { cookie, redirect, state })
    if (begun.size > 1000) begun.delete(begun.keys().next().value!)
    const query = `session_code=${session}&amp;execution=${randomUUID()}&amp;client_id=iot-application&amp;tab_id=Sim`
    return html(
      `${message}<form id="kc-form-login" onsubmit="login.disabled = true; return true;" action="${url()}${paths.form}?${query}" method="post">
<input name="username" type="text"/><input name="password" type="password"/><input type="hidden" name="credentialId"/>
<input type="submit" value="Sign In"/></form>`,
      {
        'set-cookie': [
          `AUTH_SESSION_ID=${cookie}; Path=/auth/realms/iot/; HttpOnly`,
          'KC_RESTART=sim; Path=/auth/realms/iot/',
        ],
      },
    )
  }

  const redirectTo = (redirect: string, state: string, query: Record<string, string>): Reply => ({
    status: 302,
    headers: { location: `${redirect}?${new URLSearchParams({ state, session_state: randomUUID(), ...query })}` },
    body: '',
  })

  function grant(user: string, redirect: string, state: string): Reply {
    if (quirk('denied', user))
      return redirectTo(redirect, state, { error: 'access_denied', error_description: 'Account disabled' })
    const code = randomUUID()
    codes.set(code, user)
    return redirectTo(redirect, state, { code })
  }

  const given = ({ text }: Question) => new URLSearchParams(text)
  const cookieOf = ({ headers }: Question) => /\bAUTH_SESSION_ID=([^;\s]+)/.exec(headers.cookie ?? '')?.[1]

  function tokens(user: string): Reply {
    const [newAccess, newRefresh] = [`sim-access-${randomUUID()}`, `sim-refresh-${randomUUID()}`]
    access.set(newAccess, { user, until: now() + 1000 * lives })
    refresh.set(newRefresh, user)
    return {
      status: 200,
      body: {
        access_token: newAccess,
        refresh_token: newRefresh,
        id_token: `sim-id-${randomUUID()}`,
        expires_in: lives,
        token_type: 'Bearer',
        scope: 'openid',
      },
    }
  }

  const invalid: Reply = { status: 400, body: { error: 'invalid_grant', error_description: 'Token is not active' } }

  return {
    userOf: (token) => {
      const found = token === undefined ? undefined : access.get(token)
      return found && found.until > now() ? found.user : undefined
    },
    asking: (question) => {
      if (!question.path.startsWith(realm)) return undefined
      const fields = given(question)
      return (
        fields.get('username') ?? codes.get(fields.get('code') ?? '') ?? refresh.get(fields.get('refresh_token') ?? '')
      )
    },
    answer: (question) => {
      const { path, query, method } = question
      const fields = given(question)
      if (path === paths.page) {
        const redirect = query.get('redirect_uri') ?? ''
        if (query.get('client_id') !== 'iot-application' || query.get('response_type') !== 'code' || redirect === '')
          return html('<p>Invalid parameter: redirect_uri</p>', {}, 400)
        const state = query.get('state') ?? ''
        return quirk('signed-in') ? grant('house-3@example.org', redirect, state) : form(randomUUID(), redirect, state)
      }
      if (path === paths.form && method === 'POST') {
        const started = begun.get(query.get('session_code') ?? '')
        begun.delete(query.get('session_code') ?? '')
        if (!started || cookieOf(question) !== started.cookie)
          return html('<p>Restart login cookie not found. Please try to log in again.</p>', {}, 400)
        const user = (fields.get('username') ?? '').toLowerCase()
        const { cookie, redirect, state } = started
        if (!knows(user, fields.get('password') ?? ''))
          return form(cookie, redirect, state, '<span class="kc-feedback-text">Invalid username or password.</span>')
        if (quirk('terms', user))
          return html(
            '<form class="form-actions" action="/auth/terms" method="POST"><input type="submit" name="accept"/></form>',
          )
        if (!quirk('hops', user)) return grant(user, redirect, state)
        const hop = new URLSearchParams({ user, redirect, state, session_code: randomUUID() })
        return { status: 302, headers: { location: `${paths.hop}?${hop}` }, body: '' }
      }
      if (path === paths.hop && cookieOf(question) !== undefined)
        return grant(query.get('user') ?? '', query.get('redirect') ?? '', query.get('state') ?? '')
      if (path !== paths.token) return undefined
      if (method !== 'POST' || fields.get('client_id') !== 'iot-application') return invalid
      const isRefresh = fields.get('grant_type') === 'refresh_token'
      const [store, key] = isRefresh ? [refresh, fields.get('refresh_token')] : [codes, fields.get('code')]
      const user = store.get(key ?? '')
      // Each is good once.
      store.delete(key ?? '')
      return user === undefined ? invalid : tokens(user)
    },
    end: (what) => {
      access.clear()
      if (what === 'all') refresh.clear()
    },
  }
}
