import { Badge, Card, Group, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
import { groupOf } from '@nabolag/core/groups'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Vendor } from '../vendors/api.ts'
import type { Kind } from './api.ts'

type Props = {
  houseId: number
  kinds: readonly Kind[]
  vendors: readonly Vendor[]
  /** Names of the kinds that the house has. */
  present: ReadonlySet<string>
}

/** What a group is, as far as it matters for a choice. */
const meaningOf = (group: string): string => (groupOf(group)?.meaning ?? group).replace(/;.*/, '')

/** Every kind of device, and what it logs. */
export function KindPicker({ houseId, kinds, vendors, present }: Props) {
  const [search, setSearch] = useState('')
  const wanted = search.trim().toLowerCase()
  const fitting = kinds.filter(({ name, label, vendor, database_group_name: group }) =>
    `${name} ${label} ${vendor} ${meaningOf(group)}`.toLowerCase().includes(wanted),
  )
  return (
    <Stack>
      <TextInput
        type="search"
        label="Which one?"
        placeholder="Tibber, heat pump, weather …"
        maw={400}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
      />
      {fitting.length === 0 && (
        <Text c="dimmed" role="status">
          There is no such kind. An admin can add one for a program of yours.
        </Text>
      )}
      <SimpleGrid cols={{ base: 1, sm: 2, md: 3 }}>
        {fitting.map((kind) => (
          <KindCard
            key={kind.name}
            houseId={houseId}
            kind={kind}
            vendor={vendors.find(({ vendor }) => vendor === kind.vendor)}
            present={present.has(kind.name)}
          />
        ))}
      </SimpleGrid>
    </Stack>
  )
}

function KindCard({
  houseId,
  kind,
  vendor,
  present,
}: {
  houseId: number
  kind: Kind
  vendor: Vendor | undefined
  present: boolean
}) {
  const content = (
    <>
      <Group justify="space-between" wrap="nowrap" align="start">
        <Text fw={600}>{kind.label}</Text>
        {vendor?.incident && (
          <Badge color="orange" variant="light" autoContrast tt="none">
            has trouble
          </Badge>
        )}
        {present && (
          <Badge color="gray" variant="light" autoContrast tt="none">
            in this house
          </Badge>
        )}
      </Group>
      <Text size="sm">{meaningOf(kind.database_group_name)}</Text>
      <Text size="sm" c="dimmed">
        {kind.kind === 'built-in' ? every(kind.sampling_seconds) : 'Published by a program of yours'}
      </Text>
      {vendor?.incident && (
        <Text size="sm">
          {vendor.vendor}: {vendor.incident.reason}
        </Text>
      )}
    </>
  )
  // Several are several accounts; where there may be one only, the card leads to it.
  const house = String(houseId)
  return (
    <Card
      withBorder
      padding="md"
      renderRoot={(props) =>
        present && !kind.allow_multiple ? (
          <Link
            to="/houses/$houseId/devices/$device/$count"
            params={{ houseId: house, device: kind.name, count: '0' }}
            {...props}
          />
        ) : (
          <Link to="/houses/$houseId/devices/new" params={{ houseId: house }} search={{ kind: kind.name }} {...props} />
        )
      }
    >
      {content}
    </Card>
  )
}

const every = (seconds: number): string => {
  if (seconds < 90) return `Every ${Math.round(seconds)} s`
  if (seconds < 90 * 60) return `Every ${Math.round(seconds / 60)} min`
  return `Every ${Math.round(seconds / 3600)} h`
}
