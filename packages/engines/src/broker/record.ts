import { crc32 } from 'node:zlib'

/** One journalled message. `time` is ms since epoch; `bytes` its size on disk. */
export type JournalRecord = {
  readonly sequence: number
  readonly topic: string
  readonly payload: Buffer
  readonly qos: 1 | 2
  readonly time: number
  readonly bytes: number
}

const headBytes = 8
const fixedBytes = 11

/** Length and CRC32 of the body; then the body: time (f64), QoS (u8), length of the topic (u16), topic, payload. */
export function encodeRecord(topic: string, payload: Buffer, qos: 1 | 2, time: number): Buffer {
  const name = Buffer.from(topic)
  const record = Buffer.allocUnsafe(headBytes + fixedBytes + name.length + payload.length)
  record.writeUInt32LE(record.length - headBytes, 0)
  record.writeDoubleLE(time, 8)
  record.writeUInt8(qos, 16)
  record.writeUInt16LE(name.length, 17)
  name.copy(record, headBytes + fixedBytes)
  payload.copy(record, headBytes + fixedBytes + name.length)
  record.writeUInt32LE(crc32(record.subarray(headBytes)), 4)
  return record
}

export type Decoded = Omit<JournalRecord, 'sequence'>

/**
 * The record that starts at `from`. A number says how many bytes from there are needed to read it (more than there
 * are); `undefined` that what stands there is no whole record.
 */
export function decodeRecord(buffer: Buffer, from: number, mostBytes: number): Decoded | number | undefined {
  const there = buffer.length - from
  if (there < headBytes) return headBytes
  const length = buffer.readUInt32LE(from)
  if (length < fixedBytes || length > mostBytes) return undefined
  const bytes = headBytes + length
  if (there < bytes) return bytes
  const body = buffer.subarray(from + headBytes, from + bytes)
  if (crc32(body) !== buffer.readUInt32LE(from + 4)) return undefined
  const nameBytes = body.readUInt16LE(9)
  if (fixedBytes + nameBytes > length) return undefined
  return {
    time: body.readDoubleLE(0),
    qos: body.readUInt8(8) === 2 ? 2 : 1,
    topic: body.toString('utf8', fixedBytes, fixedBytes + nameBytes),
    payload: body.subarray(fixedBytes + nameBytes),
    bytes,
  }
}
