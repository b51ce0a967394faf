import type { HouseSetup, Source } from '@nabolag/control'
import { Problem } from '@nabolag/core'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { commaList, decimal, moment, wholeNumber } from '../arguments.ts'
import type { OwnInputs } from '../replay/inputs.ts'
import { note } from '../say.ts'
import { withStore, withTimeSeries } from '../stores.ts'

type Options = OwnInputs & {
  readonly house?: number
  readonly houseFile?: string
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
    .option('--house-file <json>', 'a house of your own instead, as docs/replay.md describes it; needs no server')
    .requiredOption('--from <time>', 'as 2026-01-01 or 2026-01-01T06:00 (UTC)', moment)
    .requiredOption('--to <time>', 'before', moment)
    .option(
      '--twin',
      'a twin of the house, which answers to commands, in the weather and at the prices that were logged',
    )
    .option('--prices <csv>', 'your own prices for a twin: a column of times and one such as NOK/kWh')
    .option('--price-column <name>', 'which column, where there are several')
    .option('--price-unit <unit>', 'NOK/kWh, øre/kWh, EUR/MWh or the like, where the column does not say it')
    .option('--rate <NOK>', 'for one EUR (SEK, DKK), where the prices are in that', decimal)
    .option('--final-prices', 'they are all that a kWh costs: no grid tariff, tax, VAT or support comes on top')
    .option('--weather <csv>', 'your own weather for a twin: times, temperature_c, and irradiance_w_m2 if known')
    .option('--time-zone <name>', 'of times in files that name no zone, such as Europe/Oslo')
    .addOption(
      new Option('--forecast <how>', 'of the weather, as a twin sees it')
        .choices(['usual', 'perfect'])
        .default('usual'),
    )
    .option('--controller <name>', 'of the heating; each loop’s own when left out')
    .option('--compare <names>', 'several of them, separated by commas, one after another', commaList)
    .option('--settings <json>', 'of the control', jsonObject)
    .option('--minutes <number>', 'between turns', decimal, 5)
    .option('--warm-up <hours>', 'lived through before it counts; a twin only', decimal, 24)
    .option('--seed <number>', 'other luck, and other weather and prices where they are made up', wholeNumber, 2023)
    .option('--intensity <file>', 'CSV of time and gCO₂/kWh, for the emissions')
    .option('--plot <file>', 'writes a page with everything that happened')
    .option('--json', 'as JSON')
    .option('--series', 'with --json: every step as well')
    .addHelpText(
      'after',
      `
A logged house is not moved without --twin: it shows what was, and what the
controls would have sent. docs/replay.md tells of files of your own.

Examples:
  $ nabolag control replay --simulated --from 2026-01-01 --to 2026-01-08 \\
      --compare schedule,price-responsive-pi,model-predictive --plot week.html
  $ nabolag control replay --house-file cabin.json --from 2026-01-01 \\
      --to 2026-02-01 --prices spot.csv --weather oslo.csv --forecast perfect \\
      --compare schedule,model-predictive
  $ nabolag control replay --house 3 --from 2026-01-01 --to 2026-02-01 \\
      --twin --compare schedule,model-predictive
  $ nabolag control replay --house 3 --from 2026-01-12 --to 2026-01-13 \\
      --controller model-predictive --json`,
    )
    .action(replayControl)
}

async function replayControl(options: Options): Promise<void> {
  const { house, simulated, houseFile, from, to, minutes, seed } = options
  if ([house, simulated, houseFile].filter((one) => one !== undefined).length !== 1)
    throw Problem(
      'bad-request',
      'Say which house: --house NUMBER, or --simulated for a made-up one, or --house-file for one of your own',
    )
  if (!(to > from)) throw Problem('bad-request', '--to must be after --from')
  if (to - from > longest) throw Problem('bad-request', 'A replay is at most a year long')
  if (!(minutes >= 1 && minutes <= 60) || 60 % minutes !== 0)
    throw Problem('bad-request', '--minutes must divide the hour: 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60')
  if (!(options.warmUp >= 0 && options.warmUp <= 24 * 14))
    throw Problem('bad-request', '--warm-up must be between 0 and 336 hours')
  if (house !== undefined && !options.twin) refuseOwnInputs(options)
  const notes: string[] = []
  const { contendersOf, intensityOf } = await import('../replay/asked.ts')
  const contenders = contendersOf(options, notes)
  const intensity = await intensityOf(options)
  const run = async (setup: HouseSetup, sourceOf: (own: HouseSetup) => Source | Promise<Source>, warmUp: number) => {
    const { runAll } = await import('../replay/run.ts')
    const { tell } = await import('../replay/tell.ts')
    if (!options.json) for (const one of notes) note(`${one}.`)
    const runs = await runAll({
      ...{ setup, contenders, from, to, step: minutes * minute, warmUp, sourceOf, intensity },
      onProgress: showProgress(),
    })
    await tell(setup, runs, { ...options, notes })
  }
  const warmUp = Math.round(options.warmUp * 60) * minute
  const span = { from, to, warmUp }
  if (house === undefined) {
    const { madeHouse } = await import('../replay/inputs.ts')
    const which = houseFile === undefined ? { number: simulated === true ? 5 : simulated! } : { file: houseFile }
    const { setup, twinOf } = await madeHouse(which, options, span, seed, notes)
    return run(setup, twinOf, warmUp)
  }
  const logged = await setupOfHouse(house)
  await withTimeSeries(async (timeseries) => {
    if (options.twin) {
      const { readOwnInputs, withPrices } = await import('../replay/inputs.ts')
      const { twinsOf } = await import('../replay/house-twin.ts')
      const setup = withPrices(logged, options)
      const own = { ...(await readOwnInputs(options, span, notes)), isPerfect: options.forecast === 'perfect' }
      return run(setup, await twinsOf(timeseries, setup, { from: from - warmUp, to }, seed, own), warmUp)
    }
    const { loggedSource } = await import('../replay/logged.ts')
    return run(logged, (own) => loggedSource(timeseries, own, { from, to }, minutes * minute), 0)
  })
}

/** What was logged is what was: another price or weather needs a house that answers. */
function refuseOwnInputs({ prices, weather, finalPrices, forecast }: Options): void {
  const given = { '--prices': prices, '--weather': weather, '--final-prices': finalPrices }
  const [name] = Object.entries(given).find(([, value]) => value !== undefined) ?? []
  const own = name ?? (forecast === 'perfect' ? '--forecast perfect' : undefined)
  if (own !== undefined)
    throw Problem('bad-request', `${own} is for a house that answers: add --twin, or try --simulated or --house-file`)
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

/** To people who watch; how far it is, now and then. */
function showProgress(): ((label: string, share: number) => void) | undefined {
  if (!process.stderr.isTTY) return undefined
  return (label, share) => process.stderr.write(`\r\u001b[K${label}: ${Math.round(100 * share)} %`)
}
