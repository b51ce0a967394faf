/**
 * InfluxDB's annotated CSV, as its query page and `influx query --raw` write it and `influx write` reads it: tables below
 * each other, each with its annotations (`#datatype`, `#group`, `#default`) and its header; one row a field, or pivoted.
 */
import { type FieldValue, fieldOf } from '@nabolag/core'
import { type CsvRow, readCsvRows } from './csv-rows.ts'
import { type Given, type Reader, type Row, readValue } from './row.ts'
import { timeReader } from './times.ts'

type State = {
  line: number
  datatype: string[]
  group: string[]
  default: string[]
  constants: [kind: string, ...rest: string[]][]
  header: string[] | undefined
  /** The annotations and the header as they stand in the file. */
  heading: string[]
}
type Role = 'skip' | 'time' | 'issued' | 'measurement' | 'field' | 'value' | 'tag' | 'own' | 'error'

const ours = new Set(['house_id', 'device_name', 'sensor_name', 'location', 'count'])
const skipped = new Set(['', 'result', 'table', '_start', '_stop'])
const fresh = (line: number): State => ({
  line,
  datatype: [],
  group: [],
  default: [],
  constants: [],
  header: undefined,
  heading: [],
})

/** @param before the state of a reader that had come so far */
export function readAnnotated(before?: unknown): Reader {
  let state = (before as State | undefined) ?? fresh(1)
  let roles: Role[] = rolesOf(state)
  const time = timeReader('UTC')

  const annotate = ({ text, cells: [first = '', ...others] }: CsvRow) => {
    // After a table's rows, an annotation begins the next table.
    if (state.header) state = fresh(state.line)
    state.heading.push(text)
    const [name = '', ...rest] = first.split(' ')
    // `influx write` has it before the first column, the answers of queries in a column of its own.
    const list = rest.length > 0 ? [rest.join(' '), ...others] : ['', ...others]
    if (name === '#datatype') state.datatype = list
    else if (name === '#group') state.group = list
    else if (name === '#default') state.default = list
    else if (name === '#constant')
      state.constants.push(list.filter((cell) => cell !== '') as State['constants'][number])
    else state.heading.pop()
  }

  const givenOf = (cells: readonly string[]): Given | 'empty' | { problem: string } => {
    const { header = [], datatype } = state
    let measurement = ''
    let field = ''
    let value = ''
    let valueType = ''
    let at: string | undefined
    let issued: string | undefined
    const tags: Record<string, string> = {}
    const own: [string, string, string][] = []
    for (const [kind, ...rest] of state.constants)
      if (kind === 'measurement') measurement = rest[0] ?? ''
      else if (kind === 'tag' && rest[0]) tags[rest[0]] = rest[1] ?? ''
    for (let column = 0; column < header.length; column++) {
      const name = header[column]!
      const text = cells[column] || state.default[column] || ''
      switch (roles[column]) {
        case 'time':
          at = text
          break
        case 'issued':
          issued = text
          break
        case 'measurement':
          measurement = text
          break
        case 'field':
          field = text
          break
        case 'value':
          value = text
          valueType = datatype[column] ?? ''
          break
        case 'tag':
          if (text !== '') tags[name] = text
          break
        case 'own':
          own.push([name, text, datatype[column] ?? ''])
          break
        case 'error':
          if (text !== '') return { problem: `InfluxDB says: ${text}` }
      }
    }
    if (roles.includes('value')) {
      if (field === '') return { problem: '_field is empty' }
      own.push([field, value, valueType])
    }
    const fields: Record<string, FieldValue> = {}
    let measured = false
    for (const [name, text, type] of own) {
      const read = readValue(text, typeOf(type, measurement, name))
      if (read === undefined) continue
      fields[name] = read
      measured = true
    }
    if (!measured) return 'empty'
    if (measurement === '') return { problem: 'there is no _measurement' }
    const micros = at === undefined ? undefined : time(at)
    if (micros === undefined)
      return { problem: at ? `the time ${at.slice(0, 40)} cannot be read` : 'there is no _time' }
    return { measurement, tags, fields, time: micros, ...(issued ? { issued } : {}) }
  }

  return {
    read(text, ended) {
      const found = readCsvRows(text, { delimiter: ',', firstLine: state.line, ended })
      const rows: Row[] = []
      for (const row of found.rows) {
        const { line, text: given, cells } = row
        if (cells.length === 1 && cells[0]!.trim() === '') {
          // A table's end, when it had rows.
          if (state.header) state = fresh(state.line)
        } else if (cells[0]!.startsWith('#')) annotate(row)
        else if (!state.header) {
          state.header = [...cells]
          state.heading.push(given)
          roles = rolesOf(state)
          if (!roles.includes('time') && !roles.includes('error'))
            rows.push({ line, text: given, problem: 'a table without a column _time: none of its rows is read' })
        } else if (roles.includes('time') || roles.includes('error')) {
          const outcome = givenOf(cells)
          if (outcome === 'empty') rows.push({ line, text: given, empty: true })
          else if ('problem' in outcome) rows.push({ line, text: given, ...outcome })
          else rows.push({ line, text: given, given: outcome })
        } else rows.push({ line, text: given, problem: 'its table has no column _time' })
      }
      state.line = found.nextLine
      return { rows, rest: found.rest }
    },
    state: () => structuredClone(state),
    heading: () => state.heading.join('\n'),
  }
}

function rolesOf({ header = [], datatype, group }: State): Role[] {
  const pivoted = !header.includes('_value')
  const hasTime = header.includes('_time')
  return header.map((name, column) => {
    const type = datatype[column] ?? ''
    if (name === 'error' && pivoted && header.includes('reference')) return 'error'
    if (type === 'ignored' || type === 'ignore') return 'skip'
    if (name === '_time') return 'time'
    if (name === '_issued' || name === 'issued') return 'issued'
    if (type === 'measurement' || name === '_measurement') return 'measurement'
    if (type === 'tag') return 'tag'
    if (type === 'field') return 'own'
    if (skipped.has(name)) return 'skip'
    if (!hasTime && (type.startsWith('dateTime') || (type === '' && name === 'time'))) return 'time'
    if (name === '_field') return 'field'
    if (name === '_value') return 'value'
    if (!pivoted || ours.has(name) || group[column] === 'true') return 'tag'
    return 'own'
  })
}

function typeOf(datatype: string, measurement: string, field: string) {
  if (datatype.startsWith('bool')) return 'boolean'
  if (datatype.startsWith('string')) return 'text'
  if (/^(double|long|unsignedLong)/.test(datatype)) return 'number'
  return fieldOf(measurement, field)?.type
}
