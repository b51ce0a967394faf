import { beforeAll, expect, test } from 'vitest'
import { ProgramBuilder } from './builder.ts'
import { loadSolver, type Solver } from './index.ts'

let solver: Solver
beforeAll(async () => {
  solver = await loadSolver()
})

const program = (limit: number, price: number) => {
  const build = new ProgramBuilder()
  const chairs = build.column(-30 * price)
  const tables = build.column(-50 * price)
  const wood = build.row(Number.NEGATIVE_INFINITY, 40)
  const work = build.row(Number.NEGATIVE_INFINITY, limit)
  for (const [row, a, b] of [
    [wood, 1, 2],
    [work, 2, 1],
  ] as const) {
    build.put(row, chairs, a)
    build.put(row, tables, b)
  }
  return build.build()
}

test('an optimum worked out by hand, and again from where it ended', () => {
  const session = solver.open()
  try {
    expect(session.solve(program(50, 1))).toMatchObject({ status: 'optimal', objective: expect.closeTo(-1100, 8) })
    // Work for 50 is worth (2 * 30 - 50) / 3 more an hour.
    expect(session.solve(program(53, 1))).toMatchObject({ objective: expect.closeTo(-1110, 8) })
    expect(session.solve(program(50, 2))).toMatchObject({ objective: expect.closeTo(-2200, 8) })
  } finally {
    session.close()
  }
})

test('what has no answer is told, not thrown', () => {
  const session = solver.open()
  try {
    const build = new ProgramBuilder()
    build.put(build.row(2), build.column(1, 0, 1), 1)
    expect(session.solve(build.build()).status).toBe('infeasible')
    const open = new ProgramBuilder()
    open.put(open.row(Number.NEGATIVE_INFINITY, 5), open.column(1), 1)
    open.column(-1)
    expect(session.solve(open.build()).status).toBe('unbounded')
    expect(session.solve({ ...build.build(), costs: new Float64Array([Number.NaN]) }).status).not.toBe('optimal')
  } finally {
    session.close()
  }
})
