/** Live events of a house as server-sent events: a device changed; read it again. */
import { onCommandResult } from '@nabolag/bus'
import { allDevices, allVendors, Problem } from '@nabolag/core'
import { Type } from 'typebox'
import type { App } from '../app.ts'
import { maySeeStill } from '../permissions.ts'
import { HousePath, refusals } from '../schemas.ts'

const mostListeners = 1000
/** Bytes that may wait for a slow reader before it is let go; it connects again and reads everything anew. */
const mostWaiting = 64 * 1024
const sign = 25_000

type Listener = {
  readonly houseId: number
  readonly send: (text: string) => void
  /** Ends it where who listens may not do so any more. */
  readonly check: () => Promise<void>
}

export const events = async (app: App) => {
  const listeners = new Set<Listener>()
  const stop = await app.parts.bus.subscribe(allDevices, (topic) => {
    const [, house, name, count] = topic.split('/')
    const text = `event: device\ndata: ${JSON.stringify({ house: Number(house), name, count: Number(count) })}\n\n`
    for (const listener of listeners) if (String(listener.houseId) === house) listener.send(text)
  })
  const stopCommands = await onCommandResult(app.parts.bus, 'all', ({ houseId, integration, count }, result) => {
    const data = { house: houseId, name: integration, count, ...result, id: result.command }
    const text = `event: command\ndata: ${JSON.stringify(data)}\n\n`
    for (const listener of listeners) if (listener.houseId === houseId) listener.send(text)
  })
  const stopVendors = await app.parts.bus.subscribe(allVendors, (topic) => {
    const text = `event: vendor\ndata: ${JSON.stringify({ vendor: topic.split('/')[1] })}\n\n`
    for (const listener of listeners) listener.send(text)
  })
  const alive = setInterval(() => {
    for (const listener of listeners) {
      listener.send(': here\n\n')
      void listener.check()
    }
  }, sign)
  alive.unref()
  app.addHook('onClose', async () => {
    clearInterval(alive)
    await stop()
    await stopVendors()
    await stopCommands()
  })

  app.get(
    '/houses/:houseId/events',
    {
      config: { needs: 'house:read' },
      schema: {
        summary: 'Live events',
        description:
          'Server-sent events. `device`: that device changed its state; read it again. `vendor`: a vendor began or ceased to have trouble. `command`: a command is in another state.',
        tags: ['house devices'],
        params: HousePath,
        response: {
          200: { description: 'A stream', content: { 'text/event-stream': { schema: Type.String() } } },
          ...refusals(403, 503),
        },
      },
    },
    async (request, reply) => {
      const { houseId } = request.params
      if (listeners.size >= mostListeners) throw Problem('too-many-requests', 'Too many listen already')
      reply.hijack()
      const { raw } = reply
      // Who hung up while it was found out who asks: its end will not be told again, and it would be kept for ever.
      if (raw.destroyed) return
      for (const [name, value] of Object.entries(reply.getHeaders()))
        if (value !== undefined) raw.setHeader(name, value)
      raw.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-accel-buffering': 'no',
      })
      const listener: Listener = {
        houseId,
        send: (text) => {
          if (raw.writableLength > mostWaiting) raw.destroy()
          else raw.write(text)
        },
        check: async () => {
          if (!(await maySeeStill(app, request, houseId))) raw.destroy()
        },
      }
      raw.once('close', () => listeners.delete(listener))
      listeners.add(listener)
      listener.send('event: ready\ndata: {}\n\n')
    },
  )
}
