/** What a controller tells to whoever watches it (Prometheus). */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

export type Metrics = ReturnType<typeof makeMetrics>

const prefix = 'nabolag_controller_'

export function makeMetrics(now: {
  readonly underWay: () => number
  readonly waitingPlans: () => number
  readonly ahead: () => number
}) {
  const registry = new Registry()
  const registers = [registry]
  const counter = <Label extends string = never>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Counter<Label>({ name: prefix + name, help, labelNames: [...labelNames], registers })
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name: prefix + name, help, buckets, registers })
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: prefix + name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  const lastMinute: number[] = []
  gauge('turns_under_way', 'Houses whose turn is being taken', now.underWay)
  gauge('plans_waiting', 'Plans that wait for a thread', now.waitingPlans)
  gauge('clock_ahead_seconds', "How far this machine's clock is ahead of the database's", () => now.ahead() / 1000)
  gauge('houses_per_minute', 'Turns taken in the last minute', () => {
    drop(lastMinute)
    return lastMinute.length
  })
  const turns = counter('turns_total', 'Turns by how they ended', ['outcome'])
  return {
    registry,
    /** `saved`; `failed`, with a receipt that says so; `lost` to another controller; `put-off` while an engine is away. */
    countTurn(outcome: 'saved' | 'failed' | 'lost' | 'put-off') {
      turns.inc({ outcome })
      if (outcome !== 'saved') return
      drop(lastMinute)
      lastMinute.push(performance.now())
    },
    turnSeconds: histogram('turn_seconds', 'How long a turn took, its plan included', [0.03, 0.1, 0.3, 1, 3, 10, 30]),
    planSeconds: histogram(
      'plan_seconds',
      'How long a plan took, the wait for a thread included',
      [0.03, 0.1, 0.3, 1, 3, 10, 30],
    ),
    lateSeconds: histogram('late_seconds', 'How long after it was due a turn began', [1, 3, 10, 30, 100, 300, 1000]),
    plans: counter('plans_total', 'Plans by what came of them', ['status']),
    claimsLost: counter('claims_lost_total', 'Turns that were not saved: somebody else had the house by then'),
    threadsEnded: counter('threads_ended_total', 'Threads that were ended, or ended by themselves'),
    commands: counter('commands_total', 'Commands handed to the connectors'),
    fits: counter('fits_total', 'Models learnt, by what came of them', ['outcome']),
  }
}

/** Times of more than a minute ago, at the front. */
function drop(times: number[]): void {
  const old = performance.now() - 60_000
  let count = 0
  while (count < times.length && times[count]! < old) count++
  times.splice(0, count)
}
