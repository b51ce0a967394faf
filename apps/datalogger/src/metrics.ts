/** What the datalogger counts, for Prometheus. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

export function makeMetrics(now: {
  waitingMessages: () => number
  waitingBytes: () => number
  connected: () => boolean
  storing: () => boolean
}) {
  const registry = new Registry()
  const registers = [registry]
  const counter = (name: string, help: string) => new Counter({ name: `nabolag_datalogger_${name}`, help, registers })
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `nabolag_datalogger_${name}`,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  gauge('waiting_messages', 'Messages taken from the broker and not acknowledged yet', now.waitingMessages)
  gauge('waiting_bytes', 'Bytes of payload of those', now.waitingBytes)
  gauge('connected', 'Whether the broker is connected', () => Number(now.connected()))
  gauge('storing', 'Whether the store takes what it is given', () => Number(now.storing()))
  return {
    registry,
    messages: counter('messages_total', 'Messages taken from the broker'),
    samples: counter('samples_total', 'Samples stored'),
    points: counter('points_total', 'Points (fields of samples) stored'),
    refused: counter('refused_total', 'Samples and messages refused'),
    rejectedDropped: counter('rejected_not_kept_total', 'Rejected rows that were only counted: over the hourly quota'),
    inserts: new Histogram({
      name: 'nabolag_datalogger_insert_seconds',
      help: 'How long a batch took to store',
      buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10],
      registers,
    }),
  }
}
