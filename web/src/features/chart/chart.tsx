import { useComputedColorScheme, useMantineTheme } from '@mantine/core'
import { useElementSize, useMergedRef } from '@mantine/hooks'
import { useEffect, useRef } from 'react'
import UPlot from 'uplot'
import { spell } from '../houses/words.ts'
import type { Aligned } from './align.ts'

type Props = Aligned & {
  unit: string
  /** What the axis shows, ms since the epoch. */
  start: number
  end: number
  /** IANA name of the zone of the axis. */
  zone: string
  onZoom: (range: readonly [number, number] | undefined) => void
}

/** Axis labels by 24 hours, whatever the browser's language; the day stands below where it changes. */
const hour = 3600
const clock: UPlot.Axis.Values = [
  [365 * 24 * hour, '{YYYY}', null, null, null, null, null, null, 1],
  [28 * 24 * hour, '{MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [24 * hour, '{D} {MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [60, '{HH}:{mm}', '\n{D} {MMM} {YYYY}', null, '\n{D} {MMM}', null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', '\n{D} {MMM} {YYYY}', null, '\n{D} {MMM}', null, null, null, 1],
]

const height = 320
const hues = ['cyan', 'orange', 'grape', 'lime', 'pink', 'indigo', 'yellow', 'teal'] as const

/** uPlot in React: drawn anew when the series change, fed when only the points do. */
export function Chart({ labels, times, columns, unit, start, end, zone, onZoom }: Props) {
  const { ref: sized, width } = useElementSize<HTMLDivElement>()
  const holder = useRef<HTMLDivElement>(null)
  const ref = useMergedRef(sized, holder)
  const theme = useMantineTheme()
  const dark = useComputedColorScheme('light') === 'dark'
  const plot = useRef<UPlot>(undefined)
  const range = useRef<[number, number]>([start / 1000, end / 1000])
  range.current = [start / 1000, end / 1000]
  const points = [times, ...columns] as UPlot.AlignedData
  const latest = useRef(points)
  latest.current = points
  const shape = labels.join('\u0000')

  useEffect(() => {
    const target = holder.current
    if (!target || width === 0) return
    const ink = dark ? theme.colors.dark[1] : theme.colors.gray[7]
    const lines = dark ? theme.colors.dark[4] : theme.colors.gray[2]
    const axis = { stroke: ink, grid: { stroke: lines, width: 1 }, ticks: { stroke: lines, width: 1 } }
    const drawn = new UPlot(
      {
        width,
        height,
        tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1000), zone),
        cursor: { drag: { x: true, y: false, setScale: false } },
        scales: { x: { time: true, range: () => range.current } },
        axes: [
          { ...axis, values: clock },
          { ...axis, size: 64, values: (_, splits) => splits.map((split) => `${split} ${unit}`) },
        ],
        series: [
          { label: 'Time', value: '{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}' },
          ...shape.split('\u0000').map((label, index) => ({
            label,
            stroke: theme.colors[hues[index % hues.length] ?? 'cyan'][dark ? 4 : 7],
            width: 1.5,
            spanGaps: false,
            value: (_: UPlot, value: number | null) => (value == null ? '–' : `${spell(value)} ${unit}`),
          })),
        ],
        hooks: {
          setSelect: [
            (chart) => {
              const { left, width: chosen } = chart.select
              if (chosen > 4) onZoom([chart.posToVal(left, 'x') * 1000, chart.posToVal(left + chosen, 'x') * 1000])
              chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
            },
          ],
        },
      },
      latest.current,
      target,
    )
    const back = () => onZoom(undefined)
    drawn.over.addEventListener('dblclick', back)
    plot.current = drawn
    return () => {
      plot.current = undefined
      drawn.destroy()
    }
  }, [width, shape, unit, zone, dark, theme, onZoom])

  useEffect(() => {
    if (plot.current?.series.length === points.length) plot.current.setData(points)
  })

  return <div ref={ref} className="chart" role="img" aria-label={`Chart of ${labels.join(', ')}`} />
}
