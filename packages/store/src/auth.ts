/** better-auth as we use it: passwords and sessions. Its HTTP handler is not mounted, and it calls nobody. */
import { betterAuth } from 'better-auth'
import { username } from 'better-auth/plugins'
import type { Pool } from 'pg'

const sessionDays = 30

export type AuthSettings = {
  readonly secret: string
  readonly baseUrl: string
  readonly cookieName: string
  readonly isUsername: (name: string) => boolean
}

/** What better-auth is configured with; the schema test asks it what tables this needs. */
export const authOptions = (pool: Pool, { secret, baseUrl, cookieName, isUsername }: AuthSettings) => ({
  appName: 'nabolag',
  database: pool,
  secret,
  baseURL: baseUrl,
  telemetry: { enabled: false },
  logger: { disabled: true },
  emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: 10, maxPasswordLength: 128 },
  session: { expiresIn: sessionDays * 86_400, updateAge: 86_400 },
  user: { additionalFields: { role: { type: 'string' as const, defaultValue: 'user', input: false } } },
  rateLimit: { enabled: true, storage: 'database' as const },
  advanced: {
    cookiePrefix: 'nabolag',
    useSecureCookies: false,
    cookies: { session_token: { name: cookieName } },
  },
  plugins: [
    username({
      displayUsername: false,
      minUsernameLength: 2,
      maxUsernameLength: 63,
      usernameValidator: isUsername,
    }),
  ],
})

/** Makes it on the pool that the store uses anyway. */
export const makeAuth = (pool: Pool, settings: AuthSettings) => betterAuth(authOptions(pool, settings))
export type Auth = ReturnType<typeof makeAuth>
