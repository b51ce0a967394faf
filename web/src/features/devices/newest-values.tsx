import { Anchor, Group, Stack, Text } from '@mantine/core'
import { fieldOf, isForecast } from '@nabolag/core/groups'
import { Link } from '@tanstack/react-router'
import type { Newest } from '../../api.ts'
import { ago, measure, words } from '../houses/words.ts'

/** Every value that a device measured last, by place; each leads to its chart. */
export function NewestValues({
  houseId,
  group,
  values,
}: {
  houseId: number
  group: string
  values: readonly Newest[]
}) {
  if (values.length === 0) return <Text c="dimmed">Nothing measured yet</Text>
  const places = [...Map.groupBy(values, ({ location }) => location)]
  return (
    <Stack gap="md">
      {places.map(([place, list]) => (
        <div key={place}>
          <Group justify="space-between">
            <Text fw={600} size="sm">
              {place}
            </Text>
            {!isForecast(group) && (
              <Text size="xs" c="dimmed">
                {ago(
                  list
                    .map(({ time }) => time)
                    .sort()
                    .at(-1),
                )}
              </Text>
            )}
          </Group>
          {list.map((one) => (
            <Group key={`${one.group}.${one.field}`} justify="space-between" wrap="nowrap" gap="xs">
              <Anchor
                renderRoot={(props) => (
                  <Link
                    to="/houses/$houseId"
                    params={{ houseId: String(houseId) }}
                    search={{ chart: `${one.group}.${one.field}` }}
                    {...props}
                  />
                )}
                size="sm"
                title={fieldOf(one.group, one.field)?.meaning}
              >
                {words(one.field)}
              </Anchor>
              <Text size="sm" fw={600} className="reading">
                {measure(one.value, one.unit)}
              </Text>
            </Group>
          ))}
        </div>
      ))}
    </Stack>
  )
}
