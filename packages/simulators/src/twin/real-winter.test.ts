import { loadSolver, savedBy } from '@nabolag/control'
import { expect, test } from 'vitest'
import { readRealWinter, replayRealWinter } from './real-winter.testing.ts'

const winter = readRealWinter()
if (!winter) console.log('1 test left out: the shared prices and weather are not there')

test.skipIf(!winter)(
  'in the coldest and dearest week of a real winter, planning saves money on a twin with all its faults, and stays warm',
  async () => {
    const solver = await loadSolver()
    const span = { from: Date.parse('2024-01-03T00:00:00Z'), to: Date.parse('2024-01-08T00:00:00Z') }
    const run = (label: string, shift?: number) => replayRealWinter(winter!, solver, { label, ...span, shift })
    const schedules = [await run('schedule'), await run('schedule', -1), await run('schedule', 1)]
    const planned = await run('model-predictive')
    const { atEqualTemperature } = savedBy(
      planned.figures,
      schedules.map(({ figures }) => figures),
    )
    expect(planned.plans.every(({ status }) => status === 'optimal')).toBe(true)
    expect(atEqualTemperature).toBeGreaterThan(0.02)
    expect(planned.rooms[0]!.lowest).toBeGreaterThan(18.5)
    console.log(`saved at equal mean temperature: ${(100 * (atEqualTemperature ?? 0)).toFixed(1)} %`)
  },
  60_000,
)
