/** Grid tariffs known without asking, as examples and defaults; a house enters those of its own company. */
import type { CapacityTariff } from './capacity.ts'
import type { GridEnergy } from './grid-energy.ts'

export type GridCompany = {
  readonly label: string
  readonly energy: readonly GridEnergy[]
  readonly capacity: readonly CapacityTariff[]
}

const collected = 'Fri nettleie, https://github.com/kraftsystemet/fri-nettleie, CC BY 4.0'
const tensio = 'Price list of Tensio TS for households, July 2026'
const elvia = 'Price list of Elvia for households, July 2026'

/** Prices by day (06 to 22) and otherwise, NOK/kWh without VAT. */
const dayAndNight = (
  from: string,
  day: number,
  base: number,
  source: string,
  days: 'every-day' | 'working-days' = 'every-day',
): GridEnergy => {
  const rule = { name: days === 'every-day' ? 'day' : 'working day', price: day, fromHour: 6, toHour: 22 }
  return { from, base, rules: [days === 'every-day' ? rule : { ...rule, days }], source }
}

/** Steps from 0, 2, 5, 10, 15 and 20 kW, NOK a year without VAT. A home above 25 kW enters the tariff itself. */
const sixSteps = (
  from: string,
  perYear: readonly [number, number, number, number, number, number],
  source: string,
): CapacityTariff => ({
  ...{ from, method: 'three-days', thresholdIncluded: true, source },
  steps: perYear.map((price, i) => ({ above: [0, 2, 5, 10, 15, 20][i] ?? 0, perYear: price })),
})

export const gridCompanies = {
  'tensio-ts': {
    label: 'Tensio TS (Trondheim and the south of Trøndelag)',
    energy: [
      dayAndNight('2024-09-01', 0.22704, 0.11304, collected),
      dayAndNight('2025-01-01', 0.23202, 0.11498, collected),
      dayAndNight('2025-07-01', 0.22, 0.109, collected),
      dayAndNight('2026-01-01', 0.20702, 0.10206, collected),
      dayAndNight('2026-07-01', 0.221, 0.109, tensio),
    ],
    capacity: [
      sixSteps('2024-09-01', [1286.4, 2294.4, 3916.8, 5769.6, 7622.4, 9494.4], collected),
      sixSteps('2025-01-01', [1315.2, 2342.4, 3993.6, 5884.8, 7776, 9686.4], collected),
      sixSteps('2025-07-01', [1248, 2227.2, 3792, 5587.2, 7392, 9206.4], collected),
      sixSteps('2026-01-01', [1171.2, 2092.8, 3561.6, 5251.2, 6950.4, 8649.6], collected),
      sixSteps('2026-07-01', [1258, 2237, 3811, 5616, 7440, 9254], tensio),
    ],
  },
  elvia: {
    label: 'Elvia (Oslo, Akershus, Østfold, Innlandet)',
    energy: [
      dayAndNight('2024-10-01', 0.2456, 0.1856, collected, 'working-days'),
      dayAndNight('2025-01-01', 0.2321, 0.1521, collected, 'working-days'),
      dayAndNight('2025-04-01', 0.2099, 0.1299, collected, 'working-days'),
      dayAndNight('2026-07-01', 0.2899, 0.1699, elvia, 'working-days'),
    ],
    capacity: [
      sixSteps('2024-10-01', [1344, 2208, 3600, 5040, 6480, 7872], collected),
      sixSteps('2025-01-01', [1296, 2064, 3360, 4656, 5952, 7248], collected),
      sixSteps('2025-04-01', [1200, 1824, 2880, 3936, 4992, 6048], collected),
      sixSteps('2026-07-01', [1440, 2400, 4032, 5616, 7248, 8880], elvia),
    ],
  },
} as const satisfies Record<string, GridCompany>

export type GridCompanyName = keyof typeof gridCompanies
