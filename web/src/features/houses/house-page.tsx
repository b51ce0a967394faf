import { Button, Group, Loader, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { devices, house, type Newest, newest } from '../../api.ts'
import { houseRoute } from '../../router.tsx'
import { ChartPanel } from '../chart/chart-panel.tsx'
import { ActuatorCards, mayBeCommanded } from '../control/actuator-cards.tsx'
import { Trouble } from '../session/trouble.tsx'
import { useClock } from './clock.ts'
import { DeviceCard } from './device-card.tsx'
import { HouseNav } from './house-nav.tsx'
import { useLive } from './live.ts'

/** A house: what can be set in it, a chart of the field that was picked, and its devices with their newest values. */
export function HousePage() {
  const { houseId: text } = houseRoute.useParams()
  const houseId = Number(text)
  useLive(houseId)
  useClock()
  const { chart } = houseRoute.useSearch()
  const navigate = houseRoute.useNavigate()
  const self = useQuery({ queryKey: ['house', houseId], queryFn: () => house(houseId) })
  const all = useQuery({ queryKey: ['devices', houseId], queryFn: () => devices(houseId), refetchInterval: 10_000 })
  const values = useQuery({ queryKey: ['newest', houseId], queryFn: () => newest(houseId), refetchInterval: 10_000 })
  const byDevice = useMemo(() => {
    const sorted = new Map<string, Newest[]>()
    for (const value of values.data ?? []) {
      const key = `${value.device}/${value.count}`
      sorted.set(key, [...(sorted.get(key) ?? []), value])
    }
    return sorted
  }, [values.data])

  const failed = self.error ?? all.error
  if (failed && !(self.data && all.data))
    return (
      <Stack maw={1400} mx="auto">
        <Title order={1} size="h2">
          House
        </Title>
        <Trouble error={failed} />
      </Stack>
    )
  if (!self.data || !all.data) return <Loader aria-label="Loading" />

  const known = new Set(all.data.map((device) => `${device.name}/${device.count}`))
  const outside = [...byDevice.keys()].filter((key) => !known.has(key))
  const mayChange = self.data.role !== 'reader'
  const bare = all.data.length === 0 && outside.length === 0
  const picked = chart ?? suggestion(values.data ?? [])
  const pick = (choice: string) =>
    navigate({ search: (before) => ({ ...before, chart: choice }), replace: true, resetScroll: false })
  return (
    <Stack maw={1400} mx="auto">
      <Group justify="space-between">
        <Title order={1} size="h2">
          {self.data.name}
        </Title>
        {mayChange && (
          <Group gap="xs">
            <Button component={Link} to={`/houses/${houseId}/devices/new`} variant={bare ? 'filled' : 'default'}>
              Add a device
            </Button>
            <Button component={Link} to={`/houses/${houseId}/settings`} variant="default">
              Settings
            </Button>
          </Group>
        )}
      </Group>
      <HouseNav houseId={houseId} />
      <Trouble error={failed ?? values.error} />
      {bare && <Text c="dimmed">This house has no device yet. With the first one its values begin to come in.</Text>}
      <div className="controls">
        {all.data.filter(mayBeCommanded).map((device) => (
          <ActuatorCards
            key={device.id}
            houseId={houseId}
            device={device}
            values={byDevice.get(`${device.name}/${device.count}`) ?? []}
            mayControl={mayChange}
            compact
          />
        ))}
      </div>
      {picked && <ChartPanel houseId={houseId} zone={self.data.timezone} picked={picked} />}
      <div className="columns">
        {all.data.map((device) => (
          <DeviceCard
            key={device.id}
            houseId={houseId}
            name={device.label ?? device.title}
            count={device.count}
            group={device.group}
            status={device}
            values={byDevice.get(`${device.name}/${device.count}`) ?? []}
            picked={picked}
            onPick={pick}
          />
        ))}
        {outside.map((key) => (
          <DeviceCard
            key={key}
            houseId={houseId}
            name={key.slice(0, key.lastIndexOf('/'))}
            count={Number(key.slice(key.lastIndexOf('/') + 1))}
            group={byDevice.get(key)?.[0]?.group ?? ''}
            values={byDevice.get(key) ?? []}
            picked={picked}
            onPick={pick}
          />
        ))}
      </div>
    </Stack>
  )
}

/** What a resident most likely wants to see first: the temperature of a room, else the power, else anything. */
function suggestion(values: readonly Newest[]): string | undefined {
  const first =
    values.find(({ group, field }) => field === 'temperature' && group !== 'weatherForecast') ??
    values.find(({ field }) => field === 'power') ??
    values.find(({ value }) => typeof value === 'number')
  return first && `${first.group}.${first.field}`
}
