/** A chart as plain SVG: no script, nothing fetched. */
import { localTimeOf } from '@nabolag/core'

export type Line = {
  /** The class it is drawn with. */
  readonly name: string
  readonly points: readonly { readonly at: number; readonly value: number | null }[]
}

export type Chart = {
  readonly title: string
  readonly unit: string
  /** ms */
  readonly from: number
  readonly to: number
  /** Of the dates below it. */
  readonly zone: string
  readonly lines: readonly Line[]
  readonly band?: readonly { readonly at: number; readonly lowest: number | null; readonly highest: number | null }[]
  readonly marks?: readonly { readonly at: number; readonly says: string }[]
  readonly fromZero?: boolean
}

const width = 960
const height = 190
const left = 44
const right = 8
const top = 22
const bottom = 20
const day = 24 * 3_600_000

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
const short = (value: number) => Number(value.toFixed(1))

export function chart({ title, unit, from, to, zone, lines, band = [], marks = [], fromZero = false }: Chart): string {
  const values = [
    ...lines.flatMap(({ points }) => points.map(({ value }) => value)),
    ...band.flatMap(({ lowest, highest }) => [lowest, highest]),
  ].filter((value) => value !== null)
  const { low, high, step } = scaleOf(values, fromZero)
  const x = (at: number) => short(left + ((at - from) / Math.max(1, to - from)) * (width - left - right))
  const y = (value: number) => short(top + (1 - (value - low) / (high - low)) * (height - top - bottom))
  const rules: string[] = []
  for (let at = low; at <= high + 1e-9; at += step)
    rules.push(
      `<path class="rule" d="M${left} ${y(at)}H${width - right}"/><text x="${left - 6}" y="${y(at) + 4}" text-anchor="end">${Number(at.toFixed(3))}</text>`,
    )
  const dates = midnights(from, to, zone).map(
    ({ at, says }) =>
      `<path class="rule" d="M${x(at)} ${top}V${height - bottom}"/><text x="${x(at) + 2}" y="${height - 6}">${says}</text>`,
  )
  const ticks = marks.map(
    ({ at, says }) =>
      `<path d="M${x(at)} ${height - bottom}v-7"><title>${escaped(`${clock(at, zone)} ${says}`)}</title></path>`,
  )
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
<text class="title" x="${left}" y="14">${escaped(title)}, ${escaped(unit)}</text>
${rules.join('')}${dates.join('')}
${bandPath(band, x, y)}
${lines.map(({ name, points }) => `<path class="${name}" d="${pathOf(points, x, y)}"/>`).join('\n')}
<g class="marks">${ticks.join('')}</g>
</svg>`
}

/** Round numbers around what is to be shown. */
function scaleOf(values: readonly number[], fromZero: boolean) {
  let [least, most] = fromZero ? [0, 0] : [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    least = Math.min(least, value)
    most = Math.max(most, value)
  }
  if (!(most > least)) [least, most] = Number.isFinite(least) ? [least - 1, least + 1] : [0, 1]
  const rough = (most - least) / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? 10 * power
  return { low: Math.floor(least / step) * step, high: Math.ceil(most / step) * step, step }
}

/** Broken where nothing is known. */
function pathOf(points: Line['points'], x: (at: number) => number, y: (value: number) => number): string {
  let path = ''
  let isDown = false
  for (const { at, value } of points) {
    if (value !== null) path += `${isDown ? 'L' : 'M'}${x(at)} ${y(value)}`
    isDown = value !== null
  }
  return path
}

function bandPath(band: NonNullable<Chart['band']>, x: (at: number) => number, y: (value: number) => number): string {
  const known = band.flatMap(({ at, lowest, highest }) =>
    lowest === null || highest === null ? [] : [{ at, lowest, highest }],
  )
  if (known.length === 0) return ''
  const upper = known.map(({ at, highest }) => `${x(at)} ${y(highest)}`)
  const lower = known.map(({ at, lowest }) => `${x(at)} ${y(lowest)}`).reverse()
  return `<path class="band" d="M${upper.join('L')}L${lower.join('L')}Z"/>`
}

/** Local midnights, not more of them than dates have room. */
function midnights(from: number, to: number, zone: string) {
  const days: { at: number; says: string }[] = []
  for (let at = Math.ceil(from / 3_600_000) * 3_600_000; at < to; at += 3_600_000) {
    const { hour, minute, date } = localTimeOf(at, zone)
    if (hour === 0 && minute === 0) days.push({ at, says: date.slice(5) })
  }
  const each = Math.ceil((to - from) / day / 16)
  return days.filter((_, n) => n % Math.max(1, each) === 0)
}

function clock(at: number, zone: string): string {
  const { date, hour, minute } = localTimeOf(at, zone)
  return `${date} ${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
}
