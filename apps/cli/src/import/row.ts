/** What every reader of a file of samples gives, and what it keeps to go on later. */
import type { FieldValue, Micros } from '@nabolag/core'

/** One sample as the file says it; what it does not say is filled in later. */
export type Given = {
  readonly measurement: string
  readonly tags: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, FieldValue>>
  readonly time: Micros | undefined
  /** Forecasts: when it was issued, where the file says so. */
  readonly issued?: string
}

export type Row = {
  /** Counted from 1. */
  readonly line: number
  /** As it stands in the file. */
  readonly text: string
} & ({ readonly given: Given } | { readonly problem: string } | { readonly empty: true })

/** Reads a file piece by piece. */
export type Reader = {
  /** `rest` is to be put before the next piece; `ended` says that none follows. */
  read(text: string, ended: boolean): { readonly rows: Row[]; readonly rest: string }
  /** Plain data, with which a reader of the same kind goes on after what was read. */
  state(): unknown
  /** What must stand before a row for it to be read again: the header. */
  heading(): string
}

/** Text to number, boolean or text, as the field is in our table; else by what it looks like. `undefined` when empty. */
export function readValue(text: string, type: 'number' | 'boolean' | 'text' | undefined): FieldValue | undefined {
  if (text === '' || text === 'null') return undefined
  if (type === 'text') return text
  if (type === 'boolean' || type === undefined) {
    const truth = truths[text.toLowerCase()]
    if (truth !== undefined && (type === 'boolean' || /^(true|false)$/i.test(text))) return truth
  }
  const number = Number(text)
  if (type !== 'boolean' && text.trim() !== '' && Number.isFinite(number)) return number
  // Not what it should be: the check of the sample says so, with the field's name.
  return text
}

const truths: Readonly<Record<string, boolean>> = {
  true: true,
  t: true,
  on: true,
  yes: true,
  '1': true,
  false: false,
  f: false,
  off: false,
  no: false,
  '0': false,
}
