/**
 * The very same programs in what a user would pick instead: Python with SciPy's HiGHS, compiled for this machine. Both in
 * one run, so that the machine and what else it does are the same.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { clean } from '@nabolag/control/mpc/clean'
import { formulate, usualWeights } from '@nabolag/control/mpc/formulate'
import { evenGrid, type Solver } from '@nabolag/control/mpc/index'
import { onePlan } from './plans.ts'
import { viewOf } from './views.ts'

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

type Answer = { readonly milp: number; readonly linprog: number; readonly objective: number; readonly other: number }

/** @returns `undefined` where there is no Python with SciPy */
async function solveInPython(lines: readonly string[]): Promise<{ version: unknown; answers: Answer[] } | undefined> {
  const python = spawn('python3', [join(import.meta.dirname, 'linprog.py')], { stdio: ['pipe', 'pipe', 'ignore'] })
  const failed = once(python, 'error').then(() => true)
  const ended = once(python, 'close').then(() => false)
  const said: unknown[] = []
  createInterface({ input: python.stdout }).on('line', (line) => said.push(JSON.parse(line)))
  // A Python without SciPy is gone before it has read anything.
  python.stdin.on('error', () => {})
  for (const line of lines) python.stdin.write(`${line}\n`)
  python.stdin.end()
  if (await Promise.race([failed, ended])) return undefined
  const [version, ...answers] = said
  return answers.length === lines.length ? { version, answers: answers as Answer[] } : undefined
}

/** Times of one plan of one room, 48 h at 15 min, here and there; the ratio is theirs over ours. */
export async function besidePython(solver: Solver, battery: boolean, rounds: number) {
  const grid = evenGrid(48, 0.25)
  const programs = Array.from(
    { length: rounds },
    (_, turn) => formulate(clean(viewOf(grid, 1, battery, turn + 5)), usualWeights).program,
  )
  const lines = programs.map((program) =>
    // Typed arrays become lists, and what is infinite a number that JSON can write.
    JSON.stringify(program, (_, value) => {
      if (ArrayBuffer.isView(value)) return [...(value as Float64Array)]
      return value === Number.POSITIVE_INFINITY ? 1e30 : value === Number.NEGATIVE_INFINITY ? -1e30 : value
    }),
  )
  const there = await solveInPython(lines)
  if (!there) return 'there is no Python with SciPy on this machine: left out'
  const session = solver.open()
  const differences: number[] = []
  try {
    for (const [n, program] of programs.entries()) {
      session.forget()
      const solution = session.solve(program)
      if (solution.status !== 'optimal') throw new Error(`a program of the bench has no optimum: ${solution.because}`)
      const theirs = there.answers[n]!.objective
      differences.push(Math.abs(solution.objective - theirs) / Math.max(1, Math.abs(theirs)))
    }
  } finally {
    session.close()
  }
  const ours = onePlan(solver, 1, battery, rounds)
  const theirs = Math.min(median(there.answers.map((a) => a.milp)), median(there.answers.map((a) => a.linprog)))
  return {
    version: there.version,
    // Only the call of the solver, the quicker of two ways into it; ours is the whole plan, from the view to the reasons.
    theirs,
    ours: { cold: ours.cold.median, warm: ours.warm.median },
    ratio: { cold: theirs / ours.cold.median, warm: theirs / ours.warm.median },
    largestDifference: Math.max(...differences),
  }
}
