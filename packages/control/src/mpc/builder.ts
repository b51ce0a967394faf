/** Puts a program together, row by row and column by column. */
import type { Program } from './solver.ts'

export class ProgramBuilder {
  readonly costs: number[] = []
  readonly #columnLower: number[] = []
  readonly #columnUpper: number[] = []
  readonly #rowLower: number[] = []
  readonly #rowUpper: number[] = []
  readonly #row: number[] = []
  readonly #column: number[] = []
  readonly #value: number[] = []
  readonly #whole: number[] = []

  /** @returns the column's number */
  column(cost: number, lower = 0, upper = Number.POSITIVE_INFINITY): number {
    this.#columnLower.push(lower)
    this.#columnUpper.push(upper)
    return this.costs.push(cost) - 1
  }

  /** A column that is 0 or 1. */
  choice(): number {
    const column = this.column(0, 0, 1)
    this.#whole.push(column)
    return column
  }

  /** @returns the row's number */
  row(lower: number, upper = lower): number {
    this.#rowLower.push(lower)
    return this.#rowUpper.push(upper) - 1
  }

  setRow(row: number, lower: number, upper: number): void {
    this.#rowLower[row] = lower
    this.#rowUpper[row] = upper
  }

  /** Each row and column at most once. Zeros are kept, so that the shape does not hang on the values. */
  put(row: number, column: number, value: number): void {
    this.#row.push(row)
    this.#column.push(column)
    this.#value.push(value)
  }

  build(): Program {
    const columns = this.costs.length
    const count = this.#row.length
    const starts = new Int32Array(columns + 1)
    for (const column of this.#column) starts[column + 1]!++
    for (let column = 0; column < columns; column++) starts[column + 1]! += starts[column]!
    const next = starts.slice(0, columns)
    const indices = new Int32Array(count)
    const values = new Float64Array(count)
    for (let n = 0; n < count; n++) {
      const at = next[this.#column[n]!]!++
      indices[at] = this.#row[n]!
      values[at] = this.#value[n]!
    }
    return {
      columns,
      rows: this.#rowLower.length,
      costs: Float64Array.from(this.costs),
      columnLower: Float64Array.from(this.#columnLower),
      columnUpper: Float64Array.from(this.#columnUpper),
      rowLower: Float64Array.from(this.#rowLower),
      rowUpper: Float64Array.from(this.#rowUpper),
      starts,
      indices,
      values,
      whole: this.#whole,
    }
  }
}
