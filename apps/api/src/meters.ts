/** What the api counts of itself, in Prometheus's words. */
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'

/** Makes the counters; each app has a registry of its own. */
export function makeMeters() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'nabolag_api_' })
  return {
    registry,
    requests: new Histogram({
      name: 'nabolag_api_request_seconds',
      help: 'Time from a request to the end of its answer',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
      registers: [registry],
    }),
    streamsCut: new Counter({
      name: 'nabolag_api_streams_cut_total',
      help: 'Data streams that ended before their end: the asker went away or the database failed',
      registers: [registry],
    }),
  }
}

export type Meters = ReturnType<typeof makeMeters>
