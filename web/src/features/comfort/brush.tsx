import { Button, Group, NativeSelect, Paper, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { NumberField } from '../houses/number-field.tsx'
import { deviationBound, type HourlyWish, hourName, isSame, temperatureBound } from './comfort.ts'
import { fanList } from './fan-levels.tsx'

const starts = Array.from({ length: 24 }, (_, hour) => ({ value: String(hour), label: hourName(hour) }))
const ends = Array.from({ length: 24 }, (_, hour) => ({ value: String(hour + 1), label: hourName(hour + 1) }))

/** What is painted with: a wish, and for the keyboard the hours to paint. */
export function Brush({
  brush,
  known,
  disabled,
  onBrush,
  onPaint,
}: {
  brush: HourlyWish
  /** Wishes that the days have already, to go on with. */
  known: readonly HourlyWish[]
  disabled: boolean
  onBrush: (wish: HourlyWish) => void
  /** Weekday, weekend, or both. */
  onPaint: (where: 'weekday' | 'weekend' | 'both', from: number, to: number) => void
}) {
  const [from, setFrom] = useState('6')
  const [to, setTo] = useState('22')
  const [where, setWhere] = useState<'weekday' | 'weekend' | 'both'>('both')
  return (
    <Paper withBorder p="md" component="section" aria-label="Brush">
      <Stack gap="sm">
        <Text size="sm">
          Choose a temperature, then drag over the hours below. Or choose the hours here and press “Paint”.
        </Text>
        <Group gap="xs">
          {known.map((wish) => (
            <Button
              key={`${wish.temperature} ${wish.deviation} ${wish.fan}`}
              size="xs"
              variant={isSame(wish, brush) ? 'filled' : 'default'}
              aria-pressed={isSame(wish, brush)}
              disabled={disabled}
              onClick={() => onBrush(wish)}
            >
              {wish.temperature} °C ± {wish.deviation}
              {wish.fan === undefined ? '' : `, ${wish.fan}`}
            </Button>
          ))}
        </Group>
        <Group gap="sm" align="end">
          <NumberField
            label="Temperature"
            w={120}
            suffix=" °C"
            step={0.5}
            {...temperatureBound}
            disabled={disabled}
            value={brush.temperature}
            onNumber={(temperature) => temperature !== undefined && onBrush({ ...brush, temperature })}
          />
          <NumberField
            label="May be off by"
            w={120}
            suffix=" K"
            step={0.5}
            {...deviationBound}
            disabled={disabled}
            value={brush.deviation}
            onNumber={(deviation) => deviation !== undefined && onBrush({ ...brush, deviation })}
          />
          <TextInput
            label="Fans"
            w={120}
            placeholder="as is"
            list={fanList}
            maxLength={40}
            disabled={disabled}
            value={brush.fan ?? ''}
            onChange={(event) => {
              const { fan: _, ...rest } = brush
              const fan = event.currentTarget.value
              onBrush(fan === '' ? rest : { ...rest, fan })
            }}
          />
        </Group>
        <Group gap="sm" align="end">
          <NativeSelect
            label="From"
            data={starts}
            disabled={disabled}
            value={from}
            onChange={(event) => setFrom(event.currentTarget.value)}
          />
          <NativeSelect
            label="To"
            data={ends}
            disabled={disabled}
            value={to}
            onChange={(event) => setTo(event.currentTarget.value)}
          />
          <NativeSelect
            label="Day"
            data={[
              { value: 'both', label: 'Every day' },
              { value: 'weekday', label: 'Weekdays' },
              { value: 'weekend', label: 'Weekend' },
            ]}
            disabled={disabled}
            value={where}
            onChange={(event) => setWhere(event.currentTarget.value as typeof where)}
          />
          <Button
            variant="default"
            disabled={disabled || from === to}
            onClick={() => onPaint(where, Number(from), Number(to))}
          >
            Paint
          </Button>
        </Group>
      </Stack>
    </Paper>
  )
}
