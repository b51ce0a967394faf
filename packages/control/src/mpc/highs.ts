/**
 * HiGHS (MIT, compiled to WebAssembly, one thread) as a `Solver`. A model that is not disposed stays in memory for
 * ever, so a session owns at most one and frees it on `close`.
 */
import highsModule, { type Highs } from 'highs'
import type { Program, Session, Solution, Solver } from './solver.ts'

type Model = ReturnType<Highs['createModel']>
type Kept = { readonly model: Model; program: Program }

// The package's types are those of its CommonJS entry, where the loader is one level deeper than here.
const loadHighs = highsModule as unknown as typeof highsModule.default

let loading: Promise<Highs> | undefined

/** Loads the solver, once in a thread (50 to 70 ms). */
export async function loadSolver(): Promise<Solver> {
  loading ??= loadHighs()
  const highs: Highs = await loading
  return { open: (seconds = 2) => openSession(highs, seconds) }
}

function openSession(highs: Highs, longest: number): Session {
  let kept: Kept | undefined
  const forget = () => {
    kept?.model.dispose()
    kept = undefined
  }
  const solve = (program: Program, asked = longest): Solution => {
    const seconds = Math.min(asked, longest)
    try {
      // A mixed-integer program is rare and of another shape each time.
      const warm = kept && program.whole.length === 0 && sameShape(kept.program, program)
      if (kept && warm) {
        change(kept.model, kept.program, program)
        kept.model.options.set({ time_limit: seconds })
        kept.program = program
      } else {
        forget()
        kept = { model: create(highs, program, seconds), program }
      }
      const solution = run(highs, kept.model, program)
      if (solution.status === 'optimal' || !warm) return solution
      // A start that misled the solver must not cost the plan.
      forget()
      kept = { model: create(highs, program, seconds), program }
      return run(highs, kept.model, program)
    } catch (error) {
      const because = `The solver failed: ${error instanceof Error ? error.message : String(error)}`
      try {
        forget()
      } catch {
        kept = undefined
      }
      return { status: 'failed', because }
    }
  }
  return { solve, forget, close: forget }
}

function create(highs: Highs, program: Program, seconds: number): Model {
  const { columns: numCols, rows: numRows } = program
  const model = highs.createModel()
  try {
    // Presolve costs more than it saves here, and leaves no basis to begin from the next time.
    const presolve = program.whole.length > 0 ? 'on' : 'off'
    model.options.set({ output_flag: false, time_limit: seconds, presolve, mip_rel_gap: 0.005 })
    model.passModel({
      numCols,
      numRows,
      sense: highs.constants.objectiveSense.minimize,
      colCost: program.costs,
      colLower: program.columnLower,
      colUpper: program.columnUpper,
      rowLower: program.rowLower,
      rowUpper: program.rowUpper,
      matrix: {
        format: 'csc',
        numCols,
        numRows,
        starts: program.starts,
        indices: program.indices,
        values: program.values,
      },
      ...(program.whole.length > 0 && { integrality: wholeColumns(highs, program) }),
    })
    return model
  } catch (error) {
    model.dispose()
    throw error
  }
}

const wholeColumns = (highs: Highs, { columns, whole }: Program): Int32Array => {
  const { continuous, integer } = highs.constants.variableType
  const types = new Int32Array(columns).fill(continuous)
  for (const column of whole) types[column] = integer
  return types
}

function run(highs: Highs, model: Model, program: Program): Solution {
  const { optimal, infeasible, unbounded, unboundedOrInfeasible, timeLimit } = highs.constants.modelStatus
  model.zeroAllClocks()
  model.run()
  const status = model.getModelStatus()
  // Out of time, but with whole numbers that fit: not the best plan, but one that holds.
  const fits = status === timeLimit && program.whole.length > 0 && model.info.get('primal_solution_status') === 2
  if (status === optimal || fits) {
    const { colValue, colDual, rowDual } = model.getSolution()
    const objective = model.getObjectiveValue()
    if (!Number.isFinite(objective)) return { status: 'failed', because: 'The solver gave no number' }
    return {
      status: 'optimal',
      objective,
      values: colValue,
      duals: program.whole.length > 0 ? new Float64Array(0) : rowDual,
      reducedCosts: program.whole.length > 0 ? new Float64Array(0) : colDual,
    }
  }
  if (status === timeLimit) return { status: 'time-out', because: 'The solver ran out of time' }
  if (status === infeasible || status === unboundedOrInfeasible)
    return { status: 'infeasible', because: 'The limits cannot all be kept' }
  if (status === unbounded) return { status: 'unbounded', because: 'The cost has no lower limit' }
  return { status: 'failed', because: `The solver ended with status ${status}` }
}

const equal = (a: Int32Array, b: Int32Array) => {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let n = 0; n < a.length; n++) if (a[n] !== b[n]) return false
  return true
}

const sameShape = (a: Program, b: Program) =>
  a.columns === b.columns &&
  a.rows === b.rows &&
  a.whole.length === 0 &&
  equal(a.starts, b.starts) &&
  equal(a.indices, b.indices)

/** Changes only what differs; the solver keeps its basis. */
function change(model: Model, from: Program, to: Program): void {
  const all = (length: number) => ({ kind: 'range' as const, from: 0, to: length - 1 })
  model.changeColsCost(all(to.columns), to.costs)
  model.changeColsBounds(all(to.columns), to.columnLower, to.columnUpper)
  if (to.rows > 0) model.changeRowsBounds(all(to.rows), to.rowLower, to.rowUpper)
  for (let column = 0; column < to.columns; column++) {
    for (let n = to.starts[column]!; n < to.starts[column + 1]!; n++) {
      const value = to.values[n]!
      if (value !== from.values[n]) model.changeCoefficient(to.indices[n]!, column, value)
    }
  }
}
