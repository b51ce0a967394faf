/** The least of a smooth function of a few variables. */

export type Minimum = { readonly at: number[]; readonly value: number; readonly rounds: number }

/** Central differences; a step of 1e-5 suits variables of the size of one. */
export function gradient(f: (x: readonly number[]) => number, x: readonly number[], step = 1e-5): number[] {
  const moved = [...x]
  return x.map((value, n) => {
    moved[n] = value + step
    const up = f(moved)
    moved[n] = value - step
    const down = f(moved)
    moved[n] = value
    return (up - down) / (2 * step)
  })
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, n) => sum + value * b[n]!, 0)

/**
 * BFGS with numeric gradients and a step that is halved until it pays. A value that is not finite counts as very bad.
 *
 * @param longest largest change of a variable in one round
 */
export function minimise(
  f: (x: readonly number[]) => number,
  start: readonly number[],
  { rounds = 150, longest = 1 }: { rounds?: number; longest?: number } = {},
): Minimum {
  const safe = (x: readonly number[]) => {
    const value = f(x)
    return Number.isFinite(value) ? value : 1e12
  }
  const size = start.length
  const unit = () => start.map((_, i) => start.map((_, j) => (i === j ? 1 : 0)))
  let inverse = unit()
  let x = [...start]
  let value = safe(x)
  let slope = gradient(safe, x)
  let round = 0
  let calm = 0
  for (; round < rounds && calm < 2; round++) {
    let direction = inverse.map((row) => -dot(row, slope))
    if (dot(direction, slope) >= 0) {
      inverse = unit()
      direction = slope.map((part) => -part)
    }
    const reach = Math.max(...direction.map(Math.abs))
    if (!(reach > 0)) break
    let length = Math.min(1, longest / reach)
    const fall = dot(direction, slope)
    let next = x
    let nextValue = value
    for (let halvings = 0; halvings < 25; halvings++) {
      const tried = x.map((part, n) => part + length * direction[n]!)
      const triedValue = safe(tried)
      if (triedValue <= value + 1e-4 * length * fall) {
        next = tried
        nextValue = triedValue
        break
      }
      length /= 2
    }
    const gained = value - nextValue
    calm = gained < 1e-7 * (1 + Math.abs(value)) ? calm + 1 : 0
    if (next === x) {
      // The curvature misled: once more along the slope, then enough.
      inverse = unit()
      continue
    }
    const nextSlope = gradient(safe, next)
    const moved = next.map((part, n) => part - x[n]!)
    const turned = nextSlope.map((part, n) => part - slope[n]!)
    const curvature = dot(moved, turned)
    if (curvature > 1e-12) {
      const through = inverse.map((row) => dot(row, turned))
      const factor = (1 + dot(turned, through) / curvature) / curvature
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++)
          inverse[i]![j]! +=
            factor * moved[i]! * moved[j]! - (through[i]! * moved[j]! + moved[i]! * through[j]!) / curvature
    }
    x = next
    value = nextValue
    slope = nextSlope
  }
  return { at: x, value, rounds: round }
}

/** Second derivatives by central differences. */
export function curvature(f: (x: readonly number[]) => number, x: readonly number[], step = 1e-3): number[][] {
  const moved = [...x]
  const at = (i: number, a: number, j: number, b: number) => {
    moved[i]! += a
    moved[j]! += b
    const value = f(moved)
    moved[i] = x[i]!
    moved[j] = x[j]!
    return value
  }
  const middle = f(x)
  const matrix = x.map(() => x.map(() => 0))
  for (let i = 0; i < x.length; i++) {
    matrix[i]![i] = (at(i, step, i, 0) - 2 * middle + at(i, -step, i, 0)) / step ** 2
    for (let j = 0; j < i; j++) {
      const mixed =
        (at(i, step, j, step) - at(i, step, j, -step) - at(i, -step, j, step) + at(i, -step, j, -step)) /
        (4 * step ** 2)
      matrix[i]![j] = mixed
      matrix[j]![i] = mixed
    }
  }
  return matrix
}

/** Inverse of a symmetric positive matrix; `undefined` when it is not positive. */
export function invert(matrix: readonly (readonly number[])[]): number[][] | undefined {
  const size = matrix.length
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))])
  for (let pivot = 0; pivot < size; pivot++) {
    const divisor = rows[pivot]![pivot]!
    // Without exchanging rows every pivot of a positive matrix is positive.
    if (!(divisor > 1e-14)) return undefined
    for (let n = 0; n < 2 * size; n++) rows[pivot]![n]! /= divisor
    for (let other = 0; other < size; other++) {
      if (other === pivot) continue
      const factor = rows[other]![pivot]!
      for (let n = 0; n < 2 * size; n++) rows[other]![n]! -= factor * rows[pivot]![n]!
    }
  }
  return rows.map((row) => row.slice(size))
}
