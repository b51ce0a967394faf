import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { microsFromMillis, Problem } from '@nabolag/core'
import type { ReadFormat, TimeSeries } from '@nabolag/timeseries'
import { type Command, Option } from 'commander'
import { moment, wholeNumber } from '../arguments.ts'
import { note, say, sayTable } from '../say.ts'
import { withTimeSeries } from '../stores.ts'

type Which = {
  house: number
  group?: string
  field?: string
  device?: string
  count?: number
  from?: number
  to?: number
}
type Export = Which & { format: ReadFormat; out: string }

export function addData(program: Command): void {
  const which = (command: Command) =>
    command
      .requiredOption('--house <number>', 'the house', wholeNumber)
      .option('--group <name>', 'only this measurement group')
      .option('--device <name>', 'only this device')
      .option('--count <number>', 'only the device of this number', wholeNumber)
      .option('--from <time>', 'not before, as 2026-05-08T06:00 (UTC)', moment)
      .option('--to <time>', 'before', moment)

  which(program.command('export'))
    .description('writes all samples of a house to a file, as they were measured')
    .option('--field <name>', 'only this field')
    .addOption(new Option('--format <format>').choices(['csv', 'ndjson', 'arrow', 'parquet']).default('csv'))
    .requiredOption('--out <file>', 'where to; - is standard output')
    .addHelpText(
      'after',
      `
Example:
  $ nabolag export --house 3 --group powerConsumption --from 2026-05-01 --format parquet --out may.parquet`,
    )
    .action((options: Export) => withTimeSeries((timeseries) => exportData(timeseries, options)))

  which(program.command('erase'))
    .description('removes samples for good; nothing brings them back')
    .option('--yes', 'do not ask')
    .action(async ({ house, group, device, count, from, to, yes }: Which & { yes?: boolean }) => {
      if (!yes) await askToErase(house)
      await withTimeSeries((timeseries) =>
        timeseries.erase({ houseId: house, group, device, count, from: micros(from), to: micros(to) }),
      )
      say('Erased.')
    })

  program
    .command('rejected')
    .description('messages that were refused in the last week, and why')
    .option('--house <number>', 'only those of this house', wholeNumber)
    .option('--limit <number>', 'at most so many', wholeNumber, 20)
    .option('--json', 'as JSON lines')
    .action(async ({ house, limit, json }: { house?: number; limit: number; json?: boolean }) => {
      const rows = await withTimeSeries((timeseries) => timeseries.rejected({ houseId: house, limit }))
      if (json) for (const row of rows) say(JSON.stringify(row))
      else
        sayTable(
          ['received', 'house', 'topic', 'reason'],
          rows.map(({ received, houseId, topic, reason }) => [
            new Date(received).toISOString(),
            houseId,
            topic,
            reason,
          ]),
        )
    })
}

const micros = (milliseconds: number | undefined) =>
  milliseconds === undefined ? undefined : microsFromMillis(milliseconds)

async function askToErase(house: number): Promise<void> {
  if (!process.stdin.isTTY) throw Problem('bad-request', 'Erasing is for good: say --yes where nobody can be asked')
  const { confirm } = await import('@inquirer/prompts')
  const sure = await confirm({ message: `Erase these samples of house ${house} for good?`, default: false })
  if (!sure) throw Problem('bad-request', 'Nothing was erased')
}

async function exportData(timeseries: TimeSeries, options: Export): Promise<void> {
  const { house: houseId, group, field, device, count, format, out } = options
  const filter = { houseId, group, field, device, count }
  const series = await timeseries.series(filter)
  if (series.length === 0) throw Problem('not-found', `House ${houseId} has no such samples`)
  const from = micros(options.from) ?? Math.min(...series.map(({ first }) => first))
  const to = micros(options.to) ?? Math.max(...series.map(({ last }) => last)) + 1
  const { stream } = await timeseries.read({ ...filter, from, to, raw: true }, format)
  if (out === '-') return pipeline(stream, process.stdout, { end: false })

  const expected = series.reduce((sum, { samples }) => sum + samples, 0)
  const bar = await progressBar(format === 'csv' || format === 'ndjson' ? expected : undefined)
  let bytes = 0
  let rows = 0
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bar.countsRows) for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) rows++
      bar.show(rows, bytes)
      done(null, chunk)
    },
  })
  try {
    await pipeline(stream, meter, createWriteStream(`${out}.part`, { mode: 0o600 }))
    await rename(`${out}.part`, out)
  } catch (error) {
    await rm(`${out}.part`, { force: true })
    throw error
  } finally {
    bar.end()
  }
  note(`${out}: ${(bytes / 1e6).toFixed(1)} MB`)
}

/** Rows of those expected where rows can be counted in the format, else megabytes; nothing where nobody looks. */
async function progressBar(expected: number | undefined) {
  const countsRows = expected !== undefined
  if (!process.stderr.isTTY) return { countsRows: false, show: () => {}, end: () => {} }
  const { SingleBar } = await import('cli-progress')
  const format = countsRows ? '{bar} {value} of about {total} rows' : '{megabytes} MB'
  const bar = new SingleBar({ format, stream: process.stderr, hideCursor: true, clearOnComplete: true })
  bar.start(expected ?? 1, 0, { megabytes: 0 })
  return {
    countsRows,
    show: (rows: number, bytes: number) =>
      bar.update(Math.min(rows, expected ?? 1), { megabytes: (bytes / 1e6).toFixed(1) }),
    end: () => bar.stop(),
  }
}
