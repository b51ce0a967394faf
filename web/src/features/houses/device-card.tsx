import { Anchor, Button, Card, Group, Stack, Text, UnstyledButton } from '@mantine/core'
import { fieldOf, groupOf, isForecast } from '@nabolag/core/groups'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Device, Newest } from '../../api.ts'
import { StateBadge } from './state-badge.tsx'
import { ago, measure, words } from './words.ts'

type Props = {
  houseId: number
  name: string
  count: number
  group: string
  /** Absent for what an outside publisher writes. */
  status?: Device
  values: readonly Newest[]
  picked: string | undefined
  onPick: (field: string) => void
}

export function DeviceCard({ houseId, name, count, group, status, values, picked, onPick }: Props) {
  const places = Map.groupBy(values, ({ location }) => location)
  return (
    <Card withBorder padding="md">
      <Group justify="space-between" wrap="nowrap">
        <Stack gap={0}>
          {status ? (
            <Anchor
              component={Link}
              to={`/houses/${houseId}/devices/${status.name}/${count}`}
              fw={600}
              underline="hover"
              c="inherit"
            >
              {name}
              {count > 0 && ` ${count}`}
            </Anchor>
          ) : (
            <Text fw={600}>
              {name}
              {count > 0 && ` ${count}`}
            </Text>
          )}
          <Text size="xs" c="dimmed">
            {groupOf(group)?.meaning ?? group}
          </Text>
        </Stack>
        {status ? <StateBadge state={status.state} /> : <Text size="xs">outside publisher</Text>}
      </Group>
      {status?.reason && (
        <Text size="sm" mt="xs">
          {status.reason}
        </Text>
      )}
      <Stack gap="xs" mt="sm">
        {[...places].map(([place, list]) => (
          <div key={place}>
            <Text size="sm" fw={500}>
              {place}{' '}
              <Text span size="xs" c="dimmed">
                {isForecast(group) ? '' : ago(newestTime(list))}
              </Text>
            </Text>
            <Values values={list} picked={picked} onPick={onPick} />
          </div>
        ))}
        {values.length === 0 && (
          <Text size="sm" c="dimmed">
            Nothing measured yet
          </Text>
        )}
      </Stack>
    </Card>
  )
}

/** So many fit without hiding the other devices. */
const shown = 6

/** The values of one place, the ones that a resident asks for first; the rest on demand. */
function Values({ values, picked, onPick }: Pick<Props, 'values' | 'picked' | 'onPick'>) {
  const [all, setAll] = useState(false)
  const sorted = values.toSorted((a, b) => rank(a.field) - rank(b.field))
  const list = all ? sorted : sorted.slice(0, shown)
  return (
    <Group gap={4}>
      {list.map((newest) => (
        <Value key={`${newest.group}.${newest.field}`} newest={newest} picked={picked} onPick={onPick} />
      ))}
      {values.length > shown && (
        <Button size="compact-xs" variant="subtle" onClick={() => setAll(!all)}>
          {all ? 'Fewer' : `${values.length - shown} more`}
        </Button>
      )}
    </Group>
  )
}

const first = [
  'temperature',
  'targetTemperature',
  'power',
  'on',
  'mode',
  'humidity',
  'accumulatedConsumption',
  'accumulatedCost',
]
const rank = (field: string) => (first.includes(field) ? first.indexOf(field) : first.length)

const newestTime = (values: readonly Newest[]): string | undefined =>
  values
    .map(({ time }) => time)
    .sort()
    .at(-1)

function Value({ newest, picked, onPick }: { newest: Newest; picked: string | undefined; onPick: Props['onPick'] }) {
  const key = `${newest.group}.${newest.field}`
  return (
    <UnstyledButton
      className="reading"
      onClick={() => onPick(key)}
      title={fieldOf(newest.group, newest.field)?.meaning ?? newest.field}
      aria-pressed={key === picked}
      px={6}
      bg={key === picked ? 'var(--mantine-primary-color-light)' : undefined}
      style={{ borderRadius: 'var(--mantine-radius-sm)' }}
    >
      <Text span size="xs" c="dimmed">
        {words(newest.field)}{' '}
      </Text>
      <Text span fw={600} size="sm">
        {measure(newest.value, newest.unit)}
      </Text>
    </UnstyledButton>
  )
}
