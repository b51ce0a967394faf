/** Reads what is typed after options. What does not fit is a usage error, told by commander beside the option's name. */
import { Problem, ProblemError, parseTime } from '@nabolag/core'
import { InvalidArgumentError } from 'commander'

/** A whole number, not negative: house numbers, counts, limits. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

export function decimal(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.')
  return value
}

export const commaList = (text: string): string[] => text.split(',').map((part) => part.trim())

/** Comma-separated house numbers, given once or several times. */
export const houseList = (text: string, before: readonly number[] = []): number[] => [
  ...before,
  ...commaList(text).map(wholeNumber),
]

/** A time as ISO 8601; without a zone it is UTC. In ms since the epoch. */
export function moment(text: string): number {
  const time = parseTime(text)
  if (time === undefined)
    throw new InvalidArgumentError('It must be a time such as 2026-05-08T06:00 or 2026-05-08 (UTC).')
  return Math.floor(time / 1000)
}

/**
 * What a file of JSON holds, checked; whatever is wrong is told with the file's name.
 *
 * @throws ProblemError `bad-request`, and what `check` throws
 */
export async function readJsonFile<Checked>(path: string, check: (given: unknown) => Checked): Promise<Checked> {
  const { readFile } = await import('node:fs/promises')
  const text = await readFile(path, 'utf8')
  try {
    return check(JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError) throw Problem('bad-request', `${path} is not JSON: ${error.message}`)
    if (error instanceof ProblemError) throw Problem('bad-request', `${path}: ${error.detail}`)
    throw error
  }
}

/** Asks for a password without showing it, or takes the first line of standard input. */
export async function readPassword(fromStdin: boolean | undefined): Promise<string> {
  if (fromStdin) {
    const { createInterface } = await import('node:readline')
    for await (const line of createInterface({ input: process.stdin })) return line
    throw Problem('bad-request', 'Standard input holds no password')
  }
  if (!process.stdin.isTTY)
    throw Problem('bad-request', 'There is no terminal to ask for the password on; hand it over with --password-stdin')
  const { password } = await import('@inquirer/prompts')
  const context = { output: process.stderr }
  const first = await password({ message: 'Password (at least 10 characters)' }, context)
  const second = await password({ message: 'Again' }, context)
  if (first !== second) throw Problem('bad-request', 'The two passwords differ')
  return first
}
