import { Group, Text, useComputedColorScheme, useMantineTheme } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { type PointerEvent, useId, useState } from 'react'
import { clockOf, dayAndClock, dayAt, dayName } from '../houses/zone-time.ts'
import type { Interval } from './api.ts'
import { layers, pieces } from './stack.ts'

const height = 280
const edge = { left: 40, right: 4, top: 14, bottom: 34 }

/** The prices as bars of their parts; now is marked, and what is only guessed is hatched. */
export function PriceBars({
  intervals,
  zone,
  start,
  end,
  now,
}: {
  intervals: readonly Interval[]
  zone: string
  /** ms since the epoch. */
  start: number
  end: number
  now: number
}) {
  const { ref, width } = useElementSize<HTMLDivElement>()
  const theme = useMantineTheme()
  const dark = useComputedColorScheme('light') === 'dark'
  const hatch = useId()
  const [pointed, setPointed] = useState<number>()
  const stacks = intervals.map((interval) => ({ interval, list: pieces(interval) }))
  const high = Math.max(0.5, ...stacks.flatMap(({ list }) => list.map(({ to }) => to)))
  const low = Math.min(0, ...stacks.flatMap(({ list }) => list.map(({ from }) => from)))
  const step = [0.1, 0.25, 0.5, 1, 2, 5, 10].find((one) => (high - low) / one <= 6) ?? 20
  const ground = Math.floor(low / step) * step
  const top = Math.ceil(high / step) * step
  const plot = { width: Math.max(0, width - edge.left - edge.right), height: height - edge.top - edge.bottom }
  const x = (moment: number) => edge.left + (plot.width * (moment - start)) / (end - start)
  const y = (price: number) => edge.top + (plot.height * (top - price)) / (top - ground)
  const ink = dark ? theme.colors.dark[1] : theme.colors.gray[7]
  const grid = dark ? theme.colors.dark[4] : theme.colors.gray[2]
  const colour = (layer: number) => theme.colors[layers[layer]?.hue ?? 'gray']?.[dark ? 6 : 5]
  const marks = Array.from({ length: Math.round((top - ground) / step) + 1 }, (_, n) => ground + n * step)
  // By the clock on the wall: a day may have 23 hours, or 25.
  const hours = [0, 1].flatMap((day) => ['00:00', '06:00', '12:00', '18:00'].map((at) => dayAt(start, zone, day, at)))

  const point = (event: PointerEvent<SVGSVGElement>) => {
    const { left } = event.currentTarget.getBoundingClientRect()
    const moment = start + ((end - start) * (event.clientX - left - edge.left)) / plot.width
    setPointed(moment)
  }
  const told = intervals.find(({ start: from, end: to }) => {
    const moment = pointed ?? now
    return Date.parse(from) <= moment && moment < Date.parse(to)
  })
  return (
    <div>
      <div ref={ref} style={{ height }}>
        <svg
          width={width}
          height={height}
          role="img"
          aria-label="Prices of today and tomorrow in parts. The table says the same."
          onPointerMove={point}
          onPointerLeave={() => setPointed(undefined)}
          style={{ display: 'block', touchAction: 'pan-y' }}
        >
          <defs>
            <pattern id={hatch} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <rect width="3" height="6" fill={dark ? 'rgba(0,0,0,.45)' : 'rgba(255,255,255,.6)'} />
            </pattern>
          </defs>
          {marks.map((mark) => (
            <g key={mark}>
              <line x1={edge.left} x2={width - edge.right} y1={y(mark)} y2={y(mark)} stroke={grid} />
              <text x={edge.left - 6} y={y(mark) + 4} textAnchor="end" fontSize="11" fill={ink}>
                {mark.toFixed(step < 0.5 ? 2 : 1)}
              </text>
            </g>
          ))}
          {hours.map((moment, index) => (
            <g key={moment}>
              {index > 0 && (
                <line x1={x(moment)} x2={x(moment)} y1={edge.top} y2={height - edge.bottom} stroke={grid} />
              )}
              <text x={x(moment)} y={height - edge.bottom + 14} fontSize="11" fill={ink}>
                {clockOf(moment, zone)}
              </text>
              {index % 4 === 0 && (
                <text x={x(moment)} y={height - edge.bottom + 28} fontSize="11" fontWeight="600" fill={ink}>
                  {dayName(moment, zone, now)}
                </text>
              )}
            </g>
          ))}
          {stacks.map(({ interval, list }) => {
            const from = x(Date.parse(interval.start))
            const wide = Math.max(0.5, x(Date.parse(interval.end)) - from - (plot.width > 600 ? 1 : 0.3))
            const past = Date.parse(interval.end) <= now
            return (
              <g key={interval.start} opacity={past ? 0.5 : 1}>
                {list.map(({ layer, from: bottom, to }) => (
                  <rect
                    key={layer}
                    x={from}
                    y={y(to)}
                    width={wide}
                    height={Math.max(0, y(bottom) - y(to))}
                    fill={colour(layer)}
                  />
                ))}
                {interval.estimated && list.length > 0 && (
                  <rect
                    x={from}
                    y={y(Math.max(...list.map(({ to }) => to)))}
                    width={wide}
                    height={
                      y(Math.min(...list.map(({ from: bottom }) => bottom))) - y(Math.max(...list.map(({ to }) => to)))
                    }
                    fill={`url(#${hatch})`}
                  />
                )}
                <line
                  x1={from}
                  x2={from + wide}
                  y1={y(interval.total.withVat)}
                  y2={y(interval.total.withVat)}
                  stroke={dark ? '#fff' : '#000'}
                  strokeWidth={2}
                />
              </g>
            )
          })}
          <line x1={edge.left} x2={width - edge.right} y1={y(0)} y2={y(0)} stroke={ink} />
          {now >= start && now <= end && (
            <g>
              <line x1={x(now)} x2={x(now)} y1={4} y2={height - edge.bottom} stroke={ink} strokeDasharray="3 3" />
              <text x={x(now) + 4} y={12} fontSize="11" fill={ink}>
                now
              </text>
            </g>
          )}
        </svg>
      </div>
      <Text size="sm" className="reading" style={{ minHeight: width < 760 ? 66 : 22 }}>
        {told ? describeInterval(told, zone, pointed === undefined) : 'No price is known for this time.'}
      </Text>
      <Group gap="md" mt={4}>
        {layers.map(
          ({ name }, layer) =>
            stacks.some(({ list }) => list.some((piece) => piece.layer === layer)) && (
              <Group key={name} gap={6}>
                <span className="swatch" style={{ background: colour(layer) }} />
                <Text size="xs">{name}</Text>
              </Group>
            ),
        )}
        <Group gap={6}>
          <span className="swatch swatch-line" />
          <Text size="xs">What you pay</Text>
        </Group>
        {intervals.some(({ estimated }) => estimated) && (
          <Group gap={6}>
            <span className="swatch swatch-hatched" />
            <Text size="xs">Not published yet: our guess</Text>
          </Group>
        )}
      </Group>
    </div>
  )
}

function describeInterval(interval: Interval, zone: string, isNow: boolean): string {
  const isHour = Date.parse(interval.end) - Date.parse(interval.start) > 1_800_000
  const when = isNow
    ? isHour
      ? 'This hour'
      : 'Now'
    : `${dayAndClock(interval.start, zone)} to ${clockOf(interval.end, zone)}`
  const shares = layers
    .map(({ name, of }) => ({ name, value: of(interval) }))
    .filter(({ value }) => Math.abs(value) >= 0.005)
    .map(({ name, value }) => `${name === 'VAT' ? name : name.toLowerCase()} ${value.toFixed(2)}`)
    .join(', ')
  return `${when}: ${interval.total.withVat.toFixed(2)} NOK/kWh (${shares})${interval.estimated ? '. Not published yet.' : ''}`
}
