import { Text } from '@mantine/core'
import { type PointerEvent, useState } from 'react'
import { blocksOf, type Day, describeDay, type HourlyWish, hourName, painted } from './comfort.ts'

/** Of the bars, °C: what people wish for lies between, mostly. */
const lowest = 14
const highest = 24
const heightOf = (temperature: number) =>
  `${18 + (82 * (Math.min(highest, Math.max(lowest, temperature)) - lowest)) / (highest - lowest)}%`

/** From 15 °C to 24 °C, from blue over green to red. */
const hueOf = (temperature: number) => 210 - (200 * Math.min(9, Math.max(0, temperature - 15))) / 9

/**
 * A day as 24 bars: press on an hour, or drag over some, to give them the wish of the brush. Whoever has no pointer uses
 * the fields and the table below, which do the same.
 */
export function DayPainter({
  title,
  day,
  brush,
  disabled,
  onPaint,
}: {
  title: string
  day: Day
  brush: HourlyWish
  disabled: boolean
  onPaint: (day: Day) => void
}) {
  const [drag, setDrag] = useState<{ readonly from: number; readonly to: number }>()
  const hourAt = (event: PointerEvent<HTMLElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect()
    return Math.min(23, Math.max(0, Math.floor((24 * (event.clientX - left)) / width)))
  }
  const result = drag ? painted(day, Math.min(drag.from, drag.to), Math.max(drag.from, drag.to) + 1, brush) : day
  const begin = (event: PointerEvent<HTMLElement>) => {
    if (disabled || event.button !== 0) return
    event.currentTarget.setPointerCapture(event.pointerId)
    const hour = hourAt(event)
    setDrag({ from: hour, to: hour })
  }
  const end = () => {
    if (drag) onPaint(result)
    setDrag(undefined)
  }
  return (
    <div>
      <div
        className="painter"
        role="img"
        aria-label={`${title}: ${describeDay(day)}`}
        data-disabled={disabled}
        onPointerDown={begin}
        onPointerMove={(event) => drag && setDrag({ ...drag, to: hourAt(event) })}
        onPointerUp={end}
        onPointerCancel={() => setDrag(undefined)}
      >
        {result.map(({ temperature }, hour) => (
          <span
            // biome-ignore lint/suspicious/noArrayIndexKey: an hour is its place
            key={hour}
            style={{
              height: heightOf(temperature),
              background: `light-dark(hsl(${hueOf(temperature)} 55% 78%), hsl(${hueOf(temperature)} 40% 32%))`,
            }}
          />
        ))}
        {blocksOf(result).map(({ from, to, wish }) => (
          <b key={from} style={{ left: `${(100 * from) / 24}%`, width: `${(100 * (to - from)) / 24}%` }}>
            {to - from > 1 ? `${wish.temperature}°` : ''}
          </b>
        ))}
      </div>
      <div className="painter-hours" aria-hidden="true">
        {[0, 6, 12, 18, 24].map((hour) => (
          <Text key={hour} span size="xs" c="dimmed">
            {hourName(hour)}
          </Text>
        ))}
      </div>
    </div>
  )
}
