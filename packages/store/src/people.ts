/** People: log-in, sessions, tokens, and how the first admin comes in. */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { Problem } from '@nabolag/core'
import { type Kysely, sql } from 'kysely'
import type { Pool } from 'pg'
import { countAttempt, forgiveAttempts } from './attempts.ts'
import { note } from './audit.ts'
import type { Auth } from './auth.ts'
import { operator, requireAdmin } from './rights.ts'
import type { Database, Tables } from './tables.ts'
import { type Asker, type NewUser, type People, scopes, type User } from './types.ts'

const cookieName = 'nabolag_session'
const tokenPrefix = 'nbl_'
const setupHours = 24
const setupKey = 'setup-link'
/** Somebody made without a mail address gets one that can never be reached: the column must be unique. */
const noMail = '@no-mail.invalid'

export const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest()

/** A new token, as it is shown once: 32 random bytes. */
export const makeToken = (): string => tokenPrefix + randomBytes(32).toString('base64url')

export const userOf = (row: Pick<Tables['user'], 'id' | 'username' | 'email' | 'role' | 'createdAt'>): User => ({
  id: row.id,
  username: row.username,
  email: row.email.endsWith(noMail) ? undefined : row.email,
  role: row.role,
  createdAt: row.createdAt.getTime(),
})

/** better-auth is loaded when somebody first signs in: a connector never needs it. */
export function makePeople(
  database: Kysely<Tables>,
  pool: Pool,
  given: { readonly secret: string; readonly baseUrl: string | undefined },
): People {
  let loaded: Promise<Auth> | undefined
  const auth = () => {
    loaded ??= import('./auth.ts').then((module) =>
      module.makeAuth(pool, {
        secret: given.secret,
        baseUrl: given.baseUrl ?? 'http://localhost',
        cookieName,
        isUsername: (name) => validName.test(name),
      }),
    )
    return loaded
  }
  const signedCookie = (value: string) => new Headers({ cookie: `${cookieName}=${encodeURIComponent(value)}` })
  const bySession = async (value: string): Promise<Asker | undefined> => {
    const { api } = await auth()
    const session = await api.getSession({ headers: signedCookie(value) }).catch(async (error: unknown) => {
      // It hides why; asking the database ourselves tells an engine that is down from anything else.
      await sql`select 1`.execute(database)
      throw error
    })
    return session ? askerById(database, session.user.id) : undefined
  }

  return {
    cookieName,

    async signIn(username, password, { ip }) {
      const name = normal(username)
      await countAttempt(database, name, ip)
      const { api } = await auth()
      const answer = await api
        .signInUsername({ body: { username: name, password }, returnHeaders: true })
        .catch((error: unknown) => {
          // 401 wrong, 422 not a name, 400 too long a password: one answer, so that nobody learns which names exist
          if (statusOf(error) < 500) throw Problem('invalid-login')
          throw error
        })
      await forgiveAttempts(database, name, ip)
      const cookie = cookieOf(answer.headers.getSetCookie())
      return { cookie, user: await userNamed(database, name) }
    },

    async signOut(cookieValue) {
      await (await auth()).api.signOut({ headers: signedCookie(cookieValue) })
    },

    async askerOf({ cookie, bearer }) {
      if (bearer !== undefined) return byToken(database, bearer)
      return cookie === undefined ? undefined : bySession(cookie)
    },

    async askerNamed(username) {
      const user = await userNamed(database, normal(username))
      return { userId: user.id, username: user.username, role: user.role, scopes }
    },

    async createUser(user, by) {
      requireAdmin(by)
      const password = await hashPassword(await auth(), user.password)
      return database.transaction().execute(async (transaction) => {
        const made = await insertUser(transaction, user, password)
        await note(transaction, by, 'create user', null, { username: made.username, role: made.role })
        return made
      })
    },

    async setPassword(username, password, by) {
      const user = await userNamed(database, normal(username))
      if (user.id !== by.userId) requireAdmin(by)
      else if (!by.scopes.includes('admin')) throw Problem('not-allowed', 'Sign in to change your password')
      const hash = await hashPassword(await auth(), password)
      await database.transaction().execute(async (transaction) => {
        await transaction
          .updateTable('account')
          .set({ password: hash, updatedAt: new Date() })
          .where('userId', '=', user.id)
          .where('providerId', '=', 'credential')
          .execute()
        await transaction.deleteFrom('session').where('userId', '=', user.id).execute()
        await note(transaction, by, 'set password', null, { username: user.username })
      })
    },

    hasAdmin: () => hasAdmin(database),

    async makeSetupLink() {
      const token = randomBytes(24).toString('base64url')
      const expiresAt = Date.now() + setupHours * 3_600_000
      const value = JSON.stringify({ hash: hashOf(token).toString('base64'), expiresAt })
      await database
        .insertInto('app_state')
        .values({ key: setupKey, value })
        .onConflict((c) => c.column('key').doUpdateSet({ value }))
        .execute()
      const url = given.baseUrl && new URL(`/setup?token=${token}`, given.baseUrl).href
      return { token, url, expiresAt }
    },

    async useSetupLink(token, user) {
      const refused = Problem('not-allowed', 'This set-up link was used already, has expired, or is not the newest one')
      const stored = await setupLink(database)
      // Checked before the password is hashed, so that guesses cost us nothing; the deletion below decides.
      if (!stored || stored.hash !== hashOf(token).toString('base64')) throw refused
      const password = await hashPassword(await auth(), user.password)
      return database.transaction().execute(async (transaction) => {
        const taken = await sql`delete from app_state where key = ${setupKey} and value ->> 'hash' = ${stored.hash}
          and (value ->> 'expiresAt')::bigint > ${Date.now()} returning key`.execute(transaction)
        if (taken.rows.length !== 1 || (await hasAdmin(transaction))) throw refused
        const made = await insertUser(transaction, { ...user, role: 'admin' }, password)
        await note(transaction, { ...operator, username: made.username, userId: made.id }, 'use set-up link', null)
        return made
      })
    },
  }
}

const normal = (username: string) => username.trim().toLowerCase()

const statusOf = (error: unknown): number =>
  error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500

/** Reads name, value and age of the session cookie from better-auth's own headers. */
function cookieOf(headers: readonly string[]) {
  const header = headers.find((h) => h.startsWith(`${cookieName}=`)) ?? ''
  const value = /^[^=]+=([^;]+)/.exec(header)?.[1]
  const maxAge = Number(/max-age=(\d+)/i.exec(header)?.[1])
  if (!value || !maxAge) throw Problem('internal-error', 'The session has no cookie')
  return { name: cookieName, value: decodeURIComponent(value), maxAge }
}

async function hashPassword(auth: Auth, password: string): Promise<string> {
  const context = await auth.$context
  const { minPasswordLength, maxPasswordLength } = context.password.config
  if (password.length < minPasswordLength || password.length > maxPasswordLength) {
    throw Problem('bad-request', `A password has ${minPasswordLength} to ${maxPasswordLength} characters`)
  }
  return context.password.hash(password)
}

const hasAdmin = async (database: Database): Promise<boolean> =>
  (await database.selectFrom('user').select('id').where('role', '=', 'admin').limit(1).execute()).length > 0

async function setupLink(database: Database): Promise<{ hash: string } | undefined> {
  const row = await database.selectFrom('app_state').select('value').where('key', '=', setupKey).executeTakeFirst()
  return row?.value as { hash: string } | undefined
}

async function userNamed(database: Database, username: string): Promise<User> {
  const row = await database.selectFrom('user').selectAll().where('username', '=', username).executeTakeFirst()
  if (!row) throw Problem('no-such-user')
  return userOf(row)
}

const validName = /^[a-z0-9][a-z0-9._@-]{1,62}$/
const validMail = /^[^\s@]+@[^\s@]+$/

async function insertUser(transaction: Database, user: NewUser, password: string): Promise<User> {
  const username = normal(user.username)
  if (!validName.test(username)) {
    throw Problem(
      'bad-request',
      'A user name has 2 to 63 letters, digits and . _ @ -, and begins with a letter or digit',
    )
  }
  const email = user.email?.trim().toLowerCase() || undefined
  if (email && (!validMail.test(email) || email.length > 254 || email.endsWith(noMail))) {
    throw Problem('bad-request', 'That is not a mail address')
  }
  const now = new Date()
  const row = await transaction
    .insertInto('user')
    .values({
      id: randomUUID(),
      name: username,
      username,
      email: email ?? `${randomUUID()}${noMail}`,
      emailVerified: false,
      image: null,
      role: user.role ?? 'user',
      createdAt: now,
      updatedAt: now,
    })
    .onConflict((c) => c.doNothing())
    .returningAll()
    .executeTakeFirst()
  if (!row) throw Problem('conflict', 'That user name or mail address is taken')
  await transaction
    .insertInto('account')
    .values({
      id: randomUUID(),
      accountId: row.id,
      providerId: 'credential',
      userId: row.id,
      password,
      createdAt: now,
      updatedAt: now,
    })
    .execute()
  return userOf(row)
}

async function askerById(database: Database, userId: string): Promise<Asker | undefined> {
  const row = await database.selectFrom('user').selectAll().where('id', '=', userId).executeTakeFirst()
  return row && { userId: row.id, username: row.username, role: row.role, scopes }
}

async function byToken(database: Database, token: string): Promise<Asker | undefined> {
  if (!token.startsWith(tokenPrefix)) return undefined
  const row = await database
    .selectFrom('api_tokens as t')
    .innerJoin('user as u', 'u.id', 't.user_id')
    .select(['t.id', 't.scopes', 't.house_ids', 't.last_used_at', 'u.id as user_id', 'u.username', 'u.role'])
    .where('t.hash', '=', hashOf(token))
    .where((e) => e.or([e('t.expires_at', 'is', null), e('t.expires_at', '>', new Date())]))
    .executeTakeFirst()
  if (!row) return undefined
  const used = row.last_used_at?.getTime() ?? 0
  if (Date.now() - used > 60_000) {
    await database.updateTable('api_tokens').set({ last_used_at: new Date() }).where('id', '=', row.id).execute()
  }
  return {
    userId: row.user_id,
    username: row.username,
    role: row.role,
    scopes: row.scopes,
    ...(row.house_ids ? { houses: row.house_ids } : {}),
  }
}
