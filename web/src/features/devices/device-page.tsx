import { Anchor, Card, Group, Loader, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { deviceStates } from '@nabolag/core/devices'
import { groupOf } from '@nabolag/core/groups'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type Device, house, newest } from '../../api.ts'
import { deviceRoute } from '../../router.tsx'
import { ActuatorCards, mayBeCommanded, useActuators, useCommands } from '../control/actuator-cards.tsx'
import { BoundsForm } from '../control/bounds-form.tsx'
import { CommandList } from '../control/command-list.tsx'
import { useLive } from '../houses/live.ts'
import { StateBadge } from '../houses/state-badge.tsx'
import { ago } from '../houses/words.ts'
import { Trouble } from '../session/trouble.tsx'
import { vendorsQuery } from '../vendors/api.ts'
import { device as deviceOf, kindsQuery } from './api.ts'
import { CodeStep } from './code-step.tsx'
import { DeviceLog } from './device-log.tsx'
import { DeviceOrders } from './device-orders.tsx'
import { NewestValues } from './newest-values.tsx'
import { PlaceList } from './place-list.tsx'
import { VendorNote } from './vendor-note.tsx'

/** One device: how it does, what it measures, what can be asked of it, and what its owner can do about it. */
export function DevicePage() {
  const { houseId: text, device: name, count: number } = deviceRoute.useParams()
  const houseId = Number(text)
  const one = { name, count: Number(number) }
  useLive(houseId)
  const queries = useQueryClient()
  const self = useQuery({ queryKey: ['house', houseId], queryFn: () => house(houseId) })
  const key = ['device', houseId, one.name, one.count]
  const known = useQuery({ queryKey: key, queryFn: () => deviceOf(houseId, one), refetchInterval: 10_000 })
  const values = useQuery({ queryKey: ['newest', houseId], queryFn: () => newest(houseId), refetchInterval: 10_000 })
  const kinds = useQuery(kindsQuery)
  const vendors = useQuery(vendorsQuery)
  const failed = self.error ?? known.error
  if (failed && !known.data) return <Trouble error={failed} />
  if (!self.data || !known.data) return <Loader aria-label="Loading" />

  const device = known.data
  const kind = kinds.data?.find((candidate) => candidate.name === device.name)
  const mayControl = self.data.role !== 'reader'
  const its = (values.data ?? []).filter((value) => value.device === device.name && value.count === device.count)
  const vendor = vendors.data?.find((candidate) => candidate.vendor === kind?.vendor)
  return (
    <Stack maw={1200} mx="auto">
      <Anchor component={Link} to={`/houses/${houseId}`} size="sm" w="fit-content">
        ← {self.data.name}
      </Anchor>
      <Group justify="space-between">
        <div>
          <Title order={1} size="h2">
            {device.title}
          </Title>
          <Text c="dimmed" size="sm">
            {[kind && kind.label !== device.title ? kind.label : undefined, groupOf(device.group)?.meaning]
              .filter(Boolean)
              .join(' · ')}
          </Text>
        </div>
        {mayControl && kind && <DeviceOrders house={self.data} device={device} kind={kind} />}
      </Group>
      <VendorNote vendor={vendor} />
      <State device={device} />
      {device.sign_in && mayControl && (
        <CodeStep
          account={{ houseId, device: one }}
          channels={device.sign_in.channels}
          onSignedIn={() => queries.invalidateQueries({ queryKey: key })}
        />
      )}
      {mayBeCommanded(device) && (
        <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
          <ActuatorCards
            houseId={houseId}
            device={device}
            values={its}
            mayControl={mayControl}
            empty="What can be commanded is known when the vendor has answered."
          />
        </SimpleGrid>
      )}
      <SimpleGrid cols={{ base: 1, md: 2 }} style={{ alignItems: 'start' }}>
        <Section title="Newest values">
          <NewestValues houseId={houseId} group={device.group} values={its} />
        </Section>
        <Stack>
          {mayBeCommanded(device) && <Commanding houseId={houseId} device={device} mayControl={mayControl} />}
          {device.places && device.places.length > 0 && (
            <Section title="Places">
              <PlaceList places={device.places} />
            </Section>
          )}
          <Section title="Log">
            <DeviceLog houseId={houseId} device={one} />
          </Section>
        </Stack>
      </SimpleGrid>
    </Stack>
  )
}

export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Card withBorder padding="md" component="section" aria-label={title}>
      <Title order={2} size="h5" mb="sm">
        {title}
      </Title>
      {children}
    </Card>
  )
}

function State({ device }: { device: Device }) {
  const { state, reason, since, restarts, next_try: next, last_sample: last, uptime_30d: uptime } = device
  const facts = {
    Since: ago(since),
    'Last sample': last === null ? 'none yet' : ago(last),
    Restarts: String(restarts),
    ...(next === null ? {} : { 'Next try': ahead(next) }),
    ...(uptime === undefined || uptime === null ? {} : { 'Uptime, 30 days': `${(uptime * 100).toFixed(1)} %` }),
  }
  return (
    <Card withBorder padding="md" component="section" aria-label="State">
      <Group gap="xl" align="start">
        <div>
          <StateBadge state={state} />
          <Text size="sm" mt={4} role="status" maw={560}>
            {reason ?? (state in deviceStates ? deviceStates[state as keyof typeof deviceStates] : '')}
          </Text>
        </div>
        {Object.entries(facts).map(([label, value]) => (
          <div key={label}>
            <Text size="xs" c="dimmed">
              {label}
            </Text>
            <Text className="reading" size="sm" fw={600}>
              {value}
            </Text>
          </div>
        ))}
      </Group>
    </Card>
  )
}

function ahead(time: string): string {
  const seconds = (Date.parse(time) - Date.now()) / 1000
  if (seconds <= 0) return 'now'
  return seconds < 90 ? `in ${Math.ceil(seconds)} s` : `in ${Math.round(seconds / 60)} min`
}

function Commanding({ houseId, device, mayControl }: { houseId: number; device: Device; mayControl: boolean }) {
  const known = useActuators(houseId, device)
  const asked = useCommands(houseId, device)
  if (!known.data || (known.data.actuators.length === 0 && asked.data?.length === 0)) return null
  return (
    <>
      <Section title="Last commands">
        <CommandList commands={asked.data ?? []} />
      </Section>
      {mayControl && known.data.actuators.length > 0 && (
        <Section title="Your limits">
          <BoundsForm houseId={houseId} device={device} known={known.data} />
        </Section>
      )}
    </>
  )
}
