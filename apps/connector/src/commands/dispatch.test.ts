import type { Fleet, OpenCommand } from '@nabolag/store'
import { afterEach, expect, test, vi } from 'vitest'
import type { Crew } from '../crew.ts'
import { silentLog } from '../fixtures/stage.ts'
import type { Unit } from '../unit.ts'
import type { CommandToThread } from './contract.ts'
import { type Dispatch, makeDispatch } from './dispatch.ts'

type Claimed = Awaited<ReturnType<Fleet['claimCommand']>>

let dispatch: Dispatch
afterEach(() => dispatch.close())

/** One device, whose thread takes every order; the store answers a claim when the test says. */
const stage = (tempo = 0.01) => {
  const orders: CommandToThread[] = []
  const claims: { resolve(claimed: Claimed): void; reject(error: Error): void }[] = []
  const finished: { id: string; state: string; reason: string | undefined }[] = []
  const store = { waiting: [] as OpenCommand[], away: false }
  const told: unknown[][] = []
  const tell = async (...what: unknown[]) => {
    if (store.away) throw new Error('the store is away')
    told.push(what)
  }
  const thread = { open: true }
  const fleet = {
    openCommands: async () => ({ changed: [], waiting: store.waiting }),
    claimCommand: () => new Promise<Claimed>((resolve, reject) => claims.push({ resolve, reject })),
    finishCommand: async (id: string, { state, reason }: { state: string; reason: string | undefined }) =>
      void finished.push({ id, state, reason }),
    remember: tell,
    confirmCommand: (id: string) => tell('confirmed', id),
    giveUpCommand: (id: string) => tell('unconfirmed', id),
  } as unknown as Fleet
  const order = (message: CommandToThread) => {
    if (thread.open) orders.push(message)
    return thread.open
  }
  dispatch = makeDispatch({
    fleet,
    bus: { connected: false } as never,
    tell: { recorder: { line: () => {} }, connector: 'this one' } as never,
    log: silentLog,
    tempo,
    units: () => new Map([[7, { id: 7 } as Unit]]),
    crewOf: () => ({ order }) as unknown as Crew,
    shards: () => [0],
  })
  const handed = (id: string) => orders.filter((one) => one.to === 'command' && one.order.id === id).length
  return { orders, claims, finished, store, told, thread, handed }
}
const command = (id: string) =>
  ({ id, deviceId: 7, shard: 0, integration: 'x', capability: 'heater', verb: 'v', location: '' }) as OpenCommand

test.each([
  { name: 'another runs already', isOpen: true, answer: 'may' },
  { name: 'there is none yet', isOpen: false, answer: 'may' },
  { name: 'the store says no', isOpen: true, answer: 'may not' },
  { name: 'the store does not answer', isOpen: true, answer: 'fails' },
])('a thread that ends while its command is claimed keeps none of the next from the device: $name', async (given) => {
  const { claims, finished, store, thread, handed } = stage()
  store.waiting = [command('first')]
  dispatch.look()
  await vi.waitFor(() => expect(handed('first')).toBe(1))
  dispatch.heard({ from: 'claim', command: 'first' }, 'x')
  thread.open = given.isOpen
  store.waiting = []
  dispatch.gone('x')
  if (given.answer === 'fails') claims[0]!.reject(new Error('the store is away'))
  else
    claims[0]!.resolve({ go: given.answer === 'may', command: command('first'), changed: false, left: 1000 } as Claimed)
  if (given.answer === 'may')
    await vi.waitFor(() =>
      expect(finished).toMatchObject([{ id: 'first', state: 'failed', reason: expect.stringMatching(/not sent/) }]),
    )
  thread.open = true
  store.waiting = [command('next')]
  dispatch.look()
  await vi.waitFor(() => expect(handed('next')).toBe(1))
})

test('a command whose claim failed as its thread ended is handed to the next thread', async () => {
  const { claims, store, orders, handed } = stage()
  store.waiting = [command('first')]
  dispatch.look()
  await vi.waitFor(() => expect(handed('first')).toBe(1))
  dispatch.heard({ from: 'claim', command: 'first' }, 'x')
  dispatch.gone('x')
  claims[0]!.reject(new Error('the store is away'))
  await vi.waitFor(() => expect(handed('first')).toBe(2))
  dispatch.heard({ from: 'claim', command: 'first' }, 'x')
  claims[1]!.resolve({ go: true, command: command('first'), left: 1000 })
  await vi.waitFor(() => expect(orders.at(-1)).toEqual({ to: 'claimed', command: 'first', left: 1000 }))
})

test('what the store was not there to hear of is told when it is back, and of a device only the newest', async () => {
  const { store, told } = stage()
  const actuator = (location: string) => ({ capability: 'heater', location, verbs: {} }) as never
  store.away = true
  dispatch.heard({ from: 'actuators', id: 7, actuators: [actuator('before')] }, 'x')
  dispatch.heard({ from: 'actuators', id: 7, actuators: [actuator('now')] }, 'x')
  dispatch.heard({ from: 'confirmed', command: 'one' }, 'x')
  dispatch.heard({ from: 'unconfirmed', command: 'other', reason: 'no reading' }, 'x')
  await new Promise((resolve) => setTimeout(resolve, 50))
  store.away = false
  await vi.waitFor(() => expect(told).toHaveLength(3), 5000)
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(told).toEqual(
    expect.arrayContaining([
      [7, 'actuators', [actuator('now')]],
      ['confirmed', 'one'],
      ['unconfirmed', 'other'],
    ]),
  )
  expect(told).toHaveLength(3)
})

test('a command that its thread knows no device for is not handed over again and again at once', async () => {
  const { store, orders, handed } = stage(1)
  store.waiting = [command('lost')]
  dispatch.look()
  const end = Date.now() + 700
  for (let ended = 0; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 1)))
    while (ended < orders.length) {
      ended++
      dispatch.heard({ from: 'command-done', command: 'lost', state: undefined, reason: undefined }, 'x')
    }
  expect(handed('lost')).toBe(1)
})
