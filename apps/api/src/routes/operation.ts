/** For the one who runs the server. */
import { Type } from 'typebox'
import type { App } from '../app.ts'
import { refusals } from '../schemas.ts'

const patience = 2000
const Engine = Type.Object({ ok: Type.Boolean() })
const Health = Type.Object({
  ok: Type.Boolean(),
  engines: Type.Object({ postgresql: Engine, clickhouse: Engine, mqtt: Engine }),
})

export const operation = async (app: App) => {
  const { store, timeseries, bus } = app.parts

  app.get(
    '/health',
    {
      config: { needs: 'nothing' },
      schema: {
        summary: 'Whether the server and its engines answer',
        tags: ['operation'],
        response: { 200: Health, 503: Health },
      },
    },
    async (_request, reply) => {
      const [postgresql, clickhouse] = await Promise.all([answers(store.ping()), answers(timeseries.ping())])
      const engines = { postgresql: { ok: postgresql }, clickhouse: { ok: clickhouse }, mqtt: { ok: bus.connected } }
      const ok = postgresql && clickhouse && bus.connected
      return reply.code(ok ? 200 : 503).send({ ok, engines })
    },
  )
}

/** At `/metrics`, where Prometheus looks for it. */
export const metrics = async (app: App) => {
  app.get(
    '/metrics',
    {
      config: { needs: 'operator' },
      schema: {
        summary: 'Figures for Prometheus: for an admin, or from this machine',
        tags: ['operation'],
        response: {
          200: { description: 'Text', content: { 'text/plain': { schema: Type.String() } } },
          ...refusals(403),
        },
      },
    },
    async (_request, reply) => {
      reply.type(app.meters.registry.contentType)
      return app.meters.registry.metrics()
    },
  )
}

/** Whether it comes to a good end soon. */
async function answers(asked: Promise<unknown>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), patience)
  asked.then(
    () => resolve(true),
    () => resolve(false),
  )
  return promise.finally(() => clearTimeout(timer))
}
