/** For the one who runs the server. */
import { statfs } from 'node:fs/promises'
import { Type } from 'typebox'
import type { App } from '../app.ts'
import { refusals } from '../schemas.ts'

const patience = 2000
/** Bytes free under which engines cannot be expected to keep anything more. */
const leastFree = 16 * 2 ** 20
const Engine = Type.Object({ ok: Type.Boolean() })
const Health = Type.Object({
  ok: Type.Boolean(),
  engines: Type.Object({ postgresql: Engine, clickhouse: Engine, mqtt: Engine }),
  disk: Type.Optional(
    Type.Object(
      { ok: Type.Boolean(), free: Type.Integer({ description: 'MiB' }) },
      { description: 'Of the data folder, where this machine has one' },
    ),
  ),
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
      const [postgresql, clickhouse, disk] = await Promise.all([
        answers(store.ping()),
        answers(timeseries.ping()),
        diskOf(app.dataFolder),
      ])
      const engines = { postgresql: { ok: postgresql }, clickhouse: { ok: clickhouse }, mqtt: { ok: bus.connected } }
      const ok = postgresql && clickhouse && bus.connected && disk?.ok !== false
      return reply.code(ok ? 200 : 503).send({ ok, engines, ...(disk && { disk }) })
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

/** What is free of the disk under that folder; `undefined` where there is no such folder. */
async function diskOf(folder: string | undefined): Promise<{ ok: boolean; free: number } | undefined> {
  if (folder === undefined) return undefined
  const found = await statfs(folder).catch(() => undefined)
  if (!found) return undefined
  const free = found.bavail * found.bsize
  return { ok: free >= leastFree, free: Math.floor(free / 2 ** 20) }
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
