import { Badge, Button, Card, Group, Loader, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { devices, type House, houses, newest } from '../../api.ts'
import { control, controlKey } from '../heating/api.ts'
import { rooms, roomsKey } from '../rooms/api.ts'
import { Trouble } from '../session/trouble.tsx'
import { careOf } from './care.ts'
import { useClock } from './clock.ts'
import { glanceAt } from './glance.ts'
import { LastWeek } from './last-week.tsx'
import { StateBadge } from './state-badge.tsx'
import { measure } from './words.ts'

export function HousesPage() {
  useClock()
  const known = useQuery({ queryKey: ['houses'], queryFn: houses })
  if (known.isPending) return <Loader aria-label="Loading" />
  if (!known.data)
    return (
      <Stack maw={1200} mx="auto">
        <Title order={1} size="h2">
          Houses
        </Title>
        <Trouble error={known.error} />
      </Stack>
    )
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
      <Trouble error={known.error} />
      {known.data.length === 0 && (
        <Text c="dimmed">There is no house yet. Add yours, and then the devices it has.</Text>
      )}
      {/* Four stand two by two: no one alone. */}
      <SimpleGrid cols={{ base: 1, sm: 2, lg: known.data.length === 4 ? 2 : 3 }}>
        {known.data.map((house) => (
          <HouseCard key={house.id} house={house} />
        ))}
      </SimpleGrid>
    </Stack>
  )
}

function HouseCard({ house }: { house: House }) {
  const { id, name } = house
  const all = useQuery({ queryKey: ['devices', id], queryFn: () => devices(id), refetchInterval: 10_000 })
  const values = useQuery({ queryKey: ['newest', id], queryFn: () => newest(id), refetchInterval: 10_000 })
  const known = useQuery({ queryKey: roomsKey(id), queryFn: () => rooms(id), refetchInterval: 30_000 })
  const state = useQuery({ queryKey: controlKey(id), queryFn: () => control(id), refetchInterval: 30_000 })
  const counts = new Map<string, number>()
  for (const { state: one } of all.data ?? []) counts.set(one, (counts.get(one) ?? 0) + 1)
  const care = state.data && careOf(state.data)
  return (
    <Card component={Link} to={`/houses/${id}`} withBorder padding="lg">
      <Group justify="space-between" wrap="nowrap" align="start">
        <Text fw={600} size="lg" className="name">
          {name}
        </Text>
        {name !== `House ${id}` && (
          <Text c="dimmed" size="sm" style={{ whiteSpace: 'nowrap' }}>
            House {id}
          </Text>
        )}
      </Group>
      <Group gap="xs" mt={4} mih={26}>
        {care && (
          <>
            <Badge color={care.colour} variant="light" tt="none">
              {care.word}
            </Badge>
            <Text size="sm">{care.how}</Text>
          </>
        )}
      </Group>
      {/* The places are kept, so that nothing moves while one answer after the other comes. */}
      <Group mt="sm" gap="xl" mih={48}>
        {glanceAt(values.data ?? [], known.data ?? []).map(({ label, value, unit }) => (
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
      <LastWeek house={id} />
      <Group mt="sm" gap="xs" mih={20}>
        {[...counts].map(([one, count]) => (
          <StateBadge key={one} state={one} count={count} />
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
