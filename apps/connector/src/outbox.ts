/** What waits to be published: bounded, the oldest goes first when there is no room, and every loss is counted. */
export type Publisher = {
  publish(topic: string, message: string): Promise<void>
  readonly connected: boolean
}

export type Outbox = {
  put(topic: string, payload: string, samples: number): void
  readonly waiting: number
  /** Samples that were dropped for want of room, ever. */
  readonly dropped: number
  readonly published: number
  /** Waits until all is out, or for so long (ms). */
  drain(patience: number): Promise<void>
  close(): void
}

type Entry = { readonly topic: string; readonly payload: string; readonly samples: number }

const onTheWay = 500
const retryAfter = 1000
/** So often it is looked whether the broker went or came, while nothing moves, ms. */
const lookEvery = 1000

export type OutboxGiven = {
  readonly bus: Publisher
  /** Called with `true` when the broker takes less than comes in, and with `false` when there is room again. */
  readonly onFull: (full: boolean) => void
  readonly onDrop: (samples: number) => void
  readonly messages?: number
  readonly characters?: number
}

export function makeOutbox({ bus, onFull, onDrop, messages = 50_000, characters = 64 * 2 ** 20 }: OutboxGiven): Outbox {
  let queue: (Entry | undefined)[] = []
  let head = 0
  let size = 0
  let flying = 0
  let dropped = 0
  let published = 0
  let full = false
  let closed = false

  const length = () => queue.length - head
  const shift = (): Entry | undefined => {
    if (length() === 0) return undefined
    const entry = queue[head]!
    queue[head++] = undefined
    if (head > 1024 && head * 2 > queue.length) {
      queue = queue.slice(head)
      head = 0
    }
    size -= entry.payload.length
    return entry
  }
  const judge = () => {
    // While the broker is gone the newest measurements are worth more than the oldest: go on collecting.
    const share = Math.max(length() / messages, size / characters)
    const now = bus.connected && (full ? share > 0.1 : share > 0.5)
    if (now === full) return
    full = now
    onFull(full)
  }
  const pump = () => {
    while (!closed && flying < onTheWay) {
      const entry = shift()
      if (!entry) break
      flying++
      bus
        .publish(entry.topic, entry.payload)
        .then(
          () => {
            published += entry.samples
          },
          () =>
            new Promise<void>((resolve) => {
              if (closed) return resolve()
              put(entry)
              setTimeout(resolve, retryAfter)
            }),
        )
        .finally(() => {
          flying--
          pump()
        })
    }
    judge()
  }
  const put = (entry: Entry) => {
    queue.push(entry)
    size += entry.payload.length
    while (length() > messages || size > characters) {
      const oldest = shift()
      if (!oldest) break
      dropped += oldest.samples
      onDrop(oldest.samples)
    }
  }

  const looker = setInterval(judge, lookEvery)
  looker.unref()

  return {
    put(topic, payload, samples) {
      put({ topic, payload, samples })
      pump()
    },
    get waiting() {
      return length() + flying
    },
    get dropped() {
      return dropped
    },
    get published() {
      return published
    },
    async drain(patience) {
      const deadline = Date.now() + patience
      while (length() + flying > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20))
    },
    close() {
      closed = true
      clearInterval(looker)
    },
  }
}
