/**
 * InfluxDB's line protocol, read and written: `measurement,tag=a field=1.5,on=true,name="x" 1683525600000000000`. Escapes
 * and types are those of InfluxDB 2; what it refuses is refused here.
 */
import type { FieldValue } from './message.ts'
import type { Micros } from './units.ts'

export const timePrecisions = ['ns', 'us', 'ms', 's'] as const
export type TimePrecision = (typeof timePrecisions)[number]

/** One line: a measurement at one time. `time` is absent where the line has none: it is then the time of receipt. */
export type LinePoint = {
  readonly measurement: string
  readonly tags: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, FieldValue>>
  readonly time: Micros | undefined
}

/** What stands at one place of the text: a point, or what is wrong there. `text` is the line as it was given. */
export type LineRead = {
  /** Counted from 1; a text value may go over several lines, then it is the first. */
  readonly line: number
  readonly text: string
} & ({ readonly point: LinePoint } | { readonly problem: string })

/** What is read of a text that goes on: `rest` is to be put before the next piece. */
export type LinesRead = { readonly lines: LineRead[]; readonly rest: string; readonly nextLine: number }

/** A line that is longer is refused, so that a quote that is never closed cannot hold back the rest for ever. */
const longestLine = 1_048_576

/** Reads a whole text. Never throws; empty lines and comments (`#`) are left out. */
export function readLines(text: string, precision: TimePrecision = 'ns'): LineRead[] {
  return readLinesOf(text, { precision, firstLine: 1, ended: true }).lines
}

/**
 * Reads a piece of a text.
 *
 * @param given `firstLine`: number of the piece's first line; `ended`: nothing follows
 */
export function readLinesOf(
  text: string,
  { precision, firstLine, ended }: { precision: TimePrecision; firstLine: number; ended: boolean },
): LinesRead {
  const lines: LineRead[] = []
  let at = 0
  let line = firstLine
  while (at < text.length) {
    const stop = text.indexOf('\n', at)
    let end = stop < 0 ? text.length : stop
    if (stop < 0 && !ended && text.length - at <= longestLine) break
    let first = at
    while (first < end && isBlank(text.charCodeAt(first))) first++
    if (first === end || text.charCodeAt(first) === hash) {
      at = end + 1
      line++
      continue
    }
    const scan = new Scan(text, first)
    const outcome = scan.point(precision)
    if (scan.open && !ended && text.length - at <= longestLine) break
    const good = typeof outcome !== 'string'
    if (good) {
      const after = text.indexOf('\n', scan.at)
      if (after < 0 && !ended && text.length - at <= longestLine) break
      end = after < 0 ? text.length : after
    }
    const whole = text.slice(at, end)
    const given = { line, text: whole.endsWith('\r') ? whole.slice(0, -1) : whole }
    lines.push(good ? { ...given, point: outcome } : { ...given, problem: outcome })
    line += good ? whole.split('\n').length : 1
    at = end + 1
  }
  return { lines, rest: text.slice(Math.min(at, text.length)), nextLine: line }
}

const newline = 10
const hash = 35
const space = 32
const comma = 44
const equals = 61
const quote = 34
const backslash = 92
const isBlank = (code: number) => code === space || code === 9 || code === 13 || code === 0

const integer = /^[+-]?\d{1,20}$/
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
const truths: Readonly<Record<string, boolean>> = {
  t: true,
  T: true,
  true: true,
  True: true,
  TRUE: true,
  f: false,
  F: false,
  false: false,
  False: false,
  FALSE: false,
}

/** Goes through one line from its beginning; problems come back as texts. */
class Scan {
  readonly text: string
  at: number
  /** The text ended within a quoted value. */
  open = false

  constructor(text: string, at: number) {
    this.text = text
    this.at = at
  }

  point(precision: TimePrecision): LinePoint | string {
    const measurement = this.word(false)
    if (measurement === '') return 'the measurement is missing'
    const tags: Record<string, string> = {}
    while (this.code() === comma) {
      this.at++
      const name = this.word(true)
      if (name === '') return 'a tag has no name'
      if (this.code() !== equals) return `the tag ${shown(name)} has no value`
      this.at++
      const value = this.word(true)
      if (value === '') return `the tag ${shown(name)} has no value`
      if (Object.hasOwn(tags, name)) return `the tag ${shown(name)} is there twice`
      set(tags, name, value)
      if (this.code() === equals) return `the tag ${shown(name)} has an = in its value; write it as \\=`
    }
    if (!this.skipSpaces()) return 'the fields are missing'
    const fields: Record<string, FieldValue> = {}
    do {
      if (this.code() === comma) this.at++
      const name = this.word(true)
      if (name === '') return 'a field has no name'
      if (this.code() !== equals) return `the field ${shown(name)} has no value`
      this.at++
      const value = this.value(name)
      if (typeof value === 'object') return value.problem
      set(fields, name, value)
    } while (this.code() === comma)
    if (this.atEnd()) return { measurement, tags, fields, time: undefined }
    if (!this.skipSpaces())
      return this.atEnd() ? { measurement, tags, fields, time: undefined } : 'a value is followed by more text'
    if (this.atEnd()) return { measurement, tags, fields, time: undefined }
    const time = this.until()
    this.skipSpaces()
    if (!this.atEnd()) return `there is more text after the time ${shown(time)}`
    const micros = microsOf(time, precision)
    if (micros === undefined) return `the time ${shown(time)} is not a whole number of ${precision} since 1970`
    return { measurement, tags, fields, time: micros }
  }

  private code(): number {
    return this.at < this.text.length ? this.text.charCodeAt(this.at) : newline
  }

  private atEnd(): boolean {
    const code = this.code()
    if (code !== 13) return code === newline
    return this.at + 1 >= this.text.length || this.text.charCodeAt(this.at + 1) === newline
  }

  private skipSpaces(): boolean {
    const from = this.at
    while (this.at < this.text.length && (this.code() === space || this.code() === 9)) this.at++
    return this.at > from && !this.atEnd()
  }

  /** To the next comma, space or end; to the next `=` too where that ends a name. */
  private word(equalsEnds: boolean): string {
    const from = this.at
    let escaped = false
    for (; this.at < this.text.length; this.at++) {
      const code = this.text.charCodeAt(this.at)
      if (code === backslash) {
        // A backslash before anything else is itself.
        const next = this.text.charCodeAt(this.at + 1)
        if (next === comma || next === space || next === equals) {
          escaped = true
          this.at++
        }
      } else if (code === comma || code === space || code === newline || (equalsEnds && code === equals)) break
    }
    const word = this.text.slice(from, this.at)
    return escaped ? word.replace(equalsEnds ? /\\([,= ])/g : /\\([, ])/g, '$1') : word
  }

  private until(): string {
    const from = this.at
    for (; this.at < this.text.length; this.at++) {
      const code = this.text.charCodeAt(this.at)
      if (code === comma || code === space || code === newline || code === 13) break
    }
    return this.text.slice(from, this.at)
  }

  private value(name: string): FieldValue | { readonly problem: string } {
    if (this.code() === quote) return this.quoted(name)
    const word = this.until()
    const last = word.at(-1)
    if (last === 'i' || last === 'u') {
      const digits = word.slice(0, -1)
      if (!integer.test(digits) || (last === 'u' && digits.startsWith('-'))) return unread(name, word)
      const whole = BigInt(digits)
      const bounds = last === 'i' ? ([-(2n ** 63n), 2n ** 63n - 1n] as const) : ([0n, 2n ** 64n - 1n] as const)
      if (whole < bounds[0] || whole > bounds[1]) return { problem: `the field ${shown(name)} is beyond 64 bits` }
      return Number(whole)
    }
    if (decimal.test(word)) {
      const number = Number(word)
      return Number.isFinite(number) ? number : { problem: `the field ${shown(name)} is too large a number` }
    }
    return truths[word] ?? unread(name, word)
  }

  private quoted(name: string): FieldValue | { readonly problem: string } {
    const from = ++this.at
    let escaped = false
    for (; this.at < this.text.length; this.at++) {
      const code = this.text.charCodeAt(this.at)
      if (code === backslash) {
        escaped = true
        this.at++
      } else if (code === quote) {
        const inside = this.text.slice(from, this.at++)
        return escaped ? inside.replace(/\\(["\\])/g, '$1') : inside
      }
    }
    this.open = true
    return { problem: `the text of the field ${shown(name)} is not closed with a quote` }
  }
}

/** Also for a name such as `__proto__`, which an assignment would lose. */
function set<Value>(record: Record<string, Value>, name: string, value: Value): void {
  if (name === '__proto__')
    Object.defineProperty(record, name, { value, enumerable: true, configurable: true, writable: true })
  else record[name] = value
}

const unread = (name: string, word: string) => ({
  problem:
    word === ''
      ? `the field ${shown(name)} has no value`
      : `the field ${shown(name)} is neither a number, true or false, nor a text in quotes: ${shown(word)}`,
})

/** A piece of the line for a person: no control characters, short. */
const shown = (text: string) => (text.length > 40 ? `${text.slice(0, 40)}…` : text).replace(/\p{Cc}/gu, '�')

/** Whole µs since the epoch, digits of ns cut off; `undefined` for what is no whole number in the range of InfluxDB. */
function microsOf(text: string, precision: TimePrecision): Micros | undefined {
  if (!/^-?\d{1,19}$/.test(text)) return undefined
  if (precision === 'ns') {
    if (text.startsWith('-')) return Number(-((-BigInt(text) + 999n) / 1000n))
    const whole = text.length < 4 ? 0 : Number(text.slice(0, -3))
    return Number.isSafeInteger(whole) ? whole : undefined
  }
  const micros = Number(text) * { us: 1, ms: 1000, s: 1_000_000 }[precision]
  return Number.isSafeInteger(micros) ? micros : undefined
}

/**
 * Writes one point as a line, without a newline at its end. Numbers are written as floats.
 *
 * @param point its names and tag values must not be empty, nor end in a backslash, nor hold a line break: the protocol
 * has no way to say that
 */
export function writeLine({ measurement, tags, fields, time }: LinePoint): string {
  const name = (text: string) => text.replace(/[,= ]/g, (found) => `\\${found}`)
  const value = (given: FieldValue) =>
    typeof given === 'string' ? `"${given.replace(/["\\]/g, (found) => `\\${found}`)}"` : String(given)
  const tagged = Object.entries(tags).map(([tag, text]) => `,${name(tag)}=${name(text)}`)
  const measured = Object.entries(fields).map(([field, given]) => `${name(field)}=${value(given)}`)
  const at = time === undefined ? '' : ` ${BigInt(time) * 1000n}`
  return `${measurement.replace(/[, ]/g, (found) => `\\${found}`)}${tagged.join('')} ${measured.join(',')}${at}`
}
