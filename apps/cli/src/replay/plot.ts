/** One page with everything in it: temperatures with their comfort band, power, price, and where commands went. */
import type { HouseSetup, ReplayStep } from '@nabolag/control'
import { chart, type Line } from './chart.ts'
import type { Run } from './run.ts'
import { tableOf, turnsTable } from './table.ts'

/** More points than this are joined to their means: no screen shows more. */
const mostPoints = 1400

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

export function plotPage(setup: HouseSetup, runs: readonly Run[], title: string): string {
  const parts = runs.map(
    ({ label, replay }) => `<section><h2>${escaped(label)}</h2>
${chartsOf(setup, replay)}
</section>`,
  )
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${style}</style>
<h1>${escaped(title)}</h1>
<p class="key"><span class="air">temperature</span> <span class="wish">wish</span> <span class="band">comfort band</span>
<span class="set">set-point</span> <span class="power">power</span> <span class="price">price</span>
<span class="mark">${runs.some(({ replay }) => !replay.answers) ? 'what would have been commanded' : 'command'}</span> Times are those of ${escaped(setup.timezone)}.</p>
${htmlTable(tableOf(runs))}
${htmlTable(turnsTable(runs))}
${parts.join('\n')}
</html>
`
}

const htmlTable = ({ header, rows }: ReturnType<typeof tableOf>): string => `<table>
<thead><tr>${header.map((cell) => `<th>${escaped(cell)}</th>`).join('')}</tr></thead>
<tbody>
${rows.map((row) => `<tr>${row.map((cell, n) => (n === 0 ? `<th>${escaped(cell)}</th>` : `<td>${escaped(cell)}</td>`)).join('')}</tr>`).join('\n')}
</tbody></table>`

function chartsOf(setup: HouseSetup, { steps: all, moves, answers }: Run['replay']): string {
  const steps = thinned(all)
  const [from, to] = [all[0]?.from ?? 0, all.at(-1)?.to ?? 1]
  const span = { from, to, zone: setup.timezone }
  const line = (name: string, of: (step: ReplayStep) => number | null | undefined): Line => ({
    name,
    points: steps.map((step) => ({ at: (step.from + step.to) / 2, value: of(step) ?? null })),
  })
  const rooms = setup.rooms.flatMap((room) => {
    const loop = setup.loops.find((one) => one.room === room.id)
    if (!loop) return []
    return chart({
      ...span,
      title: room.name,
      unit: '°C',
      lines: [
        line('wish', ({ wishes }) => wishes[room.id]?.temperature),
        line('set', ({ loops }) => loops[loop.id]?.setpoint),
        ...(answers ? [] : [{ name: 'would', points: wouldHave(steps, moves, loop.id) }]),
        line('air', (step) => step.rooms[room.id]),
      ],
      band: steps.map(({ from: at, wishes }) => ({
        at,
        lowest: wishes[room.id]?.lowest ?? null,
        highest: wishes[room.id]?.highest ?? null,
      })),
      marks: moves
        .filter((move) => move.loop === loop.id)
        .map(({ at, kind, set }) => ({ at, says: `${kind}: ${Object.entries(set).map(([k, v]) => `${k} ${v}`)}` })),
    })
  })
  const charge = steps.some((step) => step.charge != null)
  return [
    ...rooms,
    chart({
      ...span,
      title: 'Power',
      unit: 'kW',
      fromZero: true,
      lines: [line('grid', ({ grid }) => grid), line('power', ({ hvac }) => hvac)],
    }),
    ...(charge
      ? [chart({ ...span, title: 'Charge', unit: '%', fromZero: true, lines: [line('power', (step) => step.charge)] })]
      : []),
    chart({
      ...span,
      title: 'Price of a kWh',
      unit: 'NOK',
      fromZero: true,
      lines: [line('price', ({ price }) => price)],
    }),
    chart({ ...span, title: 'Outdoors', unit: '°C', lines: [line('outdoor', ({ outdoor }) => outdoor)] }),
  ].join('\n')
}

/** The set-point that nobody took: from each command to the next. */
function wouldHave(steps: readonly ReplayStep[], moves: Run['replay']['moves'], loop: number): Line['points'] {
  const own = moves.filter((move) => move.loop === loop && typeof move.set.temperature === 'number')
  let n = 0
  let value: number | null = null
  return steps.map(({ from, to }) => {
    while (n < own.length && own[n]!.at <= from) value = own[n++]!.set.temperature as number
    return { at: (from + to) / 2, value }
  })
}

/** Means of neighbours, so that a month is as many points as a screen has. */
function thinned(steps: readonly ReplayStep[]): readonly ReplayStep[] {
  const each = Math.ceil(steps.length / mostPoints)
  if (each <= 1) return steps
  return Array.from({ length: Math.ceil(steps.length / each) }, (_, n) => {
    const some = steps.slice(n * each, (n + 1) * each)
    const [first, last] = [some[0]!, some.at(-1)!]
    const mean = (of: (step: ReplayStep) => number | null | undefined) => {
      const known = some.map(of).filter((value) => value !== null && value !== undefined)
      return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length
    }
    return {
      ...{ ...last, from: first.from },
      ...{ outdoor: mean((s) => s.outdoor), hvac: mean((s) => s.hvac), grid: mean((s) => s.grid) },
      price: mean((s) => s.price),
      rooms: Object.fromEntries(Object.keys(last.rooms).map((id) => [id, mean((s) => s.rooms[Number(id)])])),
    }
  })
}

const style = `
:root { --ink: #1d2530; --faint: #8a94a3; --grid: #e3e7ec; --paper: #fff; --band: #2f9e6a26; --air: #c2410c;
  --wish: #2f9e6a; --set: #2563eb; --power: #7c3aed; --price: #b45309; --house: #94a3b8; --mark: #dc2626; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --faint: #8d98a8; --grid: #2b3440; --paper: #12171e;
  --band: #34d3991f; --air: #fb923c; --wish: #34d399; --set: #60a5fa; --power: #c4b5fd; --price: #fbbf24;
  --house: #64748b; --mark: #f87171; } }
body { margin: 1.5rem auto; max-width: 64rem; padding: 0 1rem; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.3rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
th, td { padding: .15rem .8rem .15rem 0; text-align: right; border-bottom: 1px solid var(--grid); font-weight: 400 }
th:first-child { text-align: left } thead th { color: var(--faint) }
.key span { margin-right: .9rem; padding-left: 1.1rem; border-left: .8rem solid }
.key .air { border-color: var(--air) } .key .wish { border-color: var(--wish) } .key .set { border-color: var(--set) }
.key .band { border-color: var(--band) } .key .power { border-color: var(--power) }
.key .price { border-color: var(--price) } .key .mark { border-color: var(--mark) }
svg { display: block; width: 100%; height: auto; margin: .2rem 0 .6rem }
svg text { fill: var(--faint); font-size: 11px } svg .title { fill: var(--ink); font-size: 13px }
svg path { fill: none; stroke-width: 1.4 } svg .rule { stroke: var(--grid); stroke-width: 1 }
svg .band { fill: var(--band); stroke: none } svg .air { stroke: var(--air) }
svg .wish { stroke: var(--wish); stroke-width: 1; stroke-dasharray: 3 3 } svg .set { stroke: var(--set); opacity: .75 }
svg .would { stroke: var(--mark); stroke-dasharray: 5 3 }
svg .power { stroke: var(--power) } svg .grid { stroke: var(--house) } svg .price { stroke: var(--price) }
svg .outdoor { stroke: var(--set) } svg .marks path { stroke: var(--mark); stroke-width: 1 }
`
