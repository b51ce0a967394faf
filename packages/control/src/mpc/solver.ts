/** What a linear or mixed-integer program is here, and what solves it. HiGHS (`highs.ts`) is behind it. */

/** `minimise costs·x` with `rowLower <= A x <= rowUpper` and `columnLower <= x <= columnUpper`; A by columns. */
export type Program = {
  readonly columns: number
  readonly rows: number
  readonly costs: Float64Array
  readonly columnLower: Float64Array
  readonly columnUpper: Float64Array
  readonly rowLower: Float64Array
  readonly rowUpper: Float64Array
  /** Where each column begins in `indices` and `values`; `columns + 1` long. */
  readonly starts: Int32Array
  /** Row of each value; rising within a column. */
  readonly indices: Int32Array
  readonly values: Float64Array
  /** Columns that must be whole numbers; none makes it a linear program. */
  readonly whole: readonly number[]
}

export type Solution =
  | {
      readonly status: 'optimal'
      readonly objective: number
      /** Value of each column. */
      readonly values: Float64Array
      /** By how much the objective rises with each row's limit; empty for a mixed-integer program. */
      readonly duals: Float64Array
      /** The same of each column's limit. */
      readonly reducedCosts: Float64Array
    }
  | { readonly status: 'time-out' | 'infeasible' | 'unbounded' | 'failed'; readonly because: string }

/** Solves programs one after another, beginning each where the last ended when they have the same shape. */
export type Session = {
  /**
   * Never throws. Blocks: it belongs in a worker thread where others wait.
   *
   * @param seconds longest time for this program, where less than the session's
   */
  solve(program: Program, seconds?: number): Solution
  /** Forgets the last program: the next one is solved from nothing. */
  forget(): void
  /** Frees the memory of the solver; the session is of no use afterwards. */
  close(): void
}

export type Solver = {
  /** @param seconds longest time of one solve, s */
  open(seconds?: number): Session
}
