import { Alert, Anchor, Button, Card, Group, Loader, SegmentedControl, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { House } from '../../api.ts'
import { pricesRoute } from '../../router.tsx'
import { HouseFrame, mayChange } from '../houses/house-frame.tsx'
import { dayAndClock, dayAt } from '../houses/zone-time.ts'
import { Trouble } from '../session/trouble.tsx'
import { prices, pricesKey } from './api.ts'
import { CapacityCard } from './capacity-card.tsx'
import { PriceBars } from './price-bars.tsx'
import { PriceTable } from './price-table.tsx'
import { PriceSettingsCard } from './settings-form.tsx'

/** What power costs today and tomorrow, in its parts, and the contracts that make it so. */
export function PricesPage() {
  const houseId = Number(pricesRoute.useParams().houseId)
  return (
    <HouseFrame houseId={houseId} title="Prices" lead="What a kilowatt-hour costs you, everything counted.">
      {(house) => (
        <>
          <TwoDays house={house} />
          <PriceSettingsCard houseId={houseId} zone={house.timezone} disabled={!mayChange(house)} />
        </>
      )}
    </HouseFrame>
  )
}

function TwoDays({ house }: { house: House }) {
  const { id, timezone: zone } = house
  const may = mayChange(house)
  const [minutes, setMinutes] = useState<15 | 60>(60)
  const [typed, setTyped] = useState(false)
  const now = Date.now()
  const start = dayAt(now, zone, 0, '00:00')
  const end = dayAt(now, zone, 2, '00:00')
  const answer = useQuery({
    queryKey: [...pricesKey(id), start, minutes],
    queryFn: () => prices(id, [start, end], minutes),
    placeholderData: (before) => before,
    refetchInterval: 60_000,
  })
  const found = answer.data
  return (
    <>
      <Card withBorder padding="md" component="section" aria-label="Today and tomorrow">
        <Group justify="space-between" mb="xs">
          <Text size="sm" c="dimmed">
            {found ? `NOK/kWh, area ${found.area}` : ' '}
          </Text>
          <Group gap="xs">
            <SegmentedControl
              aria-label="Steps"
              data={[
                { value: '60', label: 'Hours' },
                { value: '15', label: 'Quarters' },
              ]}
              value={String(minutes)}
              onChange={(value) => setMinutes(value === '15' ? 15 : 60)}
            />
            <Button variant="default" aria-expanded={typed} onClick={() => setTyped(!typed)}>
              {typed ? 'Hide the table' : 'As a table'}
            </Button>
          </Group>
        </Group>
        <Trouble error={answer.error} />
        {answer.isPending && <Loader aria-label="Loading" />}
        {found && found.intervals.length === 0 && (
          <Text c="dimmed">
            No prices are known for this house yet.{' '}
            {may ? (
              <>
                <Anchor component={Link} to={`/houses/${id}/devices/new`} search={{ kind: 'spot-price' } as never}>
                  Add the device “Day-ahead electricity price”
                </Anchor>{' '}
                for its area.
              </>
            ) : (
              'It takes the device “Day-ahead electricity price”.'
            )}
          </Text>
        )}
        {found && found.intervals.length > 0 && (
          <Stack gap="sm">
            <PriceBars intervals={found.intervals} zone={zone} start={start} end={end} now={now} />
            {found.missing.length > 0 && (
              <Text size="sm">
                Not known:{' '}
                {found.missing
                  .map(({ start: from, end: to }) => `${dayAndClock(from, zone)} to ${dayAndClock(to, zone)}`)
                  .join(', ')}
                .
              </Text>
            )}
            {found.notes.length > 0 && (
              <Alert color="gray" title="What was assumed">
                {found.notes.map((note) => (
                  <Text key={note} size="sm">
                    {note}
                  </Text>
                ))}
              </Alert>
            )}
            {typed && <PriceTable intervals={found.intervals} zone={zone} />}
          </Stack>
        )}
      </Card>
      {found?.capacity && <CapacityCard capacity={found.capacity} />}
    </>
  )
}
