/** Things that are due at a time: a heap of them, and the one timer that serves all. */
export type DueHeap<T> = {
  push(at: number, item: T): void
  /** The time of the first, or `undefined` when there is none. */
  readonly first: number | undefined
  /** Takes the first one out if it is due. */
  popDue(now: number): T | undefined
  /** Makes all of them due so much (ms) sooner. */
  advance(by: number): void
  readonly size: number
}

/** Items that are not wanted any more stay in until they are due; who pops them has to look. */
export function makeDueHeap<T>(): DueHeap<T> {
  const times: number[] = []
  const items: T[] = []
  const swap = (a: number, b: number) => {
    const time = times[a]!
    const item = items[a]!
    times[a] = times[b]!
    items[a] = items[b]!
    times[b] = time
    items[b] = item
  }
  return {
    push(at, item) {
      times.push(at)
      items.push(item)
      let place = times.length - 1
      while (place > 0) {
        const parent = (place - 1) >> 1
        if (times[parent]! <= times[place]!) break
        swap(parent, place)
        place = parent
      }
    },
    get first() {
      return times[0]
    },
    popDue(now) {
      if (times.length === 0 || times[0]! > now) return undefined
      swap(0, times.length - 1)
      times.pop()
      const item = items.pop()
      let place = 0
      for (;;) {
        const left = 2 * place + 1
        if (left >= times.length) break
        const right = left + 1
        const least = right < times.length && times[right]! < times[left]! ? right : left
        if (times[place]! <= times[least]!) break
        swap(place, least)
        place = least
      }
      return item
    },
    advance(by) {
      for (let place = 0; place < times.length; place++) times[place]! -= by
    },
    get size() {
      return times.length
    },
  }
}

/** Hands over what is due, the earliest first. */
export type Agenda<T> = { plan(at: number, item: T): void; close(): void }

/** So often it is looked whether the clock was put back, and by so much at least, ms. */
const longestLook = 60_000
const leastStep = 5000

/**
 * `onDue` gets all that is due in one go, each with the time it was planned for. When the clock is put back, what was
 * planned before comes as soon as it would have come.
 */
export function makeAgenda<T>(onDue: (due: readonly { readonly at: number; readonly item: T }[]) => void): Agenda<T> {
  const heap = makeDueHeap<{ readonly at: number; readonly item: T }>()
  const offsetNow = () => Date.now() - performance.now()
  let offset = offsetNow()
  let timer: NodeJS.Timeout | undefined
  let timerAt = Number.POSITIVE_INFINITY
  let closed = false
  const followClock = () => {
    const step = offset - offsetNow()
    offset -= step
    if (step < leastStep) return
    heap.advance(step)
    timerAt -= step
  }
  const wake = () => {
    const { first } = heap
    if (closed || first === undefined || first >= timerAt) return
    clearTimeout(timer)
    timerAt = first
    timer = setTimeout(tick, Math.min(longestLook, Math.max(0, first - Date.now())))
  }
  const tick = () => {
    timerAt = Number.POSITIVE_INFINITY
    followClock()
    const now = Date.now()
    const due: { at: number; item: T }[] = []
    for (;;) {
      const entry = heap.popDue(now)
      if (entry === undefined) break
      due.push(entry)
    }
    onDue(due)
    wake()
  }
  return {
    plan(at, item) {
      followClock()
      heap.push(at, { at, item })
      wake()
    },
    close() {
      closed = true
      clearTimeout(timer)
    },
  }
}
