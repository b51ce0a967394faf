import { createHash, timingSafeEqual } from 'node:crypto'
import type { Accounts } from './accounts.ts'
import type { BrokerLimits } from './limits.ts'
import { Attempts, PasswordCheck } from './passwords.ts'

export type SignedIn = { isSystem: boolean; isTrusted: boolean }
/** `returnCode` is that of MQTT 3.1.1's CONNACK; `reason` is counted. */
export type SignInRefused = { returnCode: 2 | 3 | 4 | 5; reason: string }

const digest = (text: string | Buffer) => createHash('sha256').update(text).digest()

/** Checks who connects: the system's own account first, then those that are kept. */
export function signInWith(accounts: Accounts, user: string, password: string, limits: BrokerLimits) {
  const attempts = new Attempts()
  const passwords = new PasswordCheck()
  const own = digest(password)

  return async (
    address: string,
    username: string | undefined,
    given: Buffer | undefined,
    clientId: string,
  ): Promise<SignedIn | SignInRefused> => {
    if (!username || given === undefined) return { returnCode: 5, reason: 'anonymous' }
    const keys = [`${address}\n${username}`, address] as const
    const wrong = (): SignInRefused => {
      for (const key of keys) attempts.wrong(key)
      return { returnCode: 5, reason: 'wrong password' }
    }
    // The system's own password is long and cheap to compare; nobody's guessing may lock the system out.
    if (username === user && timingSafeEqual(digest(given), own)) return { isSystem: true, isTrusted: true }
    const account = accounts.clients.get(username)
    const isRemembered = account?.password !== undefined && passwords.remembers(given, account.password)
    const isOver =
      attempts.isOver(keys[0], limits.wrongPasswords) || attempts.isOver(keys[1], limits.wrongPasswordsPerAddress)
    // An account that has signed in before stays usable while somebody guesses from the same address.
    if (isOver && !isRemembered) return { returnCode: 5, reason: 'too many wrong passwords' }
    if (username === user) return wrong()
    if (account?.password === undefined) return wrong()
    try {
      if (!(await passwords.check(given, account.password))) return wrong()
    } catch {
      return { returnCode: 3, reason: 'too many sign-ins at once' }
    }
    // The account may have been removed or disabled while the password was checked.
    if (accounts.clients.get(username) !== account || account.disabled) return wrong()
    if (account.clientid !== undefined && account.clientid !== clientId) {
      return { returnCode: 2, reason: 'other client id' }
    }
    return { isSystem: false, isTrusted: accounts.isAdmin(username) }
  }
}
