/** What must not be shown of one device: its secrets, and those of its sessions as they come. */
import { leavesOf, makeRedactor } from './redact.ts'

export type Vault = {
  readonly secrets: readonly string[]
  redact(text: string): string
  /** Holds every value of a session for a secret, but what is too short or the mere address of a host. */
  add(session: unknown): void
}

/** Values of shorter texts are met by chance. */
const shortest = 6
/** The values of so many sessions are remembered: those before were renewed long ago. */
const mostSessions = 3

export function makeVault(own: readonly string[]): Vault {
  let sessions: readonly (readonly string[])[] = []
  let secrets = own
  let redact = makeRedactor(own)
  return {
    get secrets() {
      return secrets
    },
    redact: (text) => redact(text),
    add(session) {
      const values = leavesOf(session).filter((value) => value.length >= shortest && !isHost(value))
      if (values.every((value) => secrets.includes(value))) return
      sessions = [...sessions, values].slice(-mostSessions)
      secrets = [...new Set([...own, ...sessions.flat()])]
      redact = makeRedactor(secrets)
    },
  }
}

const isHost = (value: string): boolean => {
  if (!/^(https?|mqtts?|wss?):\/\//i.test(value) || !URL.canParse(value)) return false
  const { username, password, pathname, search } = new URL(value)
  return username === '' && password === '' && search === '' && pathname.length <= 1
}
