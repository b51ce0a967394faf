import type { FileHandle } from 'node:fs/promises'
import { decodeRecord } from './record.ts'

/** How much of a file is read at once. */
export const readBytes = 262_144

/** Writes all of a buffer at that place; a file system may take it in parts. */
export async function writeWhole(file: FileHandle, buffer: Buffer, position: number): Promise<void> {
  for (let done = 0; done < buffer.length; ) {
    const { bytesWritten } = await file.write(buffer, done, buffer.length - done, position + done)
    done += bytesWritten
  }
}

/** At most so many bytes from `offset` on, and none after `end`. */
export async function readPart(file: FileHandle, offset: number, end: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(bytes, end - offset))
  const { bytesRead } = await file.read(buffer, 0, buffer.length, offset)
  return buffer.subarray(0, bytesRead)
}

/** How many whole records the file begins with, their bytes, and the time of the last one (ms since epoch). */
export async function measureRecords(
  file: FileHandle,
  total: number,
  mostBytes: number,
): Promise<{ count: number; size: number; lastTime: number }> {
  const whole = { count: 0, size: 0, lastTime: 0 }
  let part = await readPart(file, 0, total, readBytes)
  let from = 0
  while (whole.size < total) {
    const decoded = decodeRecord(part, from, mostBytes)
    if (decoded === undefined) break
    if (typeof decoded === 'number') {
      if (whole.size + decoded > total) break
      part = await readPart(file, whole.size, total, Math.max(decoded, readBytes))
      from = 0
      continue
    }
    from += decoded.bytes
    whole.size += decoded.bytes
    whole.count += 1
    whole.lastTime = decoded.time
  }
  return whole
}
