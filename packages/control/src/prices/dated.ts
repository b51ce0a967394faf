/** Tables of what holds from a date on. */

/** Local dates; `to` is the first day on which it no longer holds, at the latest where the next entry begins. */
export type Dated = { readonly from: string; readonly to?: string }

export type InForce<T extends Dated> = {
  readonly entry: T
  /** The table says nothing of this date: the nearest entry stands in. */
  readonly assumed?: 'before' | 'after'
}

/**
 * What holds on a date: of the entries that have begun the one that began last, as each ends where the next begins.
 * Where that one is over, it stands in; before the first, the first does; nothing where the table is empty.
 */
export function inForce<T extends Dated>(table: readonly T[], date: string): InForce<T> | undefined {
  let begun: T | undefined
  let first: T | undefined
  for (const entry of table) {
    if (entry.from <= date) {
      if (!begun || begun.from <= entry.from) begun = entry
    } else if (!first || entry.from < first.from) first = entry
  }
  if (begun) return begun.to === undefined || date < begun.to ? { entry: begun } : { entry: begun, assumed: 'after' }
  return first && { entry: first, assumed: 'before' }
}

/** The same, where nothing may stand in. */
export function covering<T extends Dated>(table: readonly T[], date: string): T | undefined {
  const found = inForce(table, date)
  return found?.assumed ? undefined : found?.entry
}
