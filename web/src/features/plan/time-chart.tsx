import { type MantineColor, useComputedColorScheme, useMantineTheme } from '@mantine/core'
import { useElementSize, useMergedRef } from '@mantine/hooks'
import { useEffect, useRef } from 'react'
import UPlot from 'uplot'
import { spell } from '../houses/words.ts'

export type Line = {
  readonly label: string
  readonly unit: string
  readonly axis: 'left' | 'right'
  readonly hue: MantineColor
  readonly look: 'line' | 'dashes' | 'steps' | 'area' | 'edge'
  /** One for each time; `null` breaks the line, `undefined` lets it go on. */
  readonly values: readonly (number | null | undefined)[]
}

type Props = {
  /** What it shows, for whoever does not see it. */
  readonly label: string
  /** Seconds since the epoch, rising. */
  readonly times: readonly number[]
  readonly lines: readonly Line[]
  /** Filled between two lines: the upper and the lower one. */
  readonly band?: readonly [number, number]
  /** ms since the epoch. */
  readonly start: number
  readonly end: number
  readonly now: number
  /** IANA name of the zone of the axis. */
  readonly zone: string
  readonly height: number
  /** Charts of one name show the same moment under the pointer. */
  readonly together: string
}

const hour = 3600
const axisWidth = 44
const clock: UPlot.Axis.Values = [
  [24 * hour, '{D} {MMM}', null, null, null, null, null, null, 1],
  [60, '{HH}:{mm}', '\n{D} {MMM}', null, '\n{D} {MMM}', null, null, null, 1],
]
const { stepped } = UPlot.paths

/** Lines over time with "now" marked, in the time of the house. */
export function TimeChart({ label, times, lines, band, start, end, now, zone, height, together }: Props) {
  const { ref: sized, width } = useElementSize<HTMLDivElement>()
  const holder = useRef<HTMLDivElement>(null)
  const ref = useMergedRef(sized, holder)
  const theme = useMantineTheme()
  const dark = useComputedColorScheme('light') === 'dark'
  const plot = useRef<UPlot>(undefined)
  const points = [times, ...lines.map(({ values }) => values)] as unknown as UPlot.AlignedData
  const latest = useRef({ points, start, end, now })
  latest.current = { points, start, end, now }
  const shape = JSON.stringify([lines.map(({ values: _, ...look }) => look), band, zone, height, together])

  useEffect(() => {
    const target = holder.current
    if (!target || width === 0) return
    const [looks, between] = JSON.parse(shape) as [Omit<Line, 'values'>[], Props['band']]
    const ink = dark ? theme.colors.dark[1] : theme.colors.gray[7]
    const grid = dark ? theme.colors.dark[4] : theme.colors.gray[2]
    const shade = (hue: string, strength: number) => theme.colors[hue]?.[strength] ?? hue
    const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 } }
    const unitOf = (side: Line['axis']) => looks.find((one) => one.axis === side)?.unit ?? ''
    const marks = (side: Line['axis']) => (_: UPlot, splits: number[]) =>
      splits.map((split) => `${spell(split)}${unitOf(side) === '°C' ? '°' : ''}`)
    const hasRight = looks.some((one) => one.axis === 'right')
    const drawn = new UPlot(
      {
        width,
        height,
        // Charts above each other have their hours above each other too.
        padding: [null, hasRight ? 0 : axisWidth, null, null],
        tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1000), zone),
        cursor: { drag: { x: false, y: false }, sync: { key: together } },
        scales: {
          x: { time: true, range: () => [latest.current.start / 1000, latest.current.end / 1000] },
          left: { range: (_, low, high) => rangeOf(low, high, unitOf('left')) },
          right: { range: (_, low, high) => rangeOf(low, high, unitOf('right')) },
        },
        axes: [
          { ...axis, values: clock },
          { ...axis, scale: 'left', size: axisWidth, values: marks('left') },
          ...(hasRight
            ? [
                {
                  ...axis,
                  scale: 'right',
                  side: 1 as const,
                  size: axisWidth,
                  grid: { show: false },
                  values: marks('right'),
                },
              ]
            : []),
        ],
        bands: between
          ? [{ series: [...between], fill: dark ? 'rgba(34,184,207,0.16)' : 'rgba(34,184,207,0.18)' }]
          : [],
        series: [
          { label: 'Time', value: '{D} {MMM} {HH}:{mm}' },
          ...looks.map(({ label: name, unit, axis: scale, hue, look }): UPlot.Series => {
            const stroke = shade(hue, dark ? 4 : 7)
            return {
              // An axis of temperatures says so itself.
              label: unit === '°C' ? name : `${name}, ${unit}`,
              scale,
              stroke: look === 'edge' ? `${shade(hue, dark ? 6 : 4)}` : stroke,
              width: look === 'edge' ? 0.75 : 2,
              spanGaps: false,
              points: { show: false },
              ...(look === 'dashes' ? { dash: [7, 5] } : {}),
              ...(look === 'area' ? { fill: `${stroke}55`, width: 1 } : {}),
              ...(look !== 'line' && look !== 'dashes' && stepped ? { paths: stepped({ align: -1 }) } : {}),
              value: (_: UPlot, value: number | null) =>
                value == null ? '–' : `${spell(value)}${unit === '°C' ? ' °C' : ''}`,
            }
          }),
        ],
        hooks: { draw: [(chart) => markNow(chart, latest.current.now / 1000, ink ?? '')] },
      },
      latest.current.points,
      target,
    )
    plot.current = drawn
    return () => {
      plot.current = undefined
      drawn.destroy()
    }
  }, [width, shape, dark, theme, zone, height, together])

  useEffect(() => {
    if (plot.current?.series.length === points.length) plot.current.setData(points)
  })

  return <div ref={ref} className="chart" role="img" aria-label={label} style={{ minHeight: height + 40 }} />
}

/** Room around temperatures; everything else begins at nothing. */
function rangeOf(low: number | null, high: number | null, unit: string): [number, number] {
  if (low == null || high == null) return unit === '°C' ? [15, 25] : [0, 1]
  if (unit === '°C') return [Math.floor(low - 0.5), Math.ceil(high + 0.5)]
  const most = high <= 0 ? 1 : high * 1.1
  return [Math.min(0, low * 1.1), most]
}

/** A line through the present moment. */
function markNow(chart: UPlot, seconds: number, ink: string) {
  const { ctx, bbox } = chart
  const at = chart.valToPos(seconds, 'x', true)
  if (at < bbox.left || at > bbox.left + bbox.width) return
  ctx.save()
  ctx.strokeStyle = ink
  ctx.fillStyle = ink
  ctx.lineWidth = devicePixelRatio
  ctx.beginPath()
  ctx.moveTo(at, bbox.top)
  ctx.lineTo(at, bbox.top + bbox.height)
  ctx.stroke()
  ctx.font = `${11 * devicePixelRatio}px sans-serif`
  ctx.textAlign = 'left'
  ctx.fillText('now', at + 4 * devicePixelRatio, bbox.top + 12 * devicePixelRatio)
  ctx.restore()
}
