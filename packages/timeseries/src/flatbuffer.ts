/** As much of the FlatBuffers format as the metadata of an Arrow stream needs; each value after what refers to it. */

/** A field of a table: its number in the schema, and what it holds. */
export type Field = readonly [number, Value]
export type Value =
  | { readonly int8: number }
  | { readonly int16: number }
  | { readonly int64: number }
  | { readonly text: string }
  | { readonly table: readonly Field[] }
  | { readonly tables: readonly (readonly Field[])[] }
  /** A vector of structs of two 64-bit numbers each. */
  | { readonly pairs: readonly (readonly [number, number])[] }

const most = 2048

/** The buffer of one root table, its length a multiple of 8. */
export function flatBuffer(root: readonly Field[]): Buffer {
  const bytes = Buffer.alloc(most)
  let end = 4
  const align = (to: number) => {
    end = Math.ceil(end / to) * to
  }
  const writeTable = (fields: readonly Field[]): number => {
    const slots = Math.max(-1, ...fields.map(([id]) => id)) + 1
    align(2)
    const vtable = end
    end += 4 + 2 * slots
    align(4)
    const table = end
    bytes.writeInt32LE(table - vtable, table)
    end += 4
    const places = fields.map(([id, value]) => {
      align(sizeOf(value))
      const place = end
      bytes.writeUInt16LE(place - table, vtable + 4 + 2 * id)
      end += sizeOf(value)
      return { place, value }
    })
    bytes.writeUInt16LE(4 + 2 * slots, vtable)
    bytes.writeUInt16LE(end - table, vtable + 2)
    for (const { place, value } of places) write(value, place)
    return table
  }
  const write = (value: Value, place: number): void => {
    if ('int8' in value) bytes.writeInt8(value.int8, place)
    else if ('int16' in value) bytes.writeInt16LE(value.int16, place)
    else if ('int64' in value) bytes.writeBigInt64LE(BigInt(value.int64), place)
    else refer(place, 'table' in value ? writeTable(value.table) : writeVector(value))
  }
  const refer = (place: number, target: number) => bytes.writeUInt32LE(target - place, place)
  const writeVector = (value: Exclude<Value, { int8: number } | { int16: number } | { int64: number }>): number => {
    align(4)
    // The length stands right before the items, which are aligned as they need it.
    if ('pairs' in value) while ((end + 4) % 8 !== 0) end += 4
    const start = end
    end += 4
    if ('text' in value) {
      const length = bytes.write(value.text, end)
      bytes.writeUInt32LE(length, start)
      end += length + 1
    } else if ('pairs' in value) {
      bytes.writeUInt32LE(value.pairs.length, start)
      for (const number of value.pairs.flat()) end = bytes.writeBigInt64LE(BigInt(number), end)
    } else if ('tables' in value) {
      bytes.writeUInt32LE(value.tables.length, start)
      const places = value.tables.map((_, index) => start + 4 + 4 * index)
      end += 4 * places.length
      for (const [index, fields] of value.tables.entries()) refer(places[index] ?? 0, writeTable(fields))
    }
    return start
  }
  refer(0, writeTable(root))
  align(8)
  return bytes.subarray(0, end)
}

const sizeOf = (value: Value) => ('int8' in value ? 1 : 'int16' in value ? 2 : 'int64' in value ? 8 : 4)
