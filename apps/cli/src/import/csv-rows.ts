/** Rows of a CSV text (RFC 4180): a quoted cell may hold the delimiter, quotes written twice, and ends of lines. */

export type CsvRow = { readonly line: number; readonly text: string; readonly cells: readonly string[] }
export type CsvRows = { readonly rows: CsvRow[]; readonly rest: string; readonly nextLine: number }

/** A row that is longer is taken as it is: a quote that is never closed must not hold back the rest of the file. */
const longestRow = 1_048_576

/** @param given `firstLine`: number of the text's first line; `ended`: nothing follows */
export function readCsvRows(
  text: string,
  { delimiter, firstLine, ended }: { delimiter: string; firstLine: number; ended: boolean },
): CsvRows {
  const rows: CsvRow[] = []
  let at = 0
  let line = firstLine
  while (at < text.length) {
    const stop = text.indexOf('\n', at)
    if (stop < 0 && !ended && text.length - at <= longestRow) break
    const end = stop < 0 ? text.length : stop
    const simple = withoutReturn(text.slice(at, end))
    if (!simple.includes('"')) {
      rows.push({ line, text: simple, cells: simple.split(delimiter) })
      at = end + 1
      line++
      continue
    }
    const quoted = readQuoted(text, at, delimiter)
    // A quote at the very end may be the first of two.
    const unfinished = !ended && (!quoted || quoted.end >= text.length) && text.length - at <= longestRow
    if (unfinished) break
    if (!quoted) {
      rows.push({ line, text: simple, cells: simple.split(delimiter) })
      at = end + 1
      line++
      continue
    }
    const whole = withoutReturn(text.slice(at, quoted.end))
    rows.push({ line, text: whole, cells: quoted.cells })
    line += whole.split('\n').length
    at = quoted.end + 1
  }
  return { rows, rest: text.slice(Math.min(at, text.length)), nextLine: line }
}

const withoutReturn = (text: string) => (text.endsWith('\r') ? text.slice(0, -1) : text)

/** One row with quoted cells; `undefined` when the text ends within one. */
function readQuoted(text: string, from: number, delimiter: string): { cells: string[]; end: number } | undefined {
  const cells: string[] = []
  let at = from
  for (;;) {
    let cell = ''
    if (text[at] === '"') {
      for (let open = at + 1; ; ) {
        const close = text.indexOf('"', open)
        if (close < 0) return undefined
        cell += text.slice(open, close)
        at = close + 1
        if (text[at] !== '"') break
        cell += '"'
        open = at + 1
      }
    }
    const begin = at
    while (at < text.length && text[at] !== delimiter && text[at] !== '\n') at++
    cell += text.slice(begin, at)
    if (text[at] === delimiter) {
      cells.push(cell)
      at++
      continue
    }
    cells.push(withoutReturn(cell))
    return { cells, end: at }
  }
}
