import { Card, Group, Stack, Text, UnstyledButton } from '@mantine/core'
import { fieldOf } from '@nabolag/core/groups'
import type { Device, Newest } from '../../api.ts'
import { StateBadge } from './state-badge.tsx'
import { ago, spell } from './words.ts'

type Props = {
  name: string
  count: number
  group: string
  /** Absent for what an outside publisher writes. */
  status?: Device
  values: readonly Newest[]
  picked: string | undefined
  onPick: (field: string) => void
}

export function DeviceCard({ name, count, group, status, values, picked, onPick }: Props) {
  const places = Map.groupBy(values, ({ location }) => location)
  return (
    <Card withBorder padding="md">
      <Group justify="space-between" wrap="nowrap">
        <Stack gap={0}>
          <Text fw={600}>
            {name}
            {count > 0 && ` ${count}`}
          </Text>
          <Text size="xs" c="dimmed">
            {group}
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
                {group === 'weatherForecast' ? '' : ago(list[0]?.time)}
              </Text>
            </Text>
            <Group gap="xs">
              {list.map((newest) => (
                <Value key={`${newest.group}.${newest.field}`} newest={newest} picked={picked} onPick={onPick} />
              ))}
            </Group>
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
        {newest.field}{' '}
      </Text>
      <Text span fw={600} size="sm">
        {spell(newest.value)} {newest.unit ?? ''}
      </Text>
    </UnstyledButton>
  )
}
