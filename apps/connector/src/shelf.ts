/**
 * Answers that outlive a restart: packed, under the hash of their question. So a vendor is not asked again before its
 * `Expires`, nor without the condition that it wants to hear.
 */
import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { Type } from 'typebox'
import { Check } from 'typebox/value'
import type { Kept } from './http-cache.ts'

export type Shelf = {
  /** Never throws: what cannot be had, or not in time, is not there. */
  load(key: string): Promise<Kept | undefined>
  save(key: string, kept: Kept): void
}

export type ShelfGiven = {
  /** What was saved under that name, if anything. */
  readonly load: (name: string) => Promise<unknown>
  readonly save: (name: string, packed: unknown) => void
  /** ms. */
  readonly patience?: number
}

/** Bytes of a packed body; a larger one is asked for anew after a restart. */
const mostBytes = 200 * 2 ** 10
const mostUnpacked = 16 * 2 ** 20

const Packed = Type.Object({
  body: Type.String(),
  expires: Type.Number(),
  lastModified: Type.Optional(Type.String()),
  etag: Type.Optional(Type.String()),
  at: Type.Optional(Type.Number()),
})

export const makeShelf = ({ load, save, patience = 3000 }: ShelfGiven): Shelf => ({
  async load(key) {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, patience, undefined)
    })
    try {
      const packed = await Promise.race([load(nameOf(key)), late])
      if (!Check(Packed, packed)) return undefined
      const { body, expires, lastModified, etag, at } = packed
      const text = gunzipSync(Buffer.from(body, 'base64'), { maxOutputLength: mostUnpacked }).toString('utf8')
      return { body: text, expires, lastModified, etag, at }
    } catch {
      return undefined
    } finally {
      clearTimeout(timer)
    }
  },
  save(key, { body, ...rest }) {
    const packed = gzipSync(body)
    if (packed.length <= mostBytes) save(nameOf(key), { ...rest, body: packed.toString('base64') })
  },
})

const nameOf = (key: string) => `answer/${createHash('sha256').update(key).digest('base64url')}`
