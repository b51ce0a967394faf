/** What the command line says: lines for people on standard output, JSON where asked, failures on standard error. */
import { Problem, ProblemError, problemBody, problems, type WhoCanMend } from '@nabolag/core'

/** An error whose exit code other programs go by. */
export class ExitError extends Error {
  readonly exitCode: number
  constructor(exitCode: number, message: string) {
    super(message)
    this.name = 'ExitError'
    this.exitCode = exitCode
  }
}

export const say = (line = ''): void => {
  process.stdout.write(`${line}\n`)
}

/** To people only: standard output stays for the result. */
export const note = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

export const sayJson = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(value, null, process.stdout.isTTY ? 2 : 0)}\n`)
}

/** Rows below each other, columns as wide as they need to be. */
export function sayTable(header: readonly string[], rows: readonly (readonly unknown[])[]): void {
  const cells = [header, ...rows].map((row) => row.map((cell) => String(cell ?? '')))
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  for (const row of cells)
    say(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
}

const whoText: Record<WhoCanMend, string> = {
  you: 'You can mend this.',
  owner: 'The owner of the house, or an admin, can mend this.',
  operator: 'Whoever runs this server can mend this; `nabolag doctor` tells more.',
  vendor: 'Only the vendor can mend this.',
  developer: 'This should not happen: please report it, with the lines above.',
}

/** Tells what went wrong, and returns the exit code that goes with it. */
export function reportFailure(error: unknown, json: boolean): number {
  if (error instanceof ExitError) {
    note(error.message)
    return error.exitCode
  }
  // Ctrl-C in a question.
  if (error instanceof Error && error.name === 'ExitPromptError') return 130
  const problem = error instanceof ProblemError ? error : toProblem(error)
  if (json) process.stderr.write(`${JSON.stringify(problemBody(problem))}\n`)
  else {
    note(`nabolag: ${problem.detail ?? problems[problem.code].title}`)
    if (problems[problem.code].who !== 'you') note(`  ${whoText[problems[problem.code].who]}`)
  }
  return 1
}

function toProblem(error: unknown): ProblemError {
  const { code, message, stack } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC') return Problem('disk-full')
  if (code === 'EACCES' || code === 'ENOENT' || code === 'EISDIR' || code === 'EROFS')
    return Problem('bad-request', message)
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'ETIMEDOUT') return Problem('engine-down', message)
  if (stack) note(stack)
  return Problem('internal-error', message)
}
