import { expect, test } from 'vitest'
import { loadSolver } from './index.ts'
import { bestMonth, runMonth } from './month.testing.ts'
import { readLoad, readMonth } from './month-data.testing.ts'

const january = { month: '2024-01', loadDaysLater: 63, heated: true }
const load = readLoad()
const data = load && readMonth(january, load)
if (!data) console.log('1 test left out: the shared load, prices and weather are not there')

test.skipIf(!data)(
  'January 2024 with a heat pump: the capacity step is kept, within 1 % of the month known beforehand',
  { timeout: 120_000 },
  async () => {
    const solver = await loadSolver()
    const best = bestMonth(solver, data!, january)
    const run = runMonth(solver, data!, january, { step: 'ruled' })
    console.log(
      `best ${best.total.toFixed(0)} NOK at ${best.power.toFixed(2)} kW; two days at a time ${run.total.toFixed(0)}`,
    )
    expect(run.capacity).toBe(best.capacity)
    expect(run.total / best.total).toBeLessThan(1.01)
    // Nothing beats the whole month known.
    expect(run.total).toBeGreaterThan(best.total * 0.999)
  },
)
