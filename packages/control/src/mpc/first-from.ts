/** Index of the first of some points in order that is at or after a time; their number where none is. */
export function firstFrom(points: readonly { readonly at: number }[], at: number): number {
  let low = 0
  let high = points.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (points[middle]!.at < at) low = middle + 1
    else high = middle
  }
  return low
}
