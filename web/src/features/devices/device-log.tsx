import { Badge, Button, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { DeviceRef } from '../control/api.ts'
import { Trouble } from '../session/trouble.tsx'
import { log } from './api.ts'

const few = 12
const colours: Readonly<Record<string, string>> = { warn: 'orange', error: 'red' }

/** What a device logged, newest first. */
export function DeviceLog({ houseId, device }: { houseId: number; device: DeviceRef }) {
  const [all, setAll] = useState(false)
  const found = useQuery({
    queryKey: ['log', houseId, device.name, device.count],
    queryFn: () => log(houseId, device),
    refetchInterval: 30_000,
  })
  if (found.error) return <Trouble error={found.error} />
  const lines = (found.data ?? []).toSorted((a, b) => b.time.localeCompare(a.time))
  if (lines.length === 0) return <Text c="dimmed">Nothing yet.</Text>
  const run = Math.max(...lines.map((line) => line.run))
  return (
    <Stack gap={6}>
      {(all ? lines : lines.slice(0, few)).map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no key of their own
        <div key={index}>
          <Group gap={6}>
            <Text size="xs" c="dimmed" className="reading">
              {stamp(line.time)}
            </Text>
            {colours[line.level] && (
              <Badge size="xs" variant="light" autoContrast tt="none" color={colours[line.level]}>
                {line.level === 'warn' ? 'warning' : line.level}
              </Badge>
            )}
            {line.run < run && (
              <Text size="xs" c="dimmed">
                the run before
              </Text>
            )}
          </Group>
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            {line.message}
          </Text>
        </div>
      ))}
      {lines.length > few && (
        <Button size="compact-sm" variant="subtle" w="fit-content" onClick={() => setAll(!all)}>
          {all ? 'Fewer' : `${lines.length - few} more`}
        </Button>
      )}
    </Stack>
  )
}

const stamp = (time: string) =>
  new Date(time).toLocaleString(undefined, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false,
  })
