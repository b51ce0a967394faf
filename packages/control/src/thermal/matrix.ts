/** Small dense matrices, as rows. Two to six states: nothing here is meant for more. */

export type Matrix = readonly (readonly number[])[]

export const identity = (size: number): Matrix =>
  Array.from({ length: size }, (_, row) => Array.from({ length: size }, (_, column) => (row === column ? 1 : 0)))

export const multiply = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0]!.map((_, column) => row.reduce((sum, value, inner) => sum + value * b[inner]![column]!, 0)))

const add = (a: Matrix, b: Matrix): Matrix => a.map((row, i) => row.map((value, j) => value + b[i]![j]!))
const scale = (a: Matrix, by: number): Matrix => a.map((row) => row.map((value) => value * by))

/**
 * The exponential of a square matrix: scaled until its norm is at most 1/2, Taylor of order 12, squared back. Relative
 * error near the precision of a double for matrices of this size.
 */
export function expm(a: Matrix): Matrix {
  const norm = Math.max(...a.map((row) => row.reduce((sum, value) => sum + Math.abs(value), 0)))
  const squarings = norm > 0.5 ? Math.ceil(Math.log2(norm / 0.5)) : 0
  const small = scale(a, 2 ** -squarings)
  let term = identity(a.length)
  let sum = term
  for (let order = 1; order <= 12; order++) {
    term = scale(multiply(term, small), 1 / order)
    sum = add(sum, term)
  }
  for (let n = 0; n < squarings; n++) sum = multiply(sum, sum)
  return sum
}
