/** Tells what replays came to: tables for people, JSON for programs, a page for both. */
import { writeFile } from 'node:fs/promises'
import type { HouseSetup } from '@nabolag/control'
import { note, say, sayJson, sayTable } from '../say.ts'
import { plotPage } from './plot.ts'
import type { Run } from './run.ts'
import { inWidth, tableOf, turnsTable } from './table.ts'

export type Telling = {
  readonly from: number
  readonly to: number
  readonly plot?: string
  readonly json?: boolean
  readonly series?: boolean
  /** What the replay runs on, in sentences. */
  readonly notes: readonly string[]
}

export async function tell(setup: HouseSetup, runs: readonly Run[], options: Telling): Promise<void> {
  const { from, to, plot, json, series, notes } = options
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  const first = runs[0]?.replay
  const span = [from, to].map((at) => new Date(at).toISOString().slice(0, 16)).join(' to ')
  if (plot !== undefined)
    await writeFile(plot, plotPage(setup, runs, `${setup.name}, ${span} UTC, on ${first?.source ?? 'nothing'}`))
  if (json) {
    sayJson({
      ...{ house: { id: setup.id, name: setup.name }, from, to, source: first?.source, notes },
      runs: runs.map(({ label, saved, replay }) => ({
        ...{ controller: label, keyFigures: replay.figures, rooms: replay.rooms, ...(saved && { saved }) },
        ...{ turns: replay.turns, outcomes: replay.outcomes, moves: replay.moves },
        receipts: replay.receipts,
        plans: replay.plans,
        ...(series && { steps: replay.steps }),
      })),
    })
    return
  }
  say(`${setup.name}, ${span} UTC, on ${first?.source ?? 'nothing'}.`)
  say()
  for (const table of [tableOf(runs), turnsTable(runs)])
    for (const { header, rows } of inWidth(table, process.stdout.columns)) {
      sayTable(header, rows)
      say()
    }
  if (first && first.figures.known < 1)
    say(`Temperatures are known for ${(100 * first.figures.known).toFixed(0)} % of the time.`)
  if (first && first.figures.priced < 1)
    say(
      `Prices are known for ${(100 * first.figures.priced).toFixed(1)} % of the time; costs are of that part, energy of all of it.`,
    )
  if (first && !first.answers)
    say('Nothing was moved: the figures are those of what was. --twin lets the house answer.')
  if (plot !== undefined) note(`${plot} is written.`)
}
