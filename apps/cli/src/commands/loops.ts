import { type ControlMode, controlModes } from '@nabolag/store/types'
import { type Command, InvalidArgumentError } from 'commander'
import { decimal, moment, wholeNumber } from '../arguments.ts'
import { say, sayJson, sayTable } from '../say.ts'
import { withStore } from '../stores.ts'
import { placeText } from './rooms.ts'

type Listed = {
  readonly loop?: number
  readonly from?: number
  readonly to?: number
  readonly sent?: boolean
  readonly limit: number
  readonly json?: boolean
}

/** The one command under which everything about control stands. */
export const controlCommand = (program: Command): Command =>
  program.commands.find((one) => one.name() === 'control') ??
  program.command('control').description('what is under control in a house, and what it does')

export function addLoops(program: Command): void {
  const control = controlCommand(program)

  control
    .command('list', { isDefault: true })
    .description('every control loop with what it did last; `nabolag control 3` is enough')
    .argument('<house>', 'its number', wholeNumber)
    .option('--json', 'as JSON')
    .action(async (houseId: number, { json }: { json?: boolean }) => {
      const { loops, rooms } = await withStore(async (_store, operator) => {
        const found = await operator.control(houseId)
        const newest = found.loops.map(({ id }) => operator.receipts(houseId, { loop: id, limit: 1 }))
        const last = await Promise.all(newest)
        return { rooms: found.rooms, loops: found.loops.map((loop, i) => ({ ...loop, last: last[i]?.[0] })) }
      })
      if (json) return sayJson(loops)
      sayWithSentence(
        ['loop', 'of', 'moves', 'mode', 'controller', 'last'],
        loops.map(({ id, kind, room, actuator, mode, pausedUntil, controller, last }) => [
          `${id}`,
          rooms.find((one) => one.id === room)?.name ?? kind,
          placeText(actuator),
          isPaused(pausedUntil) ? `${mode}, paused until ${timeText(pausedUntil)}` : mode,
          controller,
          last ? sentenceOf(last.receipt) : 'nothing yet',
        ]),
      )
    })

  control
    .command('mode')
    .description('observe only keeps a record, advise tells, control commands; it holds at once')
    .argument('<house>', 'its number', wholeNumber)
    .argument('<loop>', 'as `nabolag control <house>` shows it', wholeNumber)
    .argument('<mode>', controlModes.join(', '), modeOf)
    .option('--json', 'as JSON')
    .action(async (houseId: number, loopId: number, mode: ControlMode, { json }: { json?: boolean }) => {
      const loop = await withStore((_store, operator) => operator.changeLoop(houseId, loopId, { mode }))
      if (json) sayJson(loop)
      else say(`Loop ${loop.id} is in the mode ${loop.mode}.`)
    })

  control
    .command('pause')
    .description('nothing is commanded in a house for so long, but what frost and heat make necessary')
    .argument('<house>', 'its number', wholeNumber)
    .requiredOption('--hours <number>', '0 ends the pause', hours)
    .option('--json', 'as JSON')
    .action(async (houseId: number, given: { hours: number; json?: boolean }) => {
      const until = given.hours === 0 ? null : Date.now() + Math.round(given.hours * 3_600_000)
      const loops = await withStore((_store, operator) => operator.pauseControl(houseId, until))
      if (given.json) sayJson(loops)
      else if (loops.length === 0) say(`Nothing is under control in house ${houseId}.`)
      else say(until === null ? 'Control goes on.' : `Control pauses until ${timeText(until)}.`)
    })

  control
    .command('receipts')
    .description('what control decided, newest first, with its reasons')
    .argument('<house>', 'its number', wholeNumber)
    .option('--loop <number>', 'only of this loop', wholeNumber)
    .option('--from <time>', 'from then on, UTC', moment)
    .option('--to <time>', 'before then, UTC', moment)
    .option('--sent', 'only those that sent something')
    .option('--limit <number>', 'so many', wholeNumber, 20)
    .option('--json', 'as JSON')
    .action(async (houseId: number, { json, ...which }: Listed) => {
      const list = await withStore((_store, operator) => operator.receipts(houseId, which))
      if (json) return sayJson(list)
      sayWithSentence(
        ['time', 'loop', 'commands', 'what'],
        list.map(({ at, loop, receipt, commands }) => [
          timeText(at),
          `${loop}`,
          commands.map(({ verb, state }) => `${verb} ${state}`).join(', '),
          sentenceOf(receipt),
        ]),
      )
    })
}

/** A table whose last column is a sentence; on a terminal it stands below its row, in lines that fit. */
function sayWithSentence(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const { columns } = process.stdout
  if (columns === undefined) {
    sayTable(header, rows)
    return
  }
  for (const [n, row] of rows.entries()) {
    if (n > 0) say()
    const cells = row.slice(0, -1).map((cell, column) => (header[column] === 'loop' ? `loop ${cell}` : cell))
    for (const line of linesOf(cells.filter((cell) => cell !== '').join('  '), columns)) say(line)
    for (const line of linesOf(row.at(-1) ?? '', columns - 2)) say(`  ${line}`)
  }
}

/** Words of a text in lines of at most so many letters; a longer word has one of its own. */
export function linesOf(text: string, columns: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

const isPaused = (until: number | undefined): until is number => until !== undefined && until > Date.now()
const timeText = (millis: number) => `${new Date(millis).toISOString().slice(0, 16)}Z`
const sentenceOf = ({ sentence }: Readonly<Record<string, unknown>>) => (typeof sentence === 'string' ? sentence : '')

function modeOf(text: string): ControlMode {
  const mode = controlModes.find((one) => one === text)
  if (!mode) throw new InvalidArgumentError(`It must be ${controlModes.join(', ')}.`)
  return mode
}

function hours(text: string): number {
  const value = decimal(text)
  if (value < 0 || value > 24 * 60) throw new InvalidArgumentError('It must be 0 to 1440 hours.')
  return value
}
