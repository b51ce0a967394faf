/**
 * The Arrow IPC stream of a table with two columns, `time` (µs, UTC) and `value` (float64), neither with nulls: a message
 * with the schema, one with the rows, the end. The format: "Serialization and Interprocess Communication" in Arrow's
 * columnar specification, and its `Message.fbs` and `Schema.fbs`, whose numbers stand here.
 */
import { type Field, flatBuffer } from './flatbuffer.ts'
import type { Block } from './hot-blocks.ts'

const version5 = 4
const headers = { schema: 1, recordBatch: 3 } as const
const types = { floatingPoint: 3, timestamp: 10 } as const
const double = 2
const microsecond = 2
const continuation = 0xffffffff
export const arrowEnd = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])

function message(header: keyof typeof headers, fields: readonly Field[], bodyLength: number): Buffer {
  const metadata = flatBuffer([
    [3, { int64: bodyLength }],
    [2, { table: fields }],
    [0, { int16: version5 }],
    [1, { int8: headers[header] }],
  ])
  const prefix = Buffer.alloc(8)
  prefix.writeUInt32LE(continuation, 0)
  prefix.writeUInt32LE(metadata.length, 4)
  return Buffer.concat([prefix, metadata])
}

const column = (name: string, type: number, details: readonly Field[]): readonly Field[] => [
  [0, { text: name }],
  [1, { int8: 0 }],
  [2, { int8: type }],
  [3, { table: details }],
  [5, { tables: [] }],
]

export const arrowHead = message(
  'schema',
  [
    [
      1,
      {
        tables: [
          column('time', types.timestamp, [
            [0, { int16: microsecond }],
            [1, { text: 'UTC' }],
          ]),
          column('value', types.floatingPoint, [[0, { int16: double }]]),
        ],
      },
    ],
  ],
  0,
)

/** @param pieces one after the other in time */
export const arrowStream = (pieces: readonly Block[]): Buffer =>
  Buffer.concat([arrowHead, arrowBatch(pieces), arrowEnd])

/** One record batch, nothing where there are no rows. A stream is the head, any number of batches, and the end. */
export function arrowBatch(pieces: readonly Block[]): Buffer {
  const rows = pieces.reduce((sum, { times }) => sum + times.length, 0)
  if (rows === 0) return Buffer.alloc(0)
  const size = rows * 8
  const head = message(
    'recordBatch',
    [
      [0, { int64: rows }],
      // Of each column the rows and how many are null; then its marks of nulls (none) and its numbers: place and size.
      [
        1,
        {
          pairs: [
            [rows, 0],
            [rows, 0],
          ],
        },
      ],
      [
        2,
        {
          pairs: [
            [0, 0],
            [0, size],
            [size, 0],
            [size, size],
          ],
        },
      ],
    ],
    2 * size,
  )
  // Memory of its own, so that the columns lie on multiples of 8.
  const batch = Buffer.allocUnsafeSlow(head.length + 2 * size)
  batch.set(head)
  const halves = new Uint32Array(batch.buffer, head.length, 2 * rows)
  const values = new Float64Array(batch.buffer, head.length + size, rows)
  let at = 0
  for (const piece of pieces) {
    for (let index = 0; index < piece.times.length; index++) {
      const time = piece.times[index] ?? 0
      const high = Math.floor(time / 2 ** 32)
      halves[2 * (at + index)] = time - high * 2 ** 32
      halves[2 * (at + index) + 1] = high
    }
    values.set(piece.values, at)
    at += piece.times.length
  }
  return batch
}
