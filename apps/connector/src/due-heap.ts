/** A heap of things that are due at a time: one timer serves all of them. */
export type DueHeap<T> = {
  push(at: number, item: T): void
  /** The time of the first, or `undefined` when there is none. */
  readonly first: number | undefined
  /** Takes the first one out if it is due. */
  popDue(now: number): T | undefined
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
    get size() {
      return times.length
    },
  }
}
