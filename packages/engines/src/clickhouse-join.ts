/**
 * chDB gives a streamed result in pieces, each a whole document of the format. These make one document of them again.
 * Only formats that have a joiner are streamed; all others are answered at once.
 */
type Join = (piece: Buffer, first: boolean) => Buffer

/** Formats whose documents can simply follow each other. */
const plain = new Set([
  ...['JSONEachRow', 'NDJSON', 'JSONLines', 'JSONCompactEachRow', 'JSONStringsEachRow', 'JSONCompactStringsEachRow'],
  ...['TabSeparated', 'TSV', 'CSV', 'RowBinary', 'Native', 'TSKV', 'LineAsString', 'RawBLOB'],
])
/** Formats with names (and types) on the first lines. */
const headed: Readonly<Record<string, number>> = {
  CSVWithNames: 1,
  TabSeparatedWithNames: 1,
  TSVWithNames: 1,
  CSVWithNamesAndTypes: 2,
  TabSeparatedWithNamesAndTypes: 2,
  TSVWithNamesAndTypes: 2,
  JSONCompactEachRowWithNames: 1,
  JSONCompactEachRowWithNamesAndTypes: 2,
}

export type Joiner = { readonly join: Join; readonly end: () => Buffer }

/** What joins the pieces of a format, or `undefined` where they cannot be joined. */
export function joinerOf(format: string): Joiner | undefined {
  if (plain.has(format)) return { join: (piece) => piece, end: () => empty }
  const lines = headed[format]
  if (lines !== undefined)
    return { join: (piece, first) => (first ? piece : skipLines(piece, lines)), end: () => empty }
  if (format === 'ArrowStream') {
    let any = false
    return {
      join: (piece, first) => {
        any = true
        return arrowBody(piece, first)
      },
      end: () => (any ? endOfStream : empty),
    }
  }
  return undefined
}

const empty = Buffer.alloc(0)

function skipLines(piece: Buffer, lines: number): Buffer {
  let at = 0
  for (let i = 0; i < lines; i++) at = piece.indexOf(0x0a, at) + 1
  return piece.subarray(at)
}

const endOfStream = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])

/** An Arrow IPC stream without its end, and (but for the first) without its schema: Arrow's "Encapsulated message format". */
function arrowBody(piece: Buffer, first: boolean): Buffer {
  const end = piece.subarray(-8).equals(endOfStream) ? piece.length - 8 : piece.length
  const schemaEnd = 8 + piece.readInt32LE(4)
  return piece.subarray(first ? 0 : schemaEnd, end)
}
