/** Grid tariffs known without asking, as examples and defaults; a house enters those of its own company. */
import type { CapacityTariff } from './capacity.ts'
import type { GridEnergy } from './grid-energy.ts'

export type GridCompany = {
  readonly label: string
  readonly energy: readonly GridEnergy[]
  readonly capacity: readonly CapacityTariff[]
}

const tensio = 'Price list of Tensio TS for households, July 2026'
const elvia = 'Price list of Elvia for households, July 2026'

export const gridCompanies = {
  'tensio-ts': {
    label: 'Tensio TS (Trondheim and the south of Trøndelag)',
    energy: [
      {
        from: '2026-07-01',
        base: 0.109,
        rules: [{ name: 'day', price: 0.221, fromHour: 6, toHour: 22 }],
        source: tensio,
      },
    ],
    capacity: [
      {
        from: '2026-07-01',
        method: 'three-days',
        thresholdIncluded: true,
        steps: [
          { above: 0, perYear: 1258 },
          { above: 2, perYear: 2237 },
          { above: 5, perYear: 3811 },
          { above: 10, perYear: 5616 },
          { above: 15, perYear: 7440 },
          { above: 20, perYear: 9254 },
        ],
        source: tensio,
      },
    ],
  },
  elvia: {
    label: 'Elvia (Oslo, Akershus, Østfold, Innlandet)',
    energy: [
      {
        from: '2026-07-01',
        base: 0.1699,
        rules: [{ name: 'working day', price: 0.2899, fromHour: 6, toHour: 22, days: 'working-days' }],
        source: elvia,
      },
    ],
    capacity: [
      {
        from: '2026-07-01',
        method: 'three-days',
        thresholdIncluded: true,
        steps: [
          { above: 0, perYear: 1440 },
          { above: 2, perYear: 2400 },
          { above: 5, perYear: 4032 },
          { above: 10, perYear: 5616 },
          { above: 15, perYear: 7248 },
          { above: 20, perYear: 8880 },
        ],
        source: elvia,
      },
    ],
  },
} as const satisfies Record<string, GridCompany>

export type GridCompanyName = keyof typeof gridCompanies
