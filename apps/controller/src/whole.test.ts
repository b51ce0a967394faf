import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connectBus, onCommandResult } from '@nabolag/bus'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type House, openStage, type Stage, until } from './fixtures/stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
}, 60_000)
afterEach(() => stage.clear())
afterAll(() => stage?.close())

const turns = async (house: House) => (await stage.receipts(house)).length
const hadTurns = (houses: readonly House[], count: number) => async () =>
  (await Promise.all(houses.map(turns))).every((had) => had >= count)

describe('the turns of houses', () => {
  test('control sends one command and wakes the connectors; observe, advise and old readings send none and say why', async () => {
    const houses = {
      control: await stage.addHouse('control'),
      observe: await stage.addHouse('observe'),
      advise: await stage.addHouse('advise'),
      stale: await stage.addHouse('control'),
      silent: await stage.addHouse('control'),
    }
    await stage.warm([houses.control, houses.observe, houses.advise], 19)
    await stage.warm([houses.stale], 19, 45 * 60_000)
    const bus = await connectBus({ url: stage.broker.url })
    const woken: string[] = []
    await bus.subscribe(`commands/${houses.control.id}/many/0`, (_, payload) => woken.push(String(payload)))
    const told: string[] = []
    await onCommandResult(bus, 'all', ({ houseId }, { state }) => told.push(`${houseId} ${state}`))
    await stage.start({ every: 1500 })
    await until('each house has had three turns', hadTurns(Object.values(houses), 3))
    await stage.stop()

    const commands = await stage.commands(houses.control)
    expect(commands).toHaveLength(1)
    expect(commands[0]).toMatchObject({
      ...{ verb: 'setTargetTemperature', location: 'Stue', state: 'accepted', askedBy: 'controller' },
      arguments: { temperature: 22 },
    })
    expect(told).toEqual([`${houses.control.id} accepted`])
    expect(woken.map((text) => JSON.parse(text))).toEqual([{ id: commands[0]?.id }])
    const receipts = await stage.receipts(houses.control)
    expect(
      receipts
        .map(({ outcome }) => outcome)
        .toReversed()
        .slice(0, 3),
    ).toEqual(['command', 'none', 'none'])
    expect(receipts.at(-1)).toMatchObject({ sent: { temperature: 22 }, commands: [{ id: commands[0]?.id }] })

    for (const mode of ['observe', 'advise'] as const) {
      expect(await stage.commands(houses[mode])).toEqual([])
      for (const { sentence, sent } of await stage.receipts(houses[mode])) {
        expect(sent).toBeNull()
        expect(sentence).toContain(`the mode is ${mode}; it would have set the temperature to 22 °C`)
      }
    }
    expect(await stage.commands(houses.stale)).toEqual([])
    expect((await stage.receipts(houses.stale))[0]?.sentence).toContain('The reading is too old')
    expect(await stage.commands(houses.silent)).toEqual([])
    expect((await stage.receipts(houses.silent))[0]?.sentence).toContain('There is no reading')
    expect((await stage.memory(houses.silent))?.notices).toMatchObject([
      { kind: 'no-readings', room: houses.silent.room },
    ])
    await bus.close()
  })

  test('two controllers on 30 houses: each house has one turn at each time it is due, and no command comes twice', {
    timeout: 90_000,
  }, async () => {
    const houses: House[] = []
    for (let n = 0; n < 30; n++) houses.push(await stage.addHouse('control'))
    await stage.warm(houses, 19)
    const every = 5000
    const two = await Promise.all([stage.start({ every, room: 4 }), stage.start({ every, room: 4 })])
    await until('each house has had three turns', hadTurns(houses, 3), 60_000)
    await stage.stop()
    let count = 0
    for (const house of houses) {
      const times = (await stage.receipts(house)).map(({ at }) => Date.parse(at)).toSorted((a, b) => a - b)
      count += times.length
      // The first turn is out of the house's own time.
      const gaps = times.slice(2).map((at, i) => at - times[i + 1]!)
      for (const gap of gaps) expect(gap).toBeGreaterThan(every / 10 - 50)
      const slots = times.slice(1).map((at) => Math.floor((at - ((house.id * 0.6180339887498949) % 1) * every) / every))
      expect(new Set(slots).size).toBe(slots.length)
      expect(await stage.commands(house)).toHaveLength(1)
    }
    const saved = await Promise.all(
      two.map(async ({ registry }) => {
        const metric = await registry.getSingleMetric('nabolag_controller_turns_total')!.get()
        return metric.values.find(({ labels }) => labels.outcome === 'saved')?.value ?? 0
      }),
    )
    expect(saved[0]! + saved[1]!).toBe(count)
    expect(Math.min(...saved)).toBeGreaterThan(0)
  })

  test('a controller killed between its decision and its keeping leaves nothing; the next one does it, once', async () => {
    const house = await stage.addHouse('control')
    await stage.warm([house], 19)
    const child = fork(new URL('./fixtures/dying-controller.ts', import.meta.url), [JSON.stringify(stage.addresses)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const exit = once(child, 'exit')
    const [message] = await Promise.race([once(child, 'message'), exit])
    child.kill('SIGKILL')
    await exit
    expect(message).toEqual({ commands: 1, houses: [house.id] })
    expect(await stage.commands(house)).toEqual([])
    expect(await stage.receipts(house)).toEqual([])
    await stage.start()
    await until('the next controller has had the turn', hadTurns([house], 1))
    await stage.stop()
    expect(await stage.commands(house)).toHaveLength(1)
    expect(await stage.receipts(house)).toHaveLength(1)
  })

  test('a house with a memory that is of no use has its turn all the same, and stays within its limits', async () => {
    const house = await stage.addHouse('control')
    await stage.warm([house], 19)
    await stage.start({ every: 1000 })
    await until('it was told', hadTurns([house], 2))
    await stage.stop()
    for (const broken of [{ loops: { [house.loop]: { moves: 5 } }, rooms: {}, notices: [] }, { loops: 'none' }]) {
      await stage.setMemory(house, broken)
      const before = await turns(house)
      await stage.start({ every: 1000 })
      await until('it had its turn', hadTurns([house], before + 1))
      await stage.stop()
      expect((await stage.receipts(house))[0]).toMatchObject({ outcome: 'none' })
      expect((await stage.memory(house))?.loops[house.loop]?.moves).toMatchObject([{ set: { temperature: 22 } }])
    }
    expect(await stage.commands(house)).toHaveLength(1)
  })

  test('a house whose turn fails has a receipt and a notice that say so, and the others have their turns', async () => {
    const [bad, good] = [await stage.addHouse('control'), await stage.addHouse('control')]
    await stage.warm([bad, good], 19)
    const fleet = {
      ...stage.store.fleet,
      claimedHouse: async (claim: Parameters<Stage['store']['fleet']['claimedHouse']>[0]) => {
        const house = await stage.store.fleet.claimedHouse(claim)
        // Something that nobody has foreseen.
        const rooms = house?.control.rooms.map((room) => ({ ...room, sensors: undefined as never }))
        return house && house.id === bad.id ? { ...house, control: { ...house.control, rooms: rooms! } } : house
      },
    }
    await stage.start({ every: 1000, fleet })
    await until('both had turns', hadTurns([bad, good], 2))
    await stage.stop()
    expect(await stage.commands(good)).toHaveLength(1)
    expect(await stage.commands(bad)).toEqual([])
    const [receipt] = await stage.receipts(bad)
    expect(receipt?.sentence).toMatch(/Stue: nothing was sent. The turn failed: /)
    expect((await stage.memory(bad))?.notices).toMatchObject([{ kind: 'turn-failed' }])
  })

  test('a clock that differs from the database’s by minutes only observes, and leaves no trace in the memory', async () => {
    const house = await stage.addHouse('control')
    await stage.warm([house], 19)
    const databaseTime = async () => (await stage.store.fleet.databaseTime()) + 5 * 60_000
    await stage.start({ every: 1000, fleet: { ...stage.store.fleet, databaseTime } })
    await until('it had its turn', hadTurns([house], 1))
    await stage.stop()
    expect(await stage.commands(house)).toEqual([])
    const [receipt] = await stage.receipts(house)
    expect(receipt).toMatchObject({ sent: null, reasons: [{ code: 'clock-strange' }, {}] })
    expect(receipt?.sentence).toContain('differ by 5 minutes')
    expect((await stage.memory(house))?.at).toBeUndefined()
  })
})

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
    await until('both had turns', hadTurns([usual, poor], 2))
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
    const controller = await stage.start({ every: 1500, threadFile, planLimit: 300, threads: 1 })
    await until('both had turns', hadTurns(houses, 2))
    await stage.stop()
    const [planned, plain] = houses as [House, House]
    const notices = (await stage.memory(planned))?.notices
    expect(notices).toContainEqual(expect.objectContaining({ kind: 'no-plan' }))
    expect(notices?.find(({ kind }) => kind === 'no-plan')?.sentence).toContain('It took more than 0.3 s')
    expect(await stage.commands(planned)).toHaveLength(1)
    expect(await stage.commands(plain)).toHaveLength(1)
    const ended = await controller.registry.getSingleMetric('nabolag_controller_threads_ended_total')!.get()
    expect(ended.values[0]?.value).toBeGreaterThanOrEqual(2)
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
    await until('the turn is taken', hadTurns([house], 1))
    await stage.stop()
    expect(await stage.commands(house)).toHaveLength(1)
    expect(lines.filter((line) => line.startsWith('ClickHouse'))).toEqual([
      expect.stringContaining('does not answer'),
      expect.stringContaining('answers again'),
    ])
  })

  test('PostgreSQL: nothing is lost, and it is said once', async () => {
    const house = await stage.addHouse('control')
    await stage.warm([house], 19)
    let away = true
    const { Problem } = await import('@nabolag/core')
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
    await stage.start({ fleet, log: { debug() {}, info: note, warn: note, error: note } })
    await new Promise((resolve) => setTimeout(resolve, 2500))
    away = false
    await until('the turn is taken', hadTurns([house], 1))
    await stage.stop()
    expect(await stage.commands(house)).toHaveLength(1)
    expect(lines.filter((line) => line.startsWith('PostgreSQL'))).toHaveLength(2)
  })
})
