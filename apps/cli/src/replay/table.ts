/** Key figures of replays side by side, for people: one row each, with its unit. */
import type { KeyFigures } from '@nabolag/control'
import type { Run } from './run.ts'

type Row = readonly [what: string, unit: string, of: (figures: KeyFigures) => number | null, digits: number]

const rows: readonly Row[] = [
  ['discomfort (tdis_tot)', 'K·h per room', ({ tdis_tot }) => tdis_tot, 1],
  ['mean temperature', '°C', ({ meanTemperature }) => meanTemperature, 2],
  ['heating energy', 'kWh', ({ energy }) => energy, 0],
  ['the same (ener_tot)', 'kWh/m²', ({ ener_tot }) => ener_tot, 2],
  ['heating cost', 'NOK', ({ cost }) => cost, 0],
  ['the same (cost_tot)', 'NOK/m²', ({ cost_tot }) => cost_tot, 2],
  ['whole power bill', 'NOK', ({ bill }) => bill, 0],
  ['capacity step', 'NOK', ({ capacity }) => capacity, 0],
  ['highest quarter (pele_tot)', 'kW/m²', ({ pele_tot }) => pele_tot, 4],
  ['air above 1000 ppm CO₂ (idis_tot)', 'ppm·h', ({ idis_tot }) => idis_tot, 0],
  ['emissions (emis_tot)', 'kgCO₂/m²', ({ emis_tot }) => emis_tot, 3],
  ['set-points moved', 'times', ({ moves }) => moves, 0],
  ['the same, in all', 'K', ({ travel }) => travel, 0],
  ['time for a turn (time_rat)', 'of the time between', ({ time_rat }) => time_rat, 6],
]

export const unknown = 'not known'
const cell = (value: number | null | undefined, digits: number) =>
  value === null || value === undefined ? unknown : value.toFixed(digits)
const percent = (share: number | null | undefined) =>
  share === null || share === undefined ? unknown : `${(100 * share).toFixed(1)} %`

/** What of a row is worth showing: one that nobody knows anything of is left out unless it is BOPTEST's own. */
export function tableOf(runs: readonly Run[]): { readonly header: string[]; readonly rows: string[][] } {
  const first = runs[0]
  const answers = first?.replay.answers ?? true
  // Without an answer the figures are those of what was, the same for all.
  const shown = answers ? runs : runs.slice(0, 1)
  const table = rows.map(([what, unit, of, digits]) => [
    what,
    unit,
    ...shown.map(({ replay }) => cell(of(replay.figures), digits)),
  ])
  if (answers && runs.some(({ saved }) => saved)) {
    table.push(['saved of the heating cost', '', ...runs.map(({ saved }) => (saved ? percent(saved.raw) : ''))])
    table.push([
      'saved at equal mean temperature',
      '',
      ...runs.map(({ saved }) => (saved ? percent(saved.atEqualTemperature) : '')),
    ])
  }
  return { header: ['', '', ...(answers ? runs.map(({ label }) => label) : ['what was'])], rows: table }
}

/** How often each control sent something, and what kept it from sending. */
export function turnsTable(runs: readonly Run[]): { readonly header: string[]; readonly rows: string[][] } {
  const kinds = [...new Set(runs.flatMap(({ replay }) => Object.keys(replay.outcomes)))].toSorted()
  return {
    header: [runs[0]?.replay.answers ? 'turns of loops' : 'would have', ...runs.map(({ label }) => label)],
    rows: kinds.map((kind) => [kind, ...runs.map(({ replay }) => String(replay.outcomes[kind] ?? 0))]),
  }
}

type Table = ReturnType<typeof tableOf>

/**
 * A table in several below each other, so that no line is wider than a terminal; the first columns (what, and its unit)
 * stand in each. Without a width, as where the output goes to a file, it stays whole.
 */
export function inWidth({ header, rows }: Table, columns: number | undefined): Table[] {
  const fixed = header.findIndex((name) => name !== '')
  const kept = fixed <= 0 ? 1 : fixed
  const widths = header.map((name, n) => Math.max(name.length, ...rows.map((row) => row[n]?.length ?? 0)) + 2)
  const sum = (from: number, to: number) => widths.slice(from, to).reduce((so, one) => so + one, 0)
  if (columns === undefined || sum(0, widths.length) - 2 <= columns) return [{ header, rows }]
  const parts: [from: number, to: number][] = []
  for (let from = kept; from < widths.length; ) {
    let to = from + 1
    while (to < widths.length && sum(0, kept) + sum(from, to + 1) - 2 <= columns) to++
    parts.push([from, to])
    from = to
  }
  const part = (row: readonly string[], [from, to]: [number, number]) => [...row.slice(0, kept), ...row.slice(from, to)]
  return parts.map((span) => ({ header: part(header, span), rows: rows.map((row) => part(row, span)) }))
}
