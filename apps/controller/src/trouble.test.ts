import { connectBus } from '@nabolag/bus'
import { evenComfort } from '@nabolag/control'
import { Problem } from '@nabolag/core'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type House, openStage, type Stage, until } from './fixtures/stage.ts'

// Much runs at the same time here; what is waited for comes when the machine has time for it.
vi.setConfig({ testTimeout: 240_000 })

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
}, 180_000)
afterEach(() => stage.clear())
afterAll(() => stage?.close())

/** What was sent to the house was sent 20 minutes ago, so that more may be sent. */
async function moveBack(house: House) {
  const memory = (await stage.memory(house))!
  const moves = memory.loops[house.loop]!.moves.map((move) => ({ ...move, at: move.at - 20 * 60_000 }))
  await stage.setMemory(house, { ...memory, loops: { [house.loop]: { ...memory.loops[house.loop], moves } } })
}

describe('plans', () => {
  test('are made, kept and followed, and a day without prices is said', async () => {
    const [usual, poor] = [
      await stage.addHouse('control', 'model-predictive'),
      await stage.addHouse('control', 'model-predictive'),
    ]
    await stage.warm([usual, poor], 21)
    await stage.outlook(usual, { from: -8, to: 1 })
    await stage.outlook(poor, { from: -8, to: -2 })
    await stage.start({ every: 1000 })
    await until('both had turns', stage.hadTurns([usual, poor], 2))
    await stage.stop()
    for (const house of [usual, poor]) {
      const plan = await stage.tenant.plan(house.id)
      expect(plan?.plan).toMatchObject({ status: 'optimal' })
      const memory = await stage.memory(house)
      // Made once, however many turns there were.
      expect(memory?.planMadeAt).toBe(plan?.madeAt)
      expect((await stage.commands(house)).length).toBeLessThanOrEqual(1)
    }
    const kinds = async (house: House) => ((await stage.memory(house))?.notices ?? []).map(({ kind }) => kind)
    expect(await kinds(usual)).toEqual([])
    expect(await kinds(poor)).toEqual(['no-prices'])
  })

  test('a thread that hangs is ended in time, the turn ends with a receipt, and the house is told of it', async () => {
    const houses = [await stage.addHouse('control', 'model-predictive'), await stage.addHouse('control')]
    await stage.warm(houses, 19)
    const threadFile = new URL('./fixtures/hanging-thread.ts', import.meta.url)
    const given = { threadFile, planLimit: 300, threads: 1 }
    const controller = await stage.start({ ...given, every: 1500, planPause: 0 })
    await until('both had turns', stage.hadTurns(houses, 2))
    await stage.stop()
    const [planned, plain] = houses as [House, House]
    const notices = (await stage.memory(planned))?.notices
    expect(notices).toContainEqual(expect.objectContaining({ kind: 'no-plan' }))
    expect(notices?.find(({ kind }) => kind === 'no-plan')?.sentence).toContain('It took more than 0.3 s')
    expect(await stage.commands(planned)).toHaveLength(1)
    expect(await stage.commands(plain)).toHaveLength(1)
    const ended = await controller.registry.getSingleMetric('nabolag_controller_threads_ended_total')!.get()
    expect(ended.values[0]?.value).toBeGreaterThanOrEqual(2)

    // Such a house does not take the threads from others at each turn, though a change of its owner is tried at once.
    const patient = await stage.start({ ...given, every: 500 })
    const endedOf = async () =>
      (await patient.registry.getSingleMetric('nabolag_controller_threads_ended_total')!.get()).values[0]?.value ?? 0
    const had = await stage.turns(planned)
    await until('it had more turns', stage.hadTurns([planned], had + 4))
    expect(await endedOf()).toBe(0)
    expect((await stage.memory(planned))?.notices).toEqual(notices)
    await stage.tenant.changeRoom(planned.id, planned.room, { comfort: evenComfort(21, 1) })
    await until('it was tried again', async () => (await endedOf()) === 1)
  })

  test('a room’s model is learnt while no turn waits, or it is said what is missing', async () => {
    const house = await stage.addHouse('observe')
    await stage.warm([house], 19)
    await stage.start({ fitTick: 100 })
    await until('it was tried', async () => (await stage.tenant.models(house.id)).length > 0)
    await stage.stop()
    const [model] = await stage.tenant.models(house.id)
    expect(model).toMatchObject({ room: house.room, outcome: 'not-enough-data' })
    expect(model?.because).toContain('Not enough data')
  })
})

describe('engines that are away', () => {
  test('ClickHouse: turns wait, are said to wait once, and are taken when it answers again', async () => {
    const house = await stage.addHouse('control')
    await stage.warm([house], 19)
    stage.door.shut()
    const lines: string[] = []
    const note = (_: object, text: string) => void lines.push(text)
    await stage.start({ log: { debug() {}, info: note, warn: note, error: note } })
    await until('it is said', () => lines.some((line) => line.startsWith('ClickHouse does not answer')))
    await new Promise((resolve) => setTimeout(resolve, 3000))
    expect(await stage.receipts(house)).toEqual([])
    stage.door.open()
    await until('the turn is taken', stage.hadTurns([house], 1))
    await stage.stop()
    expect(await stage.commands(house)).toHaveLength(1)
    expect(lines.filter((line) => line.startsWith('ClickHouse'))).toEqual([
      expect.stringContaining('does not answer'),
      expect.stringContaining('answers again'),
    ])
  })

  test('ClickHouse takes what it is asked and never answers, for very long: what was set goes back to the wish, once', async () => {
    const house = await stage.addHouse('control')
    await stage.warm([house], 19)
    await stage.start({ every: 1000 })
    await until('it was told', stage.hadTurns([house], 1))
    await stage.stop()
    await moveBack(house)
    stage.door.jam()
    await stage.tenant.changeRoom(house.id, house.room, { comfort: evenComfort(20, 1) })
    await stage.start({ every: 1000, blindAfter: 1500, lookLimit: 500 })
    await until('it is told again', async () => (await stage.commands(house)).length === 2)
    const had = await stage.turns(house)
    await until('it had one more turn', stage.hadTurns([house], had + 1))
    await stage.stop()
    stage.door.open()
    const released = (await stage.receipts(house)).filter(({ outcome }) => outcome === 'release')
    expect(released).toMatchObject([{ sent: { temperature: 20 } }])
    expect(await stage.commands(house)).toHaveLength(2)
  })

  test('ClickHouse never answers for one house: it is said there, tried at its usual times, and made safe in the end', async () => {
    const [slow, usual] = [await stage.addHouse('control'), await stage.addHouse('control')]
    await stage.warm([slow, usual], 19)
    await stage.start({ every: 1000 })
    await until('both were told', stage.hadTurns([slow, usual], 1))
    await stage.stop()
    await moveBack(slow)
    await stage.tenant.changeRoom(slow.id, slow.room, { comfort: evenComfort(20, 1) })
    let asked = 0
    const series = {
      ...stage.series,
      points: (...given: Parameters<typeof stage.series.points>) => {
        if (given[0] !== slow.id) return stage.series.points(...given)
        asked++
        return new Promise<never>(() => {})
      },
    }
    const had = await stage.turns(slow)
    await stage.start({ every: 2000, blindAfter: 10_000, lookLimit: 1000, series })
    await until('it has a receipt', stage.hadTurns([slow], had + 1))
    const [failed] = await stage.receipts(slow)
    expect(failed?.sentence).toContain('The turn failed: Its measurements could not be read within 1 s')
    expect((await stage.memory(slow))?.notices).toMatchObject([{ kind: 'turn-failed' }])
    asked = 0
    const before = await stage.turns(usual)
    await until('the other has its turns', stage.hadTurns([usual], before + 3))
    expect(asked).toBeLessThanOrEqual(5)
    await until('it is told again', async () => (await stage.commands(slow)).length === 2)
    await stage.stop()
    const released = (await stage.receipts(slow)).filter(({ outcome }) => outcome === 'release')
    expect(released).toMatchObject([{ sent: { temperature: 20 } }])
  })

  test('ClickHouse answers with nothing but errors, for very long: what was set goes back to the wish, once', async () => {
    const house = await stage.addHouse('control')
    await stage.warm([house], 19)
    await stage.start({ every: 1000 })
    await until('it was told', stage.hadTurns([house], 1))
    await stage.stop()
    await moveBack(house)
    await stage.tenant.changeRoom(house.id, house.room, { comfort: evenComfort(20, 1) })
    const points = async () => {
      throw Problem('too-much-data')
    }
    await stage.start({ every: 500, blindAfter: 2000, series: { ...stage.series, points } })
    await until('it is told again', async () => (await stage.commands(house)).length === 2)
    const had = await stage.turns(house)
    await until('it had some more turns', stage.hadTurns([house], had + 3))
    await stage.stop()
    const receipts = await stage.receipts(house)
    expect(receipts.filter(({ outcome }) => outcome === 'release')).toMatchObject([{ sent: { temperature: 20 } }])
    expect(receipts.map(({ sentence }) => sentence)).toContainEqual(expect.stringContaining('The turn failed: '))
    expect(await stage.commands(house)).toHaveLength(2)
  })

  test('PostgreSQL and the broker: nothing is lost, and it is said once', async () => {
    const house = await stage.addHouse('control')
    await stage.warm([house], 19)
    let away = true
    const whenThere =
      <Given extends unknown[], Answer>(ask: (...given: Given) => Promise<Answer>) =>
      async (...given: Given) => {
        if (away) throw Problem('engine-down', 'PostgreSQL does not answer')
        return ask(...given)
      }
    const { claimTurns, saveTurn, databaseTime, ...rest } = stage.store.fleet
    const fleet = {
      ...rest,
      claimTurns: whenThere(claimTurns),
      saveTurn: whenThere(saveTurn),
      databaseTime: whenThere(databaseTime),
    }
    const lines: string[] = []
    const note = (_: object, text: string) => void lines.push(text)
    // The broker is away as well: the connectors find the command in the store.
    const bus = { ...(await connectBus({ url: stage.broker.url })), connected: false }
    await stage.start({ fleet, bus, log: { debug() {}, info: note, warn: note, error: note } })
    await new Promise((resolve) => setTimeout(resolve, 2500))
    away = false
    await until('the turn is taken', stage.hadTurns([house], 1))
    await stage.stop()
    expect(await stage.commands(house)).toHaveLength(1)
    expect(lines.filter((line) => line.startsWith('PostgreSQL'))).toHaveLength(2)
    await bus.close()
  })
})
