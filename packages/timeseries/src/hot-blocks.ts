/**
 * Samples that were read lately, kept in memory: one block is one series in one UTC hour, whole. What is asked for is cut
 * out of blocks, so that any range of a hot hour is answered without ClickHouse. It knows no clock and no bus: `trusted`
 * says whether changes are heard, `heed` says what changed. Why that is right: `docs/decisions/hot-blocks.md`.
 */
import type { Change } from './changes.ts'
import type { StoredSeries } from './series.ts'

/** Times in µs since the epoch, ascending, each once. */
export type Block = { readonly times: Float64Array; readonly values: Float64Array }

export type HotOptions = {
  /** Bytes that the blocks may take; 64 MiB when absent. */
  readonly mostBytes?: number
  /** Whether every change until a moment ago has been heard. While not, nothing is kept and nothing kept is used. */
  readonly trusted: () => boolean
}

/** What lies between a question to ClickHouse and its answer; whoever hears of a change meanwhile says it here. */
type Loading = { readonly houseId: number; fromHour: number; toHour: number; spoiled: boolean }

type Entry = { readonly key: string; readonly hour: number; readonly block: Block; readonly bytes: number }

/** The series of a house; `touched` is the span of the changes since they were listed. */
type Listed = { readonly series: readonly StoredSeries[]; touched: { fromHour: number; toHour: number } | undefined }

const usualBytes = 64 * 2 ** 20
/** What a block costs besides its numbers. */
const blockOverhead = 512
/** A block larger than this share of everything would push out too many others. */
const largestShare = 1 / 16
/** Series in all lists that are kept, at about half a KiB each. */
const mostListed = 20_000

/** What so many points in so many blocks take. */
export const bytesOf = (points: number, blocks = 1): number => points * 16 + blocks * blockOverhead

export class HotBlocks {
  readonly mostBytes: number
  private readonly isTrusted: () => boolean
  /** In the order of their last use. */
  private readonly blocks = new Map<string, Entry>()
  private readonly byHouse = new Map<number, Set<Entry>>()
  private readonly lists = new Map<number, Listed>()
  private readonly loading = new Set<Loading>()
  private listed = 0
  private used = 0

  constructor({ mostBytes = usualBytes, trusted }: HotOptions) {
    this.mostBytes = mostBytes
    this.isTrusted = trusted
  }

  /** Bytes of the blocks that are kept. */
  get bytes(): number {
    return this.used
  }

  /** Whether it may be used now. What was kept in doubt is dropped. */
  trusted(): boolean {
    if (this.isTrusted()) return true
    if (this.blocks.size > 0 || this.lists.size > 0 || this.loading.size > 0) this.forget()
    return false
  }

  /** The block, where it is kept. */
  block(houseId: number, series: string, hour: number): Block | undefined {
    const key = `${houseId}\0${series}\0${hour}`
    const entry = this.blocks.get(key)
    if (!entry) return undefined
    this.blocks.delete(key)
    this.blocks.set(key, entry)
    return entry.block
  }

  /**
   * Loads blocks of consecutive hours and keeps them, unless one of the hours changed meanwhile.
   *
   * @param load answers one block per hour
   */
  async load(
    houseId: number,
    series: string,
    range: { readonly fromHour: number; readonly toHour: number },
    load: () => Promise<readonly Block[]>,
  ): Promise<readonly Block[]> {
    return this.watched({ houseId, ...range }, load, (blocks) => {
      for (const [index, block] of blocks.entries()) this.keep(houseId, series, range.fromHour + index, block)
    })
  }

  /** The house's series as they were listed last, and what has changed since. */
  list(houseId: number): Listed | undefined {
    return this.lists.get(houseId)
  }

  /** Lists a house's series anew, and keeps the list. */
  async relist(houseId: number, load: () => Promise<readonly StoredSeries[]>): Promise<Listed> {
    const range = { fromHour: Number.NEGATIVE_INFINITY, toHour: Number.POSITIVE_INFINITY }
    let listed: Listed | undefined
    const series = await this.watched({ houseId, ...range }, load, (series) => {
      listed = { series, touched: undefined }
      this.dropList(houseId)
      if (series.length > mostListed / 10) return
      this.lists.set(houseId, listed)
      this.listed += series.length
      for (const oldest of this.lists.keys()) {
        if (this.listed <= mostListed) break
        this.dropList(oldest)
      }
    })
    return listed ?? { series, touched: undefined }
  }

  /** Drops what the changes touch, and sees to it that what is being loaded is not kept. */
  heed(changes: readonly Change[]): void {
    for (const { houseId, fromHour, toHour, erased } of changes) {
      const touches = (hour: number) => hour >= fromHour && hour < toHour
      for (const entry of this.byHouse.get(houseId) ?? []) if (touches(entry.hour)) this.drop(entry)
      for (const one of this.loading)
        if (one.houseId === houseId && one.fromHour < toHour && one.toHour > fromHour) one.spoiled = true
      const list = this.lists.get(houseId)
      if (!list) continue
      if (erased) this.dropList(houseId)
      else
        list.touched = {
          fromHour: Math.min(fromHour, list.touched?.fromHour ?? fromHour),
          toHour: Math.max(toHour, list.touched?.toHour ?? toHour),
        }
    }
  }

  /** Drops everything: changes may have gone unheard. */
  forget(): void {
    for (const one of this.loading) one.spoiled = true
    this.blocks.clear()
    this.byHouse.clear()
    this.lists.clear()
    this.listed = 0
    this.used = 0
  }

  private async watched<Loaded>(
    given: { readonly houseId: number; readonly fromHour: number; readonly toHour: number },
    load: () => Promise<Loaded>,
    keep: (loaded: Loaded) => void,
  ): Promise<Loaded> {
    const watch: Loading = { ...given, spoiled: !this.trusted() }
    this.loading.add(watch)
    try {
      const loaded = await load()
      if (!watch.spoiled && this.trusted()) keep(loaded)
      return loaded
    } finally {
      this.loading.delete(watch)
    }
  }

  private keep(houseId: number, series: string, hour: number, block: Block): void {
    const key = `${houseId}\0${series}\0${hour}`
    const bytes = bytesOf(block.times.length)
    const known = this.blocks.get(key)
    if (known) this.drop(known)
    if (bytes > this.mostBytes * largestShare) return
    const entry = { key, hour, block, bytes }
    this.blocks.set(key, entry)
    const own = this.byHouse.get(houseId)
    if (own) own.add(entry)
    else this.byHouse.set(houseId, new Set([entry]))
    this.used += bytes
    for (const oldest of this.blocks.values()) {
      if (this.used <= this.mostBytes) break
      this.drop(oldest)
    }
  }

  private drop(entry: Entry): void {
    this.blocks.delete(entry.key)
    const houseId = Number(entry.key.slice(0, entry.key.indexOf('\0')))
    const own = this.byHouse.get(houseId)
    own?.delete(entry)
    if (own?.size === 0) this.byHouse.delete(houseId)
    this.used -= entry.bytes
  }

  private dropList(houseId: number): void {
    this.listed -= this.lists.get(houseId)?.series.length ?? 0
    this.lists.delete(houseId)
  }
}
