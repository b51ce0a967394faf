/**
 * `nabolag up` on a folder that holds the query bench's data: how long until it answers, and what each process keeps
 * in memory.
 */
import { readFileSync } from 'node:fs'
import { openTimeSeries } from '@nabolag/timeseries'
import { removeFolder, type Stack, startStack } from '../tests/stack.ts'
import { querySamples } from './query-samples.ts'

const readyWithin = 10

const residentMiB = (pid: number) => {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(kilobytes ?? 0) / 1024)
}

const memoryOf = (stack: Stack) => stack.children().map(({ name, pid }) => ({ name, residentMiB: residentMiB(pid) }))

/** @returns seconds until ready (median of three starts on the filled folder), MiB of each process */
export async function run(): Promise<
  { reach: { name: string; value: number; limit: number; ok: boolean }[] } & Record<string, unknown>
> {
  const first = await startStack()
  const running = JSON.parse(readFileSync(`${first.folder}/run.json`, 'utf8')) as { CLICKHOUSE_URL: string }
  const timeseries = openTimeSeries(running.CLICKHOUSE_URL)
  let points = 0
  for (const batch of querySamples()) {
    await timeseries.write(batch, Date.now())
    points += batch.length
  }
  await timeseries.close()
  await first.stop()
  const starts: number[] = []
  let memory: ReturnType<typeof memoryOf> = []
  for (let start = 0; start < 3; start++) {
    const stack = await startStack({ folder: first.folder })
    starts.push(stack.readyAfter / 1000)
    memory = memoryOf(stack)
    await stack.stop()
  }
  removeFolder(first.folder)
  const median = starts.sort((a, b) => a - b)[1] ?? Number.NaN
  const value = Math.round(median * 100) / 100
  return {
    reach: [{ name: 'seconds until ready', value, limit: readyWithin, ok: value <= readyWithin }],
    points,
    starts,
    memory,
  }
}
