/** Takes one file into the time series of a house: piece by piece, in batches, with a checkpoint after each. */
import { appendFile, realpath, rm, stat, truncate } from 'node:fs/promises'
import {
  formatTime,
  isForecast,
  isName,
  type Micros,
  microsFromMillis,
  Problem,
  readSamples,
  type Sample,
  type TimePrecision,
} from '@nabolag/core'
import type { TimeSeries } from '@nabolag/timeseries'
import { readAnnotated } from './annotated.ts'
import { checkpointsOf } from './checkpoint.ts'
import { type Counts, countRejected, noCounts } from './counts.ts'
import { readLineProtocol } from './lines.ts'
import { beginningOf, piecesOf } from './pieces.ts'
import { type PlainOptions, readPlain } from './plain.ts'
import type { Given, Reader } from './row.ts'

export const importFormats = ['annotated', 'line', 'csv'] as const
export type ImportFormat = (typeof importFormats)[number]

export type ImportOptions = PlainOptions & {
  readonly house: number
  /** The number the house had where the file comes from; rows of others are left out. */
  readonly formerHouse: number | undefined
  /** Seen from the file when absent. */
  readonly format: ImportFormat | undefined
  /** Of rows that name none. */
  readonly device: string
  readonly location: string | undefined
  /** Of line protocol. */
  readonly precision: TimePrecision
  readonly encoding: 'utf-8' | 'windows-1252'
  /** Checks everything, stores nothing. */
  readonly dryRun: boolean
  /** Does not go on where an earlier one ended. */
  readonly afresh: boolean
}

export type ImportParts = {
  readonly timeseries: Pick<TimeSeries, 'write'>
  /** Where checkpoints are kept. */
  readonly folder: string
  /** What the checkpoint belongs to, besides the folder: where the samples go. */
  readonly target: string
  readonly onProgress: (progress: Progress) => void
  readonly say: (line: string) => void
}

export type Progress = { readonly counts: Counts; readonly bytes: number; readonly of: number }
export type Imported = {
  readonly counts: Counts
  /** Whether it went on where an earlier one had ended. */
  readonly resumed: boolean
  /** The file with the rejected rows, when there are any. */
  readonly rejected: string | undefined
}

/** Samples an insert. */
const batch = 50_000
/** Characters of rejected rows kept in memory. */
const mostRejects = 4_194_304

export async function importFile(path: string, options: ImportOptions, parts: ImportParts): Promise<Imported> {
  const { timeseries, folder, target, onProgress, say } = parts
  const { dryRun, afresh, encoding, format: asked, ...identity } = options
  const { size } = await stat(path)
  const format = asked ?? (await formatOf(path, encoding))
  const real = await realpath(path)
  const checkpoints = await checkpointsOf(folder, path, { real, target, format, encoding, ...identity })
  const before = dryRun || afresh ? undefined : await checkpoints.load()
  const rejectedPath = `${path}.rejected`
  if (before && before.rejectedBytes > 0) await truncate(rejectedPath, before.rejectedBytes)
  else if (!dryRun) await rm(rejectedPath, { force: true })

  const reader = openReader(format, options, before?.reader)
  const counts = before?.counts ?? noCounts()
  if (before) say(`${path}: goes on after ${before.counts.rows} rows`)
  const take = takerOf(options)
  let samples: Sample[] = []
  let rejects = ''
  let heading: string | undefined
  let rejectedBytes = before?.rejectedBytes ?? 0
  let storing: Promise<void> = Promise.resolve()
  let told = false

  const reject = (line: number, text: string, reason: string) => {
    countRejected(counts, line, reason)
    const now = reader.heading()
    if (now !== heading && now !== '') rejects += `${now}\n`
    heading = now
    rejects += `# line ${line}: ${reason}\n${text}\n`
  }
  /** One insert at a time, while the next rows are read; then what it has come to is noted. */
  const store = async (offset: number | undefined) => {
    const [batchOf, lines] = [samples, rejects]
    const after = { reader: reader.state(), counts: structuredClone(counts) }
    samples = []
    rejects = ''
    await storing
    if (dryRun) return
    storing = (async () => {
      if (batchOf.length > 0) await timeseries.write(batchOf, Date.now())
      if (lines !== '') await appendFile(rejectedPath, lines, { mode: 0o600 })
      rejectedBytes += Buffer.byteLength(lines)
      if (offset !== undefined) await checkpoints.save({ offset, rejectedBytes, ...after })
    })()
    // It is waited for with the next one.
    storing.catch(() => undefined)
  }

  let rest = ''
  for await (const piece of piecesOf(path, before?.offset ?? 0, encoding)) {
    const found = reader.read(rest + piece.text, piece.ended)
    rest = found.rest
    if (!told && 'ignored' in reader && (reader.ignored as string[]).length > 0)
      say(
        `${path}: not taken are the columns ${(reader.ignored as string[]).join(', ')} (--map "column=field" takes one)`,
      )
    told = true
    for (const row of found.rows) {
      counts.rows++
      if ('empty' in row) counts.empty++
      else if ('problem' in row) reject(row.line, row.text, row.problem)
      else if (encoding === 'utf-8' && row.text.includes('\uFFFD'))
        reject(row.line, row.text, 'it is not UTF-8; --encoding windows-1252 may be right')
      else {
        const outcome = take(row.given)
        if (outcome === 'elsewhere') counts.otherHouses++
        else if (typeof outcome === 'string') reject(row.line, row.text, outcome)
        else {
          samples.push(outcome)
          counts.samples++
          counts.points += Object.keys(outcome.fields).length
        }
      }
    }
    if (samples.length >= batch || rejects.length > mostRejects || piece.ended) {
      // A rest with characters that were none has another length than its bytes: no place to begin again.
      const clear = !rest.includes('\uFFFD')
      await store(clear ? piece.end - bytesOf(rest, encoding) : undefined)
    }
    onProgress({ counts, bytes: piece.read, of: size })
  }
  await storing
  if (!dryRun) await checkpoints.forget()
  return { counts, resumed: before !== undefined, rejected: rejectedBytes > 0 ? rejectedPath : undefined }
}

const bytesOf = (text: string, encoding: ImportOptions['encoding']) =>
  encoding === 'utf-8' ? Buffer.byteLength(text) : text.length

function openReader(format: ImportFormat, options: ImportOptions, before: unknown): Reader {
  if (format === 'annotated') return readAnnotated(before)
  if (format === 'line') return readLineProtocol(options.precision, before)
  return readPlain(options, before)
}

/** What the file looks like. */
async function formatOf(path: string, encoding: string): Promise<ImportFormat> {
  const text = await beginningOf(path, encoding)
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  const [first = ''] = lines
  if (/^#(datatype|group|default|constant)\b/.test(first) || /^,result,table,/.test(first)) return 'annotated'
  // The last line may be cut.
  const sample = lines.filter((line) => !line.startsWith('#') && !/^CREATE DATABASE/.test(line)).slice(0, 5)
  if (sample.length === 0) throw Problem('bad-request', `${path} is empty`)
  const reads = readLineProtocol('ns').read(`${sample[0]}\n`, true).rows
  return reads.some((row) => 'given' in row) ? 'line' : 'csv'
}

/** From what a row says to a checked sample; a text says why not. */
function takerOf({ house, formerHouse, device, location }: ImportOptions) {
  const former = formerHouse ?? house
  const now: Micros = microsFromMillis(Date.now())
  return ({ measurement, tags, fields, time, issued }: Given): Sample | string => {
    const { house_id, device_name, sensor_name, ...others } = tags
    if (house_id !== undefined && house_id !== String(former)) return 'elsewhere'
    const name = device_name ?? sensor_name ?? device
    if (!isName(name)) return `${name.slice(0, 60)} is not the name of a device: lower-case letters, digits and . _ -`
    const text = time === undefined ? undefined : formatTime(time)
    // Not known when it was issued: then it is not shown as known before its time.
    const when = isForecast(measurement) ? (issued ?? text) : undefined
    const message = {
      measurement,
      tags: {
        ...(location === undefined ? {} : { location }),
        ...others,
        house_id: String(house),
        device_name: name,
      },
      fields,
      time: text,
      ...(when === undefined ? {} : { issued: when }),
    }
    const { samples, refusals } = readSamples({ device: name, houseId: house }, [message], now)
    return samples[0] ?? refusals[0]?.reason ?? 'it could not be read'
  }
}
