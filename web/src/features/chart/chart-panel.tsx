import { Alert, Card, Group, Loader, SegmentedControl, Text, Title } from '@mantine/core'
import { fieldOf, isForecast } from '@nabolag/core/groups'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { type Answer, data } from '../../api.ts'
import { houseRoute } from '../../router.tsx'
import { words } from '../houses/words.ts'
import { align } from './align.ts'
import { Chart } from './chart.tsx'

const ranges = [
  { label: '6 h', value: '0.25' },
  { label: '24 h', value: '1' },
  { label: '7 days', value: '7' },
  { label: '30 days', value: '30' },
]
const day = 86_400_000

/** An answer with the time it was asked for, ms since the epoch. */
type Found = Answer & { readonly start: number; readonly end: number }

/** The chart of one field over all places of a house. Dragging over it zooms, and fetches the finer points. */
export function ChartPanel({ houseId, zone, picked }: { houseId: number; zone: string; picked: string }) {
  const { days = 1 } = houseRoute.useSearch()
  const navigate = houseRoute.useNavigate()
  const [zoom, setZoom] = useState<readonly [number, number]>()
  const [group = '', field = ''] = picked.split('.')
  const ahead = isForecast(group) ? 3 * day : 0
  // biome-ignore lint/correctness/useExhaustiveDependencies: another field or range starts unzoomed
  useEffect(() => setZoom(undefined), [picked, days])
  const answer = useQuery<Found>({
    queryKey: ['data', houseId, picked, days, zoom],
    queryFn: ({ signal }): Promise<Found> => {
      const now = Date.now()
      const [start, end] = zoom ?? [now - days * day, now + ahead]
      const question = { group, field, start: new Date(start).toISOString(), end: new Date(end).toISOString() }
      return data(houseId, question, signal).then((found) => ({ ...found, start, end }))
    },
    placeholderData: (before) => before,
    refetchInterval: zoom ? false : 15_000,
  })
  const meaning = fieldOf(group, field)?.meaning
  return (
    <Card withBorder padding="md">
      <Group justify="space-between" mb="xs">
        <div>
          <Title order={2} size="h4">
            {words(field)}
            {answer.data?.unit ? ` (${answer.data.unit})` : ''}
          </Title>
          <Text size="xs" c="dimmed">
            {meaning ? `${meaning}. ` : ''}Drag to zoom, double-click to go back.
          </Text>
        </div>
        <Group>
          {answer.isFetching && <Loader size="xs" aria-label="Loading" />}
          <SegmentedControl
            aria-label="Range"
            data={ranges}
            value={String(days)}
            onChange={(value) =>
              navigate({ search: (before) => ({ ...before, days: Number(value) }), replace: true, resetScroll: false })
            }
          />
        </Group>
      </Group>
      {answer.error && <Alert color="red">{answer.error.message}</Alert>}
      {answer.data && answer.data.series.length === 0 && <Text c="dimmed">Nothing was measured in this time.</Text>}
      {answer.data && answer.data.series.length > 0 && (
        <Chart
          {...align(answer.data.series)}
          unit={answer.data.unit ?? ''}
          start={answer.data.start}
          end={answer.data.end}
          zone={zone}
          onZoom={setZoom}
        />
      )}
    </Card>
  )
}
