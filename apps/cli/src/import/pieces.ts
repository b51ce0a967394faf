/** A file in pieces, unpacked where it is gzip, so that no file is too large. */
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'

export type Piece = {
  readonly text: string
  /** Bytes of the unpacked file up to the end of this piece. */
  readonly end: number
  /** Bytes of the file on the disk that were read for it: what progress is counted in. */
  readonly read: number
  readonly ended: boolean
}

const pieceBytes = 262_144

/**
 * @param from bytes of the unpacked file to leave out: the beginning of a line
 * @param encoding as `TextDecoder` knows it
 */
export async function* piecesOf(path: string, from: number, encoding: string): AsyncGenerator<Piece> {
  const packed = await isGzip(path)
  const file = createReadStream(path, { start: packed ? 0 : from, highWaterMark: 262_144 })
  const source = packed ? file.pipe(createGunzip()) : file
  // A failure of the file would otherwise not reach the reader of what is unpacked.
  if (packed) file.on('error', (error) => source.destroy(error))
  const decoder = new TextDecoder(encoding)
  const already = packed ? 0 : from
  let skip = packed ? from : 0
  let waiting: Buffer[] = []
  let size = 0
  let end = from
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      const bytes = chunk.subarray(Math.min(skip, chunk.length))
      skip -= chunk.length - bytes.length
      waiting.push(bytes)
      size += bytes.length
      if (size < pieceBytes) continue
      const all = Buffer.concat(waiting)
      // Cut where a line ends: there no character is cut, and a new start can be made.
      const cut = all.lastIndexOf(10) + 1
      if (cut === 0) {
        waiting = [all]
        continue
      }
      waiting = [all.subarray(cut)]
      size = all.length - cut
      end += cut
      yield { text: decoder.decode(all.subarray(0, cut)), end, read: already + file.bytesRead, ended: false }
    }
    const all = Buffer.concat(waiting)
    yield { text: decoder.decode(all), end: end + all.length, read: already + file.bytesRead, ended: true }
  } finally {
    file.destroy()
  }
}

/** The beginning of the file as text, unpacked: to see what it is. */
export async function beginningOf(path: string, encoding: string): Promise<string> {
  const stream = createReadStream(path, { end: 262_143 })
  const source = (await isGzip(path)) ? stream.pipe(createGunzip()) : stream
  const decoder = new TextDecoder(encoding)
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) return decoder.decode(chunk.subarray(0, 65_536))
    return ''
  } finally {
    stream.destroy()
    source.destroy()
  }
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await file.close()
  }
}
