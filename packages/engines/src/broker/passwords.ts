import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

const cost = { N: 16_384, r: 8, p: 1 }
const keyBytes = 32
const mostWaiting = 200

/** One at a time: scrypt runs on the threads that write the journal, and must leave some of them free. */
let last: Promise<unknown> = Promise.resolve()
let waiting = 0

function derive(password: string | Buffer, salt: Buffer, { N, r, p }: typeof cost): Promise<Buffer> {
  if (waiting >= mostWaiting) return Promise.reject(new Error('Too many passwords are being checked'))
  waiting += 1
  const run = () =>
    new Promise<Buffer>((resolve, reject) =>
      scrypt(password, salt, keyBytes, { N, r, p }, (error, key) => (error ? reject(error) : resolve(key))),
    )
  const result = last.then(run).finally(() => {
    waiting -= 1
  })
  last = result.catch(() => {})
  return result
}

/** What is kept of a password: `scrypt$N$r$p$salt$key`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const key = await derive(password, salt, cost)
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64'), key.toString('base64')].join('$')
}

async function fits(password: Buffer, hash: string): Promise<boolean> {
  const [kind, N, r, p, salt, key] = hash.split('$')
  if (kind !== 'scrypt' || salt === undefined || key === undefined) return false
  const expected = Buffer.from(key, 'base64')
  const found = await derive(password, Buffer.from(salt, 'base64'), { N: Number(N), r: Number(r), p: Number(p) })
  return expected.length === found.length && timingSafeEqual(expected, found)
}

const remembered = 20_000

/**
 * Checks passwords, and remembers a keyed digest of those that were right, so that a thousand clients that come back
 * after a restart of their network do not cost a minute of computing. The key lives and dies with the process.
 */
export class PasswordCheck {
  readonly #key = randomBytes(32)
  readonly #known = new Map<string, Buffer>()

  /** Whether the password was right before for this very hash, without the costly check. */
  remembers(password: Buffer, hash: string): boolean {
    const known = this.#known.get(hash)
    return known !== undefined && timingSafeEqual(known, this.#digest(password))
  }

  async check(password: Buffer, hash: string): Promise<boolean> {
    if (this.remembers(password, hash)) return true
    if (!(await fits(password, hash))) return false
    if (this.#known.size >= remembered) this.#known.clear()
    this.#known.set(hash, this.#digest(password))
    return true
  }

  #digest(password: Buffer): Buffer {
    return createHmac('sha256', this.#key).update(password).digest()
  }
}

/** Counts wrong passwords of the last minute. Bounded: the oldest counts are forgotten first. */
export class Attempts {
  readonly #counts = new Map<string, { wrong: number; until: number }>()

  isOver(key: string, limit: number): boolean {
    const count = this.#counts.get(key)
    return count !== undefined && count.until > Date.now() && count.wrong >= limit
  }

  wrong(key: string): void {
    const count = this.#counts.get(key)
    if (count !== undefined && count.until > Date.now()) {
      count.wrong += 1
      return
    }
    this.#counts.delete(key)
    if (this.#counts.size >= 10_000) this.#counts.delete(this.#counts.keys().next().value!)
    this.#counts.set(key, { wrong: 1, until: Date.now() + 60_000 })
  }
}
