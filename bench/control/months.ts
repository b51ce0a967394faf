/** Months with a capacity charge, two days planned at a time, against the best with the whole month known. */
import type { Solver } from '@nabolag/control/mpc/index'
import { bestMonth, runMonth } from '@nabolag/control/mpc/month.testing'
import { type MonthCase, readLoad, readMonth } from '@nabolag/control/mpc/month-data.testing'

const battery = { capacity: 10, power: 5 }

/** The load is of 2024, whole weeks later than prices and weather. */
const cases: readonly (MonthCase & { readonly name: string })[] = [
  { name: 'heat pump, January', month: '2024-01', loadDaysLater: 63, heated: true },
  { name: 'heat pump, December', month: '2023-12', loadDaysLater: 126, heated: true },
  { name: 'heat pump and battery, February', month: '2024-02', loadDaysLater: 56, heated: true, battery },
  { name: 'heat pump and battery, November', month: '2023-11', loadDaysLater: 126, heated: true, battery },
  { name: 'battery, March', month: '2023-03', loadDaysLater: 364, battery },
  { name: 'battery, April', month: '2023-04', loadDaysLater: 364, battery },
  { name: 'battery, August', month: '2023-08', loadDaysLater: 364, battery },
  { name: 'battery, October', month: '2023-10', loadDaysLater: 364, battery },
]

/** @returns `undefined` where the data are not there */
export function months(solver: Solver, say: (text: string) => void) {
  const load = readLoad()
  if (!load) return undefined
  const rows = cases.flatMap((one) => {
    const data = readMonth(one, load)
    if (!data) return []
    const best = bestMonth(solver, data, one)
    const share = (total: number) => total / best.total - 1
    const known = runMonth(solver, data, one, { step: 'ruled' })
    const guessed = runMonth(solver, data, one, { step: 'ruled', load: 'forecast' })
    const heedless = runMonth(solver, data, one, { step: 'none' })
    const row = {
      name: one.name,
      best: best.total,
      // Share above the optimum: load of the next two days known; forecast from what was used; no regard to the charge.
      aboveWithLoadKnown: share(known.total),
      aboveWithLoadGuessed: share(guessed.total),
      aboveWithoutRegard: share(heedless.total),
      kilowatts: { best: best.power, known: known.power, guessed: guessed.power, heedless: heedless.power },
    }
    say(
      `${one.name}: ${JSON.stringify(row, (_, value) => (typeof value === 'number' ? Math.round(value * 1e4) / 1e4 : value))}`,
    )
    return [row]
  })
  return rows.length > 0 ? rows : undefined
}
