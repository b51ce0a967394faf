/**
 * How fast samples come in: broker, ClickHouse, datalogger, publishers and probe, each a process of its own; MQTT QoS 1,
 * the broker's journal on disk, nothing switched off.
 *
 * A message of the steady run and of the burst holds one sample with 20 fields, as a meter sends it (20 points); a third
 * run finds the highest rate with one point a message. `NABOLAG_BENCH_SECONDS` (60) is the length of each of the first two.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Part, type Stack, startStack } from '../apps/datalogger/src/testing/stack.ts'
import type { ProbeResult, ProbeTask } from './ingest/probe.ts'
import type { PublisherResult, PublisherTask } from './ingest/publisher.ts'

const points = 20
const publishers = 2
/** A little more is offered than must be reached: the last acknowledgements come after the end. */
const offered = 1.02
const parts = ['broker', 'datalogger', 'clickhouse'] as const
/** What a process may take at most, MiB: its own limits (journal window, waiting messages, engine memory) and the runtime. */
const bounds = { broker: 512, datalogger: 512, clickhouse: 2560 } as const

type Phase = {
  readonly pointsPerSecond: number
  readonly acknowledged: number
  readonly stored: number
  /** Seconds from the last acknowledgement until everything was stored. */
  readonly catchUp: number
  readonly delays: readonly number[]
  readonly missing: number
  readonly slowestPublish: number
  /** Most resident memory, MiB. */
  readonly memory: Readonly<Record<Part, number>>
  /** Seconds of processor time, until everything was stored. */
  readonly processor: Readonly<Record<Part, number>>
}

export async function run({ json }: { json: boolean }) {
  const seconds = Number(process.env.NABOLAG_BENCH_SECONDS ?? 60)
  const say = (line: string) => (json ? undefined : console.log(line))
  const stack = await startStack()
  try {
    const phase = (name: string, house: number, rate: number, each: number, long: number) =>
      measure(stack, house, rate, each, long).then((result) => {
        say(
          `${name}: ${Math.round(result.pointsPerSecond)} points/s acknowledged, ${result.acknowledged} points, ` +
            `${result.stored} stored, all of them ${result.catchUp.toFixed(1)} s after the last; readable after p50 ` +
            `${quantile(result.delays, 0.5)} s, p99 ${quantile(result.delays, 0.99)} s; slowest publish ` +
            `${Math.round(result.slowestPublish)} ms; MiB ${JSON.stringify(result.memory)}; processor s ${JSON.stringify(result.processor)}`,
        )
        return result
      })
    await measure(stack, 900, 500, points, Math.min(5, seconds))
    const steady = await phase('steady', 100, 20_000 * offered, points, seconds)
    const burst = await phase('burst', 200, 60_000 * offered, points, seconds)
    const single = await phase('one point a message', 300, 0, 1, Math.min(20, seconds))
    const peak = (part: Part) => Math.max(steady.memory[part], burst.memory[part], single.memory[part])
    return {
      reach: [
        atLeast(`points a second, QoS 1, for ${seconds} s`, steady.pointsPerSecond, 20_000),
        atMost('publish to readable, p99, s', Number(quantile(steady.delays, 0.99)), 2),
        atMost(
          'points acknowledged and not stored (all runs)',
          [steady, burst, single].reduce((sum, { acknowledged, stored }) => sum + Math.abs(acknowledged - stored), 0),
          0,
        ),
        atMost('probes never readable', steady.missing + burst.missing + single.missing, 0),
        atLeast(`burst: points a second for ${seconds} s`, burst.pointsPerSecond, 60_000),
        ...parts.map((part) => atMost(`${part}: most resident memory, MiB`, peak(part), bounds[part])),
      ],
      seconds,
      pointsPerMessage: points,
      publishers,
      steady: summary(steady),
      burst: summary(burst),
      onePointPerMessage: summary(single),
    }
  } finally {
    await stack.close()
  }
}

/** @param rate points a second altogether; 0 is as fast as they are acknowledged */
async function measure(stack: Stack, house: number, rate: number, each: number, seconds: number): Promise<Phase> {
  const memory: Record<Part, number> = { broker: 0, datalogger: 0, clickhouse: 0 }
  const before = await processorTimes(stack)
  const stop = new AbortController()
  const watching = watchMemory(stack, memory, stop.signal)
  const probe = inChild<ProbeTask, ProbeResult>('probe.ts', {
    mqtt: stack.mqtt,
    clickhouse: stack.clickhouse,
    houseId: house + publishers,
    seconds,
  })
  const results = await Promise.all(
    Array.from({ length: publishers }, (_, i) =>
      inChild<PublisherTask, PublisherResult>('publisher.ts', {
        url: stack.mqtt,
        houseId: house + i,
        seconds,
        rate: rate / each / publishers,
        points: each,
        window: 2000,
      }),
    ),
  )
  const finished = performance.now()
  const acknowledged = results.reduce((sum, { messages }) => sum + messages * each, 0)
  let stored = 0
  do {
    stored = await count(stack, house)
    if (stored < acknowledged) await sleep(100)
  } while (stored < acknowledged && performance.now() - finished < 120_000)
  const catchUp = (performance.now() - finished) / 1000
  const { delays, missing } = await probe
  stop.abort()
  await watching
  const after = await processorTimes(stack)
  const processor = {} as Record<Part, number>
  for (const part of parts) processor[part] = Number((after[part] - before[part]).toFixed(1))
  const pointsPerSecond = acknowledged / Math.max(...results.map((result) => result.seconds))
  const slowestPublish = Math.max(...results.map(({ slowest }) => slowest))
  return { pointsPerSecond, acknowledged, stored, catchUp, delays, missing, slowestPublish, memory, processor }
}

async function inChild<Task, Result>(file: string, task: Task): Promise<Result> {
  const child = fork(join(import.meta.dirname, 'ingest', file), [JSON.stringify(task)], { execArgv: [] })
  const [result] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`${file} ended with ${code}`))),
  ])
  return result as Result
}

async function watchMemory(stack: Stack, most: Record<Part, number>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (const part of parts) {
      const { memory } = await stack.ask(part)
      most[part] = Math.max(most[part], Math.round(memory / 2 ** 20))
    }
    await sleep(1000, undefined, { signal }).catch(() => {})
  }
}

async function processorTimes(stack: Stack): Promise<Record<Part, number>> {
  const times = {} as Record<Part, number>
  for (const part of parts) times[part] = (await stack.ask(part)).processor
  return times
}

/** Points stored of the publishers' houses, each once. */
async function count(stack: Stack, house: number): Promise<number> {
  const { origin, username, password, pathname } = new URL(stack.clickhouse)
  const database = pathname.slice(1)
  const query = `SELECT count() FROM ${database}.samples FINAL WHERE house_id >= ${house} AND house_id < ${house + publishers} FORMAT TabSeparated`
  const answer = await fetch(`${origin}/?database=${database}`, {
    method: 'POST',
    body: query,
    headers: { 'X-ClickHouse-User': username, 'X-ClickHouse-Key': password },
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  return Number(text)
}

const summary = (phase: Phase) => ({
  pointsPerSecond: Math.round(phase.pointsPerSecond),
  acknowledged: phase.acknowledged,
  stored: phase.stored,
  storedAfterSeconds: Number(phase.catchUp.toFixed(2)),
  readableAfter: { p50: quantile(phase.delays, 0.5), p99: quantile(phase.delays, 0.99), probes: phase.delays.length },
  slowestPublishMillis: Math.round(phase.slowestPublish),
  memoryMiB: phase.memory,
  processorSeconds: phase.processor,
})

const quantile = (values: readonly number[], q: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return Number((sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN).toFixed(3))
}
const atLeast = (name: string, value: number, limit: number) => ({
  name,
  value: Math.round(value),
  limit,
  ok: value >= limit,
})
const atMost = (name: string, value: number, limit: number) => ({ name, value, limit, ok: value <= limit })
