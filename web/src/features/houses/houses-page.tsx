import { Button, Card, Group, Loader, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { devices, type House, houses, type Newest, newest } from '../../api.ts'
import { Trouble } from '../session/trouble.tsx'
import { LastWeek } from './last-week.tsx'
import { StateBadge } from './state-badge.tsx'
import { measure } from './words.ts'

export function HousesPage() {
  const known = useQuery({ queryKey: ['houses'], queryFn: houses })
  if (known.isPending) return <Loader aria-label="Loading" />
  if (known.error) return <Trouble error={known.error} />
  return (
    <Stack maw={1200} mx="auto">
      <Group justify="space-between">
        <Title order={1} size="h2">
          Houses
        </Title>
        <Button component={Link} to="/houses/new" variant={known.data.length === 0 ? 'filled' : 'default'}>
          Add a house
        </Button>
      </Group>
      {known.data.length === 0 && (
        <Text c="dimmed">There is no house yet. Add yours, and then the devices it has.</Text>
      )}
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
        {known.data.map((house) => (
          <HouseCard key={house.id} house={house} />
        ))}
      </SimpleGrid>
    </Stack>
  )
}

function HouseCard({ house }: { house: House }) {
  const all = useQuery({ queryKey: ['devices', house.id], queryFn: () => devices(house.id), refetchInterval: 10_000 })
  const values = useQuery({ queryKey: ['newest', house.id], queryFn: () => newest(house.id), refetchInterval: 10_000 })
  const counts = new Map<string, number>()
  for (const { state } of all.data ?? []) counts.set(state, (counts.get(state) ?? 0) + 1)
  return (
    <Card component={Link} to={`/houses/${house.id}`} withBorder padding="lg">
      <Group justify="space-between">
        <Text fw={600} size="lg">
          {house.name}
        </Text>
        <Text c="dimmed" size="sm">
          House {house.id}
        </Text>
      </Group>
      <Group mt="sm" gap="xl">
        {glance(values.data ?? []).map(({ label, value, unit }) => (
          <div key={label}>
            <Text size="xs" c="dimmed">
              {label}
            </Text>
            <Text className="reading" size="xl" fw={600}>
              {measure(value, unit)}
            </Text>
          </div>
        ))}
      </Group>
      <LastWeek house={house.id} />
      <Group mt="sm" gap="xs">
        {[...counts].map(([state, count]) => (
          <StateBadge key={state} state={state} count={count} />
        ))}
        {all.data?.length === 0 && (
          <Text c="dimmed" size="sm">
            No devices
          </Text>
        )}
      </Group>
    </Card>
  )
}

/** What a resident asks first: how warm it is indoors and out, and what the house draws. */
function glance(values: readonly Newest[]): { label: string; value: number; unit: string | null }[] {
  const asked = [
    { label: 'Indoors', group: ['heatPumpController', 'airSensor'], field: 'temperature' },
    { label: 'Outdoors', group: ['weatherForecast'], field: 'temperature' },
    { label: 'Power', group: ['powerConsumption'], field: 'power' },
  ]
  return asked.flatMap(({ label, group, field }) => {
    const found = values.filter((newest) => newest.field === field && group.includes(newest.group))
    const known = found.map(({ value }) => value).filter((value) => typeof value === 'number')
    if (known.length === 0) return []
    return [{ label, value: known.reduce((sum, value) => sum + value, 0) / known.length, unit: found[0]?.unit ?? null }]
  })
}
