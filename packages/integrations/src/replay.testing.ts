/** Answers one after another in the place of a vendor, for tests. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Exchange, Http, HttpOptions } from './define.ts'

export type Canned = {
  readonly status?: number
  readonly location?: string
  readonly cookies?: Readonly<Record<string, string>>
  readonly retryAfter?: number
  /** A text as it is, anything else as JSON. */
  readonly body?: unknown
}

export type Replay = {
  readonly http: Http
  /** What was asked, in order. */
  readonly asked: { readonly method: string; readonly path: string; readonly options: HttpOptions }[]
}

export const exchangeOf = ({ status = 200, location, cookies = {}, retryAfter, body = '' }: Canned): Exchange => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    json = undefined
  }
  return { status, location, cookies, retryAfter, headers: {}, text, json }
}

/** HTTP that answers so, and fails the test when it is asked once more. */
export function replay(answers: readonly Canned[]): Replay {
  const left = [...answers]
  const asked: Replay['asked'] = []
  const only = () => Promise.reject(new Error('Only `exchange` is replayed'))
  return {
    asked,
    http: {
      get: only,
      post: only,
      put: only,
      patch: only,
      delete: only,
      exchange: async (method, path, options = {}) => {
        asked.push({ method, path, options })
        const next = left.shift()
        if (!next) throw new Error(`Nobody expected ${method} ${path}`)
        return exchangeOf(next)
      },
    },
  }
}

/** Real answers of a vendor, kept beside the repository and not in it. */
export function samplesOf(vendor: string) {
  const folder = join(import.meta.dirname, '../../../../shared/vendors', vendor, 'samples')
  const here = existsSync(folder)
  return {
    here,
    text: (file: string) => readFileSync(join(folder, file), 'utf8'),
    /** As what the test takes it for. */
    json: <T = Canned>(file: string): T => JSON.parse(readFileSync(join(folder, file), 'utf8')),
  }
}
