import { readFile, writeFile } from 'node:fs/promises'
import type { Contender, HouseSetup, Source } from '@nabolag/control'
import { Problem } from '@nabolag/core'
import { type Command, InvalidArgumentError } from 'commander'
import { commaList, decimal, moment, wholeNumber } from '../arguments.ts'
import type { Run } from '../replay/run.ts'
import { note, say, sayJson, sayTable } from '../say.ts'
import { withStore, withTimeSeries } from '../stores.ts'

type Options = {
  readonly house?: number
  readonly simulated?: number | true
  readonly twin?: boolean
  readonly from: number
  readonly to: number
  readonly controller?: string
  readonly compare?: readonly string[]
  readonly settings?: unknown
  readonly minutes: number
  readonly warmUp: number
  readonly seed: number
  readonly intensity?: string
  readonly plot?: string
  readonly json?: boolean
  readonly series?: boolean
}

const minute = 60_000
const hour = 60 * minute
/** A year, and the night after it. */
const longest = 367 * 24 * hour

function jsonObject(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new InvalidArgumentError('It must be JSON, such as \'{"priceGain": 1}\'.')
  }
}

export function addControl(program: Command): void {
  const control = program
    .command('control')
    .description('what is under control in a house, and what control would have done there')
  control
    .command('replay')
    .description('runs the controls over a stretch of the past, on what was logged or on a twin of the house')
    .option('--house <number>', 'the house', wholeNumber)
    .option('--simulated [number]', 'a made-up house instead, 3, 4 or 5; needs no server', wholeNumber)
    .requiredOption('--from <time>', 'as 2026-01-01 or 2026-01-01T06:00 (UTC)', moment)
    .requiredOption('--to <time>', 'before', moment)
    .option(
      '--twin',
      'a twin of the house, which answers to commands, in the weather and at the prices that were logged',
    )
    .option('--controller <name>', 'of the heating; each loop’s own when left out')
    .option('--compare <names>', 'several of them, separated by commas, one after another', commaList)
    .option('--settings <json>', 'of the control', jsonObject)
    .option('--minutes <number>', 'between turns', decimal, 5)
    .option('--warm-up <hours>', 'lived through before it counts; a twin only', decimal, 24)
    .option('--seed <number>', 'other luck; with --simulated other weather and prices too', wholeNumber, 2023)
    .option('--intensity <file>', 'CSV of time and gCO₂/kWh, for the emissions')
    .option('--plot <file>', 'writes a page with everything that happened')
    .option('--json', 'as JSON')
    .option('--series', 'with --json: every step as well')
    .addHelpText(
      'after',
      `
Without --twin nothing is moved: it shows what was, and what the controls would have sent.

Examples:
  $ nabolag control replay --simulated --from 2026-01-01 --to 2026-01-08 \\
      --compare schedule,price-responsive-pi:careful,model-predictive --plot week.html
  $ nabolag control replay --house 3 --from 2026-01-01 --to 2026-02-01 --twin --compare schedule,model-predictive
  $ nabolag control replay --house 3 --from 2026-01-12 --to 2026-01-13 --controller model-predictive --json`,
    )
    .action(replayControl)
}

async function replayControl(options: Options): Promise<void> {
  const { house, simulated, from, to, minutes } = options
  if ((house === undefined) === (simulated === undefined))
    throw Problem('bad-request', 'Say which house: --house NUMBER, or --simulated for a made-up one')
  if (!(to > from)) throw Problem('bad-request', '--to must be after --from')
  if (to - from > longest) throw Problem('bad-request', 'A replay is at most a year long')
  if (!(minutes >= 1 && minutes <= 60) || 60 % minutes !== 0)
    throw Problem('bad-request', '--minutes must divide the hour: 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60')
  if (!(options.warmUp >= 0 && options.warmUp <= 24 * 14))
    throw Problem('bad-request', '--warm-up must be between 0 and 336 hours')
  const { contenders, intensity } = { contenders: await contendersOf(options), intensity: await intensityOf(options) }
  const run = async (setup: HouseSetup, sourceOf: (own: HouseSetup) => Source | Promise<Source>, warmUp: number) => {
    const { runAll } = await import('../replay/run.ts')
    const runs = await runAll({
      ...{ setup, contenders, from, to, step: minutes * minute, warmUp, sourceOf, intensity },
      onProgress: showProgress(),
    })
    await tell(setup, runs, options)
  }
  const warmUp = Math.round(options.warmUp * 60) * minute
  if (house === undefined) {
    const { simulatedHouse, simulatedNumbers, simulatedTwin } = await import('@nabolag/simulators/twin/index')
    const number = simulated === true ? 5 : (simulated ?? 5)
    if (!simulatedNumbers.includes(number))
      throw Problem('bad-request', `There is no simulated house ${number}; there are ${simulatedNumbers.join(', ')}`)
    const given = { from: from - warmUp, to, seed: options.seed }
    return run(simulatedHouse(number).setup, (setup) => simulatedTwin(number, { ...given, setup }), warmUp)
  }
  const setup = await setupOfHouse(house)
  await withTimeSeries(async (timeseries) => {
    if (options.twin) {
      const { twinsOf } = await import('../replay/house-twin.ts')
      const twinOf = await twinsOf(timeseries, setup, { from: from - warmUp, to }, options.seed)
      return run(setup, twinOf, warmUp)
    }
    const { loggedSource } = await import('../replay/logged.ts')
    return run(setup, (own) => loggedSource(timeseries, own, { from, to }, minutes * minute), 0)
  })
}

async function setupOfHouse(house: number): Promise<HouseSetup> {
  const { readSetup } = await import('@nabolag/house-data')
  const { setup, leftOut } = await withStore(async (_store, operator) =>
    readSetup(await operator.house(house), await operator.control(house)),
  )
  for (const sentence of leftOut) note(`${sentence}.`)
  if (setup.loops.length === 0)
    throw Problem(
      'bad-request',
      `House ${house} has nothing under control yet: its owner maps rooms and devices on its page`,
    )
  return setup
}

async function contendersOf({ controller, compare, settings }: Options): Promise<readonly Contender[]> {
  const { contenderOf } = await import('@nabolag/control')
  if (compare && controller !== undefined)
    throw Problem('bad-request', 'Either one --controller, or several with --compare')
  if (compare && settings !== undefined)
    throw Problem('bad-request', 'Settings belong to one control: give --settings with --controller')
  if (compare) return compare.map((label) => contenderOf(label))
  if (controller !== undefined) return [contenderOf(controller, settings)]
  if (settings !== undefined) throw Problem('bad-request', 'Say whose settings they are with --controller')
  return [{ label: 'as it is' }]
}

/** Values hold until the next one. */
async function intensityOf({ intensity }: Options): Promise<((at: number) => number | null) | undefined> {
  if (intensity === undefined) return undefined
  const rows = (await readFile(intensity, 'utf8')).split(/\r?\n/).flatMap((line) => {
    const [time = '', grams = ''] = line.split(/[,;]/)
    const at = Date.parse(time)
    return grams.trim() === '' || Number.isNaN(at) || !Number.isFinite(Number(grams))
      ? []
      : [{ at, grams: Number(grams) }]
  })
  if (rows.length === 0)
    throw Problem('bad-request', `${intensity} has no line of a time and gCO₂/kWh, such as 2026-01-01T00:00Z,28`)
  const sorted = rows.toSorted((a, b) => a.at - b.at)
  return (at) => sorted.findLast((row) => row.at <= at)?.grams ?? null
}

/** To people who watch; how far it is, now and then. */
function showProgress(): ((label: string, share: number) => void) | undefined {
  if (!process.stderr.isTTY) return undefined
  return (label, share) => process.stderr.write(`\r\u001b[K${label}: ${Math.round(100 * share)} %`)
}

async function tell(setup: HouseSetup, runs: readonly Run[], options: Options): Promise<void> {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  const { tableOf, turnsTable } = await import('../replay/table.ts')
  const first = runs[0]?.replay
  const span = [options.from, options.to].map((at) => new Date(at).toISOString().slice(0, 16)).join(' to ')
  if (options.plot !== undefined) {
    const { plotPage } = await import('../replay/plot.ts')
    await writeFile(options.plot, plotPage(setup, runs, `${setup.name}, ${span} UTC, on ${first?.source ?? 'nothing'}`))
  }
  if (options.json) {
    sayJson({
      ...{ house: { id: setup.id, name: setup.name }, from: options.from, to: options.to, source: first?.source },
      runs: runs.map(({ label, saved, replay }) => ({
        ...{ controller: label, keyFigures: replay.figures, rooms: replay.rooms, ...(saved && { saved }) },
        ...{ turns: replay.turns, outcomes: replay.outcomes, moves: replay.moves },
        receipts: replay.receipts,
        plans: replay.plans,
        ...(options.series && { steps: replay.steps }),
      })),
    })
    return
  }
  say(`${setup.name}, ${span} UTC, on ${first?.source ?? 'nothing'}.`)
  say()
  for (const { header, rows } of [tableOf(runs), turnsTable(runs)]) {
    sayTable(header, rows)
    say()
  }
  if (first && first.figures.known < 1)
    say(`Temperatures are known for ${(100 * first.figures.known).toFixed(0)} % of the time.`)
  if (first && !first.answers)
    say('Nothing was moved: the figures are those of what was. --twin lets the house answer.')
  if (options.plot !== undefined) note(`${options.plot} is written.`)
}
