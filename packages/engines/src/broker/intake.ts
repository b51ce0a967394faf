import type { Socket } from 'node:net'
import type { BrokerLimits } from './limits.ts'

export type IntakeLimits = Pick<
  BrokerLimits,
  'packetBytes' | 'qos0PerSecond' | 'bytesPerSecond' | 'patienceSeconds' | 'unsentBytes'
>

export type Intake = {
  /** Raises the rates by this factor (for the system's own account). */
  trust(factor: number): void
}

const mostConnectBytes = 65_536
const pauseMillis = 50

/**
 * Stands between a socket and the MQTT parser. A packet that is too long closes the connection before it is kept; a
 * connection that sends faster than it may is read more slowly; QoS 0 messages that keep coming too fast are dropped
 * unparsed; and what a client does not read stops what is read from it.
 *
 * aedes takes from a socket by `read()` and looks at what `write()` returns. Both are replaced on this socket: `read` gives
 * what may pass, `write` never asks to wait, because aedes would let the publishers wait for the slowest subscriber.
 *
 * @param onViolation called once, with the reason; the connection is closed then
 */
export function guardIntake(
  socket: Socket,
  limits: IntakeLimits,
  { onViolation, onDropped }: { onViolation: (reason: string) => void; onDropped: (messages: number) => void },
): Intake {
  const read = socket.read.bind(socket)
  const write = socket.write.bind(socket) as (...given: unknown[]) => boolean
  let factor = 1
  let messages = limits.qos0PerSecond
  let bytes = limits.bytesPerSecond
  let refilledAt = performance.now()
  let held: Buffer | undefined
  /** The held bytes are the start of a packet whose length is not known yet. */
  let isHeadShort = false
  let leftOfPacket = 0
  let isDropping = false
  let isFirst = true
  let isViolated = false
  let slowedSince: number | undefined
  let timer: NodeJS.Timeout | undefined

  const refill = () => {
    const now = performance.now()
    const seconds = (now - refilledAt) / 1_000
    refilledAt = now
    messages = Math.min(limits.qos0PerSecond * factor, messages + limits.qos0PerSecond * factor * seconds)
    bytes = Math.min(limits.bytesPerSecond * factor, bytes + limits.bytesPerSecond * factor * seconds)
    if (messages > limits.qos0PerSecond * factor * 0.5) slowedSince = undefined
  }

  const pause = () => {
    timer ??= setTimeout(() => {
      timer = undefined
      if (!socket.destroyed) socket.emit('readable')
    }, pauseMillis)
  }

  const violate = (reason: string) => {
    if (isViolated) return
    isViolated = true
    onViolation(reason)
    socket.destroy()
  }

  /** What of the data may pass now; the rest is held, or dropped. */
  const sift = (data: Buffer): Buffer | null => {
    const passing: Buffer[] = []
    let from = 0
    let at = 0
    let dropped = 0
    while (at < data.length) {
      if (leftOfPacket > 0) {
        const taken = Math.min(leftOfPacket, data.length - at)
        if (isDropping) {
          if (at > from) passing.push(data.subarray(from, at))
          from = at + taken
        }
        leftOfPacket -= taken
        at += taken
        continue
      }
      const total = packetLength(data, at)
      if (total === undefined) {
        held = data.subarray(at)
        isHeadShort = true
        break
      }
      const head = data[at]!
      if (isFirst && (head !== 0x10 || total > mostConnectBytes)) {
        violate('not a CONNECT')
        return null
      }
      isFirst = false
      if (total > limits.packetBytes) {
        violate(total === Infinity ? 'malformed length' : 'packet too long')
        return null
      }
      isDropping = false
      if ((head & 0xf6) === 0x30) {
        if (messages < 1) {
          slowedSince ??= performance.now()
          if (performance.now() - slowedSince < limits.patienceSeconds * 1_000) {
            held = data.subarray(at)
            isHeadShort = false
            pause()
            break
          }
          isDropping = true
          dropped += 1
        } else messages -= 1
      }
      leftOfPacket = total
    }
    if (dropped > 0) onDropped(dropped)
    const end = held === undefined ? data.length : at
    if (end > from) passing.push(data.subarray(from, end))
    return passing.length === 0 ? null : passing.length === 1 ? passing[0]! : Buffer.concat(passing)
  }

  const take = (): Buffer | null => {
    if (isViolated) return null
    refill()
    if (bytes <= 0 || socket.writableLength > limits.unsentBytes) {
      pause()
      return null
    }
    let data: Buffer | null
    if (held !== undefined && !isHeadShort) data = held
    else {
      data = read() as Buffer | null
      if (data === null) return null
      bytes -= data.length
      if (held !== undefined) data = Buffer.concat([held, data])
    }
    held = undefined
    return sift(data)
  }

  socket.read = (size?: number) => (size === 0 ? read(0) : take())
  socket.write = (...given: unknown[]) => {
    write(...given)
    return true
  }
  socket.once('close', () => clearTimeout(timer))
  return {
    trust(times) {
      factor = times
      messages = limits.qos0PerSecond * factor
      bytes = limits.bytesPerSecond * factor
    },
  }
}

/** The whole length of the packet that starts there; undefined when not enough of it is there; Infinity when it has none. */
export function packetLength(data: Buffer, from: number): number | undefined {
  let length = 0
  for (let byte = 0; byte < 4; byte++) {
    const value = data[from + 1 + byte]
    if (value === undefined) return undefined
    length += (value & 0x7f) * 128 ** byte
    if ((value & 0x80) === 0) return length + byte + 2
  }
  return Infinity
}
