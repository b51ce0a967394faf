import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connectBus, onCommandResult } from '@nabolag/bus'
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
    await until('each house has had three turns', stage.hadTurns(Object.values(houses), 3))
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

  test('two controllers on 30 houses: each house has one turn at each time it is due, and no command comes twice', async () => {
    const houses: House[] = []
    for (let n = 0; n < 30; n++) houses.push(await stage.addHouse('control'))
    await stage.warm(houses, 19)
    const every = 5000
    const two = await Promise.all([stage.start({ every, room: 4 }), stage.start({ every, room: 4 })])
    await until('each house has had three turns', stage.hadTurns(houses, 3), 70_000)
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
    await until('the next controller has had the turn', stage.hadTurns([house], 1))
    await stage.stop()
    expect(await stage.commands(house)).toHaveLength(1)
    expect(await stage.receipts(house)).toHaveLength(1)
  })

  test('a heat pump that can is given the wishes as a schedule of its own, once, and none when control ends', async () => {
    const house = await stage.addHouse('control', 'schedule', { setFallback: {} })
    await stage.warm([house], 19)
    await stage.start({ every: 1000 })
    await until('it had turns', stage.hadTurns([house], 2))
    const told = async () => (await stage.commands(house)).filter(({ verb }) => verb === 'setFallback')
    expect(await told()).toMatchObject([
      { arguments: { timezone: 'Europe/Oslo', schedule: [{ at: '00:00', temperature: 22 }] }, state: 'accepted' },
    ])
    await stage.tenant.changeLoop(house.id, house.loop, { mode: 'observe' })
    await until('it is taken back', async () => (await told()).length === 2)
    const before = await stage.turns(house)
    await until('it had turns', stage.hadTurns([house], before + 1))
    expect((await told())[0]).toMatchObject({ arguments: { schedule: [] }, state: 'accepted' })
    expect(await told()).toHaveLength(2)
  })

  test('a house with a memory that is of no use has its turn all the same, and stays within its limits', async () => {
    const house = await stage.addHouse('control')
    await stage.warm([house], 19)
    await stage.start({ every: 1000 })
    await until('it was told', stage.hadTurns([house], 2))
    await stage.stop()
    for (const broken of [{ loops: { [house.loop]: { moves: 5 } }, rooms: {}, notices: [] }, { loops: 'none' }]) {
      await stage.setMemory(house, broken)
      const before = await stage.turns(house)
      await stage.start({ every: 1000 })
      await until('it had its turn', stage.hadTurns([house], before + 1))
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
    await until('both had turns', stage.hadTurns([bad, good], 2))
    await stage.stop()
    expect(await stage.commands(good)).toHaveLength(1)
    expect(await stage.commands(bad)).toEqual([])
    const [receipt] = await stage.receipts(bad)
    expect(receipt?.sentence).toMatch(/Stue: nothing was sent. The turn failed: /)
    expect((await stage.memory(bad))?.notices).toMatchObject([{ kind: 'turn-failed' }])
  })

  test('a clock that differs from the database’s by minutes only observes, and leaves nothing in the memory but a notice', async () => {
    const house = await stage.addHouse('control')
    await stage.warm([house], 19)
    const databaseTime = async () => (await stage.store.fleet.databaseTime()) + 5 * 60_000
    await stage.start({ every: 1000, fleet: { ...stage.store.fleet, databaseTime } })
    await until('it had its turn', stage.hadTurns([house], 1))
    await stage.stop()
    expect(await stage.commands(house)).toEqual([])
    const [receipt] = await stage.receipts(house)
    expect(receipt).toMatchObject({ sent: null, reasons: [{ code: 'clock-strange' }, {}] })
    expect(receipt?.sentence).toContain('differ by 5 minutes')
    const memory = await stage.memory(house)
    expect(memory?.at).toBeUndefined()
    expect(memory?.notices).toMatchObject([{ kind: 'clock-off' }])
  })

  test('a controller that is stopped gives back what it cannot finish: another takes it at once', async () => {
    const house = await stage.addHouse('control', 'model-predictive')
    await stage.warm([house], 19)
    const threadFile = new URL('./fixtures/hanging-thread.ts', import.meta.url)
    const controller = await stage.start({ threadFile, lastTurns: 300 })
    const waiting = () => controller.registry.getSingleMetric('nabolag_controller_turns_under_way')!.get()
    await until('its turn is under way', async () => (await waiting()).values[0]?.value === 1)
    await stage.stop()
    expect(await stage.receipts(house)).toEqual([])
    await stage.start({ claimSeconds: 3600 })
    await until('another has had the turn', stage.hadTurns([house], 1))
    expect(await stage.commands(house)).toHaveLength(1)
  })
})
