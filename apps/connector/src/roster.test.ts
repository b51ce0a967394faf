import { expect, test } from 'vitest'
import type { Crew } from './crew.ts'
import { device } from './fixtures/stage.ts'
import { makeRoster } from './roster.ts'
import type { Unit } from './unit.ts'

/** Devices whose threads take their time to end. */
const slowCrew = (name: string) => {
  const units = new Map<number, Unit>()
  return {
    name,
    units,
    start: (list: readonly Unit[]) => {
      for (const unit of list) units.set(unit.id, unit)
    },
    stop: async (ids: readonly number[]) => {
      for (const id of ids) units.delete(id)
      await new Promise((resolve) => setTimeout(resolve, 50))
    },
  } as unknown as Crew
}

test('a lease that is lost and won again at once leaves no device behind', async () => {
  const crews = new Map(['a', 'b', 'c'].map((name) => [name, slowCrew(name)]))
  const roster = makeRoster({
    tell: { recorder: { status: () => {}, line: () => {} }, connector: 'x' } as never,
    crewOf: (name) => crews.get(name),
    crews: () => crews.values(),
  })
  const devices = [...crews.keys()].map((name) => device(name, { token: 'x' }))
  await roster.adjust(devices, [0], () => true)
  const stopping = roster.stopShards([0])
  await roster.adjust(devices, [0], () => true)
  await stopping
  expect(roster.units.size).toBe(3)
  for (const crew of crews.values()) expect([crew.name, crew.units.size]).toEqual([crew.name, 1])
})
