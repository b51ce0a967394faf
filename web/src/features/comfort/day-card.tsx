import { Button, Card, Group, Title } from '@mantine/core'
import { useState } from 'react'
import type { Day, HourlyWish } from './comfort.ts'
import { DayPainter } from './day-painter.tsx'
import { HourTable } from './hour-table.tsx'

/** One of the two days: painted, or typed hour by hour. */
export function DayCard({
  title,
  day,
  brush,
  disabled,
  onChange,
  copy,
}: {
  title: string
  day: Day
  brush: HourlyWish
  disabled: boolean
  onChange: (day: Day) => void
  copy: { readonly label: string; readonly onCopy: () => void }
}) {
  const [typed, setTyped] = useState(false)
  return (
    <Card withBorder padding="md" component="section" aria-label={title}>
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h4">
          {title}
        </Title>
        <Group gap="xs">
          <Button size="xs" variant="subtle" disabled={disabled} onClick={copy.onCopy}>
            {copy.label}
          </Button>
          <Button
            size="xs"
            variant="default"
            aria-expanded={typed}
            aria-label={`${typed ? 'Hide' : 'Show'} the table: ${title}`}
            onClick={() => setTyped(!typed)}
          >
            {typed ? 'Hide the table' : 'Hour by hour'}
          </Button>
        </Group>
      </Group>
      <DayPainter title={title} day={day} brush={brush} disabled={disabled} onPaint={onChange} />
      {typed && <HourTable title={title} day={day} disabled={disabled} onChange={onChange} />}
    </Card>
  )
}
