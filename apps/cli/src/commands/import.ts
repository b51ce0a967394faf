import { timePrecisions } from '@nabolag/core'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { wholeNumber } from '../arguments.ts'
import { settingsOfRunning } from '../connections.ts'
import type { Counts } from '../import/counts.ts'
import {
  type ImportFormat,
  type ImportOptions,
  importFile,
  importFormats,
  type Progress,
} from '../import/import-file.ts'
import { folderPath } from '../launch/data-folder.ts'
import { ExitError, note, say } from '../say.ts'
import { withStore, withTimeSeries } from '../stores.ts'

type Given = {
  format?: ImportFormat
  wasHouse?: number
  group?: string
  device: string
  location?: string
  time?: string
  zone: string
  map?: Record<string, string>
  precision: ImportOptions['precision']
  encoding: ImportOptions['encoding']
  dryRun?: boolean
  afresh?: boolean
}

/** The exit code when rows were refused; the others are stored. */
const someRefused = 3

export function addImport(program: Command): void {
  program
    .command('import')
    .description('takes samples of earlier times into a house: from InfluxDB, or from CSV')
    .argument('<house>', 'number of the house', wholeNumber)
    .argument('<file...>', 'annotated CSV, line protocol or plain CSV; .gz too')
    .addOption(new Option('--format <format>', 'seen from the file when absent').choices([...importFormats]))
    .option('--was-house <number>', 'the number the house had there; rows of other houses are left out', wholeNumber)
    .option('--device <name>', 'the device of rows that name none', 'imported')
    .option('--location <name>', 'the room of rows that name none')
    .option('--group <name>', 'plain CSV: what the values are (airSensor, powerConsumption …)')
    .option('--time <column>', 'plain CSV: the column with the time; guessed when absent')
    .option('--zone <name>', 'plain CSV: the zone of times that say none, as Europe/Oslo', zone, 'UTC')
    .option(
      '--map <column=field>',
      'plain CSV: a column and its field, or location, device_name, count; several times',
      pair,
    )
    .addOption(
      new Option('--precision <unit>', 'line protocol: unit of the times').choices([...timePrecisions]).default('ns'),
    )
    .addOption(
      new Option('--encoding <name>', 'how characters are written').choices(['utf-8', 'windows-1252']).default('utf-8'),
    )
    .option('--dry-run', 'checks every row and stores nothing')
    .option('--afresh', 'begins at the beginning, though an earlier import was interrupted')
    .addHelpText(
      'after',
      `
Ended in the middle, the same command goes on; nothing is stored twice. Refused rows are written to <file>.rejected.

Examples:
  $ nabolag import 3 influx-2023.csv.gz
  $ nabolag import 3 old.csv --group airSensor --device cellar --zone Europe/Oslo --map "Temp=temperature"`,
    )
    .action(importFiles)
}

async function importFiles(house: number, files: readonly string[], given: Given): Promise<void> {
  await withStore((_store, operator) => operator.house(house))
  const settings = settingsOfRunning('CLICKHOUSE_URL')
  const options: ImportOptions = {
    house,
    formerHouse: given.wasHouse,
    format: given.format,
    device: given.device,
    location: given.location,
    group: given.group,
    time: given.time,
    zone: given.zone,
    map: given.map ?? {},
    precision: given.precision,
    encoding: given.encoding,
    dryRun: given.dryRun ?? false,
    afresh: given.afresh ?? false,
  }
  // The embedded one has another port at each start, and is known by the folder.
  const target = settings.runningAt === undefined ? new URL(settings.CLICKHOUSE_URL).host : ''
  let rejected = 0
  await withTimeSeries(async (timeseries) => {
    for (const file of files) {
      const began = performance.now()
      const bar = await progressBar()
      const {
        counts,
        resumed,
        rejected: rejects,
      } = await importFile(file, options, {
        timeseries,
        folder: folderPath(settings),
        target,
        onProgress: bar.show,
        say: note,
      }).finally(bar.end)
      rejected += counts.rejected
      tell(file, counts, (performance.now() - began) / 1000, { resumed, dryRun: options.dryRun, rejects })
    }
  })
  if (rejected > 0) throw new ExitError(someRefused, `${count(rejected)} rows were refused`)
}

type Told = { readonly resumed: boolean; readonly dryRun: boolean; readonly rejects: string | undefined }

function tell(file: string, counts: Counts, seconds: number, { resumed, dryRun, rejects }: Told): void {
  const rate = resumed ? '' : ` (${count(Math.round(counts.points / Math.max(seconds, 0.001)))} points a second)`
  const done = dryRun ? 'would be stored' : 'stored'
  say(`${file}: ${count(counts.rows)} rows, ${count(counts.points)} points ${done} in ${seconds.toFixed(1)} s${rate}`)
  if (counts.empty > 0) say(`  ${count(counts.empty)} rows without a value`)
  if (counts.otherHouses > 0) say(`  ${count(counts.otherHouses)} rows of other houses left out`)
  if (counts.rejected === 0) return
  say(`  ${count(counts.rejected)} rows refused${rejects === undefined ? '' : `; they are in ${rejects}`}:`)
  const reasons = Object.values(counts.reasons).sort((a, b) => b.count - a.count)
  for (const one of reasons.slice(0, 10)) say(`    ${count(one.count)} × ${one.reason} (first in line ${one.line})`)
  if (reasons.length > 10) say(`    and ${reasons.length - 10} further reasons`)
}

const count = (number: number) => number.toLocaleString('en-GB')

/** Share of the file, points, rate and time left; nothing where nobody looks. */
async function progressBar() {
  if (!process.stderr.isTTY) return { show: () => {}, end: () => {} }
  const { SingleBar } = await import('cli-progress')
  const format = '{bar} {percentage} %  {points} points, {rate} a second, {left} left'
  const bar = new SingleBar({ format, stream: process.stderr, hideCursor: true, clearOnComplete: true })
  bar.start(1, 0, { points: 0, rate: 0, left: '?' })
  /** What was there already when it began to look: an interrupted import goes on. */
  let first: { at: number; bytes: number; points: number } | undefined
  return {
    show: ({ counts, bytes, of }: Progress) => {
      first ??= { at: performance.now(), bytes, points: counts.points }
      const seconds = (performance.now() - first.at) / 1000
      const left = bytes > first.bytes ? Math.round((seconds * (of - bytes)) / (bytes - first.bytes)) : undefined
      bar.setTotal(of)
      bar.update(bytes, {
        points: count(counts.points),
        rate: count(Math.round((counts.points - first.points) / Math.max(seconds, 0.001))),
        left: left === undefined ? '?' : left > 120 ? `${Math.round(left / 60)} min` : `${left} s`,
      })
    },
    end: () => bar.stop(),
  }
}

function zone(text: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone === 'UTC' ? 'UTC' : text
  } catch {
    throw new InvalidArgumentError('It must be a time zone such as Europe/Oslo.')
  }
}

function pair(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.lastIndexOf('=')
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('It must be column=field.')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}
