import { VendorFailure } from '@nabolag/core'
import { expect, test, vi } from 'vitest'
import type { Loaded } from '../loaded.ts'
import type { CommandFromThread } from './contract.ts'
import { makeThreadCommands } from './thread.ts'

test('a command that its vendor had no answer for before it was sent is tried again, every time', async () => {
  const told: CommandFromThread[] = []
  const tries = new Map<number, number>()
  const scheduler = {
    find: () =>
      ({ source: { course: {}, status: undefined, credentials: {} }, member: { places: new Map() } }) as never,
    hasten: () => {},
    lend: async (id: number) => {
      tries.set(id, (tries.get(id) ?? 0) + 1)
      if (tries.get(id) === 1) throw new VendorFailure('unreachable', 'nobody answers there')
      return 'sent' as never
    },
  }
  const commands = makeThreadCommands({
    loaded: {
      name: 'x',
      pace: { every: 1000, tempo: 1 },
      settles: 10,
      commands: { heater: { setOn: async () => 'sent' } },
    } as unknown as Loaded,
    watch: { mark: () => {}, runFor: (_id, run) => run(), current: () => undefined },
    scheduler: () => scheduler,
    tell: (message) => told.push(message),
    complain: () => {},
  })
  const ids = Array.from({ length: 40 }, (_, at) => at + 1)
  for (const device of ids) {
    const order = {
      id: `c${device}`,
      device,
      capability: 'heater',
      verb: 'setOn',
      location: '',
      arguments: { on: true },
    }
    commands.receive({ to: 'command', order: { ...order, bounds: {} } as never })
  }
  // The first wait is a second at most.
  await vi.waitFor(() => expect(ids.filter((id) => tries.get(id) !== 2)).toEqual([]), 3000)
  expect(told.filter((one) => one.from === 'command-done').length).toBe(ids.length)
  commands.close()
})
