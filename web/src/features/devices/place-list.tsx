import { Group, Stack, Text } from '@mantine/core'
import type { Place } from '../../api.ts'
import { ago } from '../houses/words.ts'

/** Where a device measures, with what its vendor calls it now where that is another name. */
export function PlaceList({ places }: { places: readonly Place[] }) {
  return (
    <Stack gap="xs">
      {places.map(({ place, location, name, last_seen: seen }) => (
        <div key={place}>
          <Group justify="space-between" wrap="nowrap">
            <Text size="sm" fw={500}>
              {location}
            </Text>
            <Text size="xs" c="dimmed">
              last seen {ago(seen)}
            </Text>
          </Group>
          {name !== location && (
            <Text size="xs" c="dimmed">
              Now called {name} at the vendor; its history goes on under the name it began with.
            </Text>
          )}
        </div>
      ))}
    </Stack>
  )
}
