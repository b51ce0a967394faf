/** Control of a house: what is under control, by which controller, in which mode, and its people's word over all of it. */
import { randomInt } from 'node:crypto'
import type { HouseMemory } from '@nabolag/control'
import type { Loop as StoredLoop, Tenant } from '@nabolag/store'
import type { App } from '../app.ts'
import { wrongBody } from '../complaints.ts'
import { addLoop, pauseOf, removeLoop, wantedOf } from '../loops.ts'
import { isDate } from '../rooms.ts'
import { Empty, HousePath, refusals } from '../schemas.ts'
import { Control, Facts, GivenFacts, Loop, LoopChange, LoopPath, NewLoop, Pause, Paused } from '../schemas-control.ts'
import { isoTime } from '../views.ts'
import { choicesView, isAbout, loopView, noticeView } from '../views-control.ts'

const isWaiting = ({ saw }: Readonly<Record<string, unknown>>) => (saw as { waits?: unknown } | null)?.waits === true

export const control = async (app: App) => {
  const tags = ['control']
  const change = { needs: 'house:control' } as const
  const { store } = app.parts

  const noticesOf = async (tenant: Tenant, houseId: number) => {
    const found = await tenant.controlMemory(houseId)
    return { notices: (found?.memory as Partial<HouseMemory> | undefined)?.notices ?? [], next: found?.next }
  }

  const shown = async (tenant: Tenant, houseId: number, loops: readonly StoredLoop[]) => {
    const [rooms, { notices }] = await Promise.all([tenant.rooms(houseId), noticesOf(tenant, houseId)])
    return Promise.all(
      loops.map(async (loop) => {
        const newest = await tenant.receipts(houseId, { loop: loop.id, limit: 10 })
        // A turn out of time only says that it waits for a reading: the one before it says more.
        const last = newest.find(({ receipt }) => !isWaiting(receipt)) ?? newest[0]
        return loopView(loop, { rooms, notices, last })
      }),
    )
  }

  app.get(
    '/houses/:houseId/control',
    {
      config: { needs: 'house:follow' },
      schema: {
        summary: 'What is under control in a house, how, and what it did last',
        tags,
        params: HousePath,
        response: { 200: Control, ...refusals(403, 503) },
      },
    },
    async ({ tenant, params: { houseId } }) => {
      const [{ facts, loops }, { notices, next }, controllers] = await Promise.all([
        tenant.control(houseId),
        noticesOf(tenant, houseId),
        store.fleet.controllers(),
      ])
      return {
        facts: { ...facts },
        loops: await shown(tenant, houseId, loops),
        notices: notices.filter((notice) => !loops.some((loop) => isAbout(notice, loop))).map(noticeView),
        ...(next !== undefined && loops.length > 0 && { nextTurn: isoTime(next) }),
        controllers: controllers.map(({ id, beat }) => ({ id, beat: isoTime(beat) })),
        choices: choicesView(),
      }
    },
  )

  app.post(
    '/houses/:houseId/control',
    {
      config: change,
      schema: {
        summary: 'Take an actuator under control',
        description:
          'A heat pump or heater of a room, a ventilation unit, or a battery. It only observes unless a `mode` is given. ' +
          'What is left out of `settings` has the default of its controller.',
        tags,
        params: HousePath,
        body: NewLoop,
        response: { 201: Loop, ...refusals(400, 403, 404, 409, 503) },
      },
    },
    async ({ tenant, params: { houseId }, body }, reply) => {
      const loop = await addLoop(tenant, houseId, body)
      const [view] = await shown(tenant, houseId, [loop])
      return reply.code(201).header('location', `/api/houses/${houseId}/control/${loop.id}`).send(view!)
    },
  )

  app.patch(
    '/houses/:houseId/control/:loopId',
    {
      config: change,
      schema: {
        summary: 'Change mode, pause, controller, settings or limits of a loop',
        description:
          'It holds at once. `settings` are those of the controller (of the new one, where both are given), checked by the schema in ' +
          '`choices`; each controller keeps its own. Of `settings` and `limits` those that are named change, and null takes one away.',
        tags,
        params: LoopPath,
        body: LoopChange,
        response: { 200: Loop, ...refusals(400, 403, 404, 503) },
      },
    },
    async ({ tenant, params: { houseId, loopId }, body }) => {
      const loop = await tenant.changeLoop(houseId, loopId, (before) => wantedOf(before, body, Date.now()))
      return (await shown(tenant, houseId, [loop]))[0]!
    },
  )

  app.delete(
    '/houses/:houseId/control/:loopId',
    {
      config: change,
      schema: {
        summary: 'Let an actuator go',
        description:
          'It stays as it was last set; the schedule that was left with its vendor is taken back. Its receipts go with it.',
        tags,
        params: LoopPath,
        response: { 204: Empty, ...refusals(403, 404, 503) },
      },
    },
    async ({ tenant, params: { houseId, loopId } }, reply) => {
      await removeLoop(tenant, houseId, loopId)
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/houses/:houseId/control/pause',
    {
      config: change,
      schema: {
        summary: 'Pause all control of a house for some hours',
        description: 'Nothing is sent until then, but what frost and heat make necessary. 0 ends the pause.',
        tags,
        params: HousePath,
        body: Pause,
        response: { 200: Paused, ...refusals(400, 403, 503) },
      },
    },
    async ({ tenant, params: { houseId }, body: { hours } }) => {
      const until = pauseOf(hours, Date.now())
      const loops = await tenant.pauseControl(houseId, until)
      return {
        pausedUntil: until === null ? null : isoTime(until),
        loops: await shown(tenant, houseId, loops),
      }
    },
  )

  app.put(
    '/houses/:houseId/control/facts',
    {
      config: { needs: 'house:write' },
      schema: {
        summary: 'What control should know of the house',
        description:
          'In the place of what was known. What is left out has a usual value, or no part. The same experiment keeps its seed.',
        tags,
        params: HousePath,
        body: GivenFacts,
        response: { 200: Facts, ...refusals(400, 403, 503) },
      },
    },
    async ({ tenant, params: { houseId }, body }) => {
      const { facts } = await tenant.control(houseId)
      return (await tenant.setHouseFacts(houseId, checkedFacts(body, facts as Facts))) as Facts
    },
  )
}

const day = 86_400_000

function checkedFacts({ experiment, ...facts }: GivenFacts, before: Facts): Facts {
  if (!experiment) return facts
  for (const name of ['from', 'to'] as const)
    if (!isDate(experiment[name]))
      throw wrongBody({ path: `/experiment/${name}`, expected: 'must be a date such as 2026-12-25' })
  const [from, to] = [Date.parse(experiment.from), Date.parse(experiment.to)]
  if (!(to >= from)) throw wrongBody({ path: '/experiment/to', expected: 'must not be before from' })
  if (to - from > 400 * day) throw wrongBody({ path: '/experiment/to', expected: 'must be within 400 days of from' })
  // Whoever reads the result must be able to draw the days again; those of one that has begun stay as they were drawn.
  const { experiment: known } = before
  const isSame = known?.from === experiment.from && known.to === experiment.to
  const seed = experiment.seed ?? (isSame ? known.seed : randomInt(2 ** 31 - 1))
  return { ...facts, experiment: { ...experiment, seed } }
}
