/** Plain CSV: a header, a column with the time, and columns with values; our own export among them. */
import { type FieldValue, fieldOf, groupOf, Problem } from '@nabolag/core'
import { readCsvRows } from './csv-rows.ts'
import { type Given, type Reader, type Row, readValue } from './row.ts'
import { timeReader } from './times.ts'

export type PlainOptions = {
  /** Measurement group of every row, unless the file has a column `group`. */
  readonly group: string | undefined
  /** Name of the column with the time; guessed when absent. */
  readonly time: string | undefined
  /** IANA name; of times that say none. */
  readonly zone: string
  /** Column to field (or to `location`, `device_name`, `count`, `issued`, or `-` for nothing). */
  readonly map: Readonly<Record<string, string>>
}

type State = { line: number; delimiter: string; header: string[] | undefined }
type Target = { readonly kind: 'time' | 'issued' | 'group' | 'field' | 'value' | 'text' | 'tags' } | Column
type Column = { readonly kind: 'tag' | 'own'; readonly name: string }

const timeNames = ['time', '_time', 'timestamp', 'datetime', 'date', 'tid', 'tidspunkt', 'dato']
const tagNames: Readonly<Record<string, string>> = { device: 'device_name' }
const ours = new Set(['house_id', 'device_name', 'sensor_name', 'location', 'count'])
const delimiters = [';', '\t', ','] as const
const fieldName = /^[A-Za-z][A-Za-z0-9_]{0,62}$/

/**
 * @param before the state of a reader that had come so far
 * @throws ProblemError `bad-request` when the header does not tell enough, with the option that would
 */
export function readPlain(options: PlainOptions, before?: unknown): Reader & { readonly ignored: readonly string[] } {
  const state = (before as State | undefined) ?? { line: 1, delimiter: ',', header: undefined }
  const time = timeReader(options.zone)
  let ignored: string[] = []
  let targets: (Target | undefined)[] = []
  const plan = () => {
    const found = targetsOf(state.header ?? [], options)
    targets = found.targets
    ignored = found.ignored
  }
  if (state.header) plan()

  const givenOf = (cells: readonly string[]): Given | 'empty' | { problem: string } => {
    let group = options.group ?? ''
    let field = ''
    let value = ''
    let text = ''
    let at = ''
    let issued = ''
    const tags: Record<string, string> = {}
    const own: [string, string][] = []
    for (let column = 0; column < targets.length; column++) {
      const target = targets[column]
      const cell = cells[column] ?? ''
      if (!target || cell === '') continue
      if (target.kind === 'time') at = cell
      else if (target.kind === 'issued') issued = cell
      else if (target.kind === 'group') group = cell
      else if (target.kind === 'field') field = cell
      else if (target.kind === 'value') value = cell
      else if (target.kind === 'text') text = cell
      else if (target.kind === 'tag') tags[target.name] = cell
      else if (target.kind === 'own') own.push([target.name, cell])
      else if (!addTags(tags, cell)) return { problem: 'the column tags is not a JSON object of texts' }
    }
    if (field !== '') own.push([field, text || value])
    const fields: Record<string, FieldValue> = {}
    for (const [name, cell] of own) {
      // Where a semicolon stands between columns, a comma stands in numbers.
      const decimal = state.delimiter === ';' && /^-?\d+,\d+$/.test(cell) ? cell.replace(',', '.') : cell
      const read = readValue(decimal, fieldOf(group, name)?.type)
      if (read !== undefined) fields[name] = read
    }
    if (Object.keys(fields).length === 0) return 'empty'
    const micros = time(at)
    if (micros === undefined)
      return { problem: at === '' ? 'the time is empty' : `the time ${at.slice(0, 40)} cannot be read` }
    return { measurement: group, tags, fields, time: micros, ...(issued === '' ? {} : { issued }) }
  }

  return {
    get ignored() {
      return ignored
    },
    read(text, ended) {
      if (!state.header) state.delimiter = delimiterOf(text)
      const found = readCsvRows(text, { delimiter: state.delimiter, firstLine: state.line, ended })
      const rows: Row[] = []
      for (const { line, text: given, cells } of found.rows) {
        if (given.trim() === '' || given.startsWith('# line ')) continue
        if (!state.header) {
          state.header = cells.map((cell) => cell.trim())
          plan()
          continue
        }
        const outcome = givenOf(cells)
        if (outcome === 'empty') rows.push({ line, text: given, empty: true })
        else if ('problem' in outcome) rows.push({ line, text: given, ...outcome })
        else rows.push({ line, text: given, given: outcome })
      }
      state.line = found.nextLine
      return { rows, rest: found.rest }
    },
    state: () => structuredClone(state),
    heading: () => (state.header ?? []).map((cell) => quoted(cell, state.delimiter)).join(state.delimiter),
  }
}

const quoted = (cell: string, delimiter: string) =>
  cell.includes(delimiter) || cell.includes('"') ? `"${cell.replaceAll('"', '""')}"` : cell

/** What stands most often in the first line. */
function delimiterOf(text: string): string {
  const first = text.trimStart().split('\n', 1)[0] ?? ''
  const counts = delimiters.map((delimiter) => first.split(delimiter).length)
  return delimiters[counts.indexOf(Math.max(...counts))] ?? ','
}

function targetsOf(header: readonly string[], { group, time, map }: PlainOptions) {
  const missing = Object.keys(map).filter((column) => !header.includes(column))
  if (missing.length > 0)
    throw Problem('bad-request', `The file has no column ${missing.join(', ')} (it has ${header.join(', ')})`)
  const at = time ?? header.find((name) => timeNames.includes(name.toLowerCase()))
  if (at === undefined || !header.includes(at))
    throw Problem('bad-request', `Say with --time which column holds the time (there are ${header.join(', ')})`)
  const long = header.includes('field') && header.includes('value')
  const hasGroup = group === undefined && header.includes('group')
  if (group === undefined && !hasGroup)
    throw Problem('bad-request', 'Say with --group what the values are: airSensor, powerConsumption …')
  const known = group === undefined ? undefined : groupOf(group)
  const ignored: string[] = []
  const targets = header.map((name): Target | undefined => {
    const target = map[name]
    if (name === at) return { kind: 'time' }
    if (target === '-') return undefined
    if (target === 'issued' || (target === undefined && name === 'issued')) return { kind: 'issued' }
    if (target !== undefined) return ours.has(target) ? { kind: 'tag', name: target } : { kind: 'own', name: target }
    if (name === 'group' && hasGroup) return { kind: 'group' }
    if (long && (name === 'field' || name === 'value' || name === 'text')) return { kind: name }
    if (name === 'tags') return { kind: 'tags' }
    const tag = tagNames[name] ?? name
    if (ours.has(tag)) return { kind: 'tag', name: tag }
    const wanted = known ? Object.hasOwn(known.fields, name) : fieldName.test(name) && Object.keys(map).length === 0
    if (wanted && !long) return { kind: 'own', name }
    ignored.push(name)
    return undefined
  })
  if (!long && !targets.some((target) => target?.kind === 'own'))
    throw Problem(
      'bad-request',
      `No column is a field of ${group ?? 'its group'}. Say which is which with --map "column=field" (there are ${header.join(', ')})`,
    )
  return { targets, ignored }
}

function addTags(tags: Record<string, string>, cell: string): boolean {
  try {
    const read: unknown = JSON.parse(cell)
    if (typeof read !== 'object' || read === null) return false
    for (const [name, value] of Object.entries(read)) tags[name] = String(value)
    return true
  } catch {
    return false
  }
}
