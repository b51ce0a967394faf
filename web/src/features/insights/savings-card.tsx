import { Card, Group, Loader, SegmentedControl, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Trouble } from '../session/trouble.tsx'
import { type Range, type Saving, savings } from './api.ts'

export const spans = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'A year' },
]

/** What control saved: as the bill says, and had the house been as warm as before. */
export function SavingsCard({
  houseId,
  range,
  days,
  onDays,
}: {
  houseId: number
  range: Range
  days: string
  onDays: (days: string) => void
}) {
  const answer = useQuery({
    queryKey: ['savings', houseId, range],
    queryFn: () => savings(houseId, range),
    placeholderData: (before) => before,
  })
  const found = answer.data
  return (
    <Card withBorder padding="md" component="section" aria-label="Savings" mih={180}>
      <Group justify="space-between" align="start">
        <Title order={2} size="h4">
          Savings
        </Title>
        <SegmentedControl aria-label="Time" data={spans} value={days} onChange={onDays} />
      </Group>
      {answer.isPending && <Loader aria-label="Loading" />}
      <Trouble error={answer.error} />
      {found && (
        <>
          {found.outcome === 'found' && (
            <Group gap="xl" mt="sm" align="start">
              <Amount name={`On the bill, in ${found.days.control} days`} saving={found.raw} />
              {found.atEqualTemperature.outcome === 'found' ? (
                <Amount name="Had the house been equally warm" saving={found.atEqualTemperature} />
              ) : (
                <div>
                  <Text size="xl" fw={600}>
                    Not known
                  </Text>
                  <Text size="xs" c="dimmed">
                    Had the house been equally warm
                  </Text>
                  <Text size="sm">{found.atEqualTemperature.because}.</Text>
                </div>
              )}
            </Group>
          )}
          <Text mt="sm">{found.sentence}.</Text>
          {found.meanTemperature !== undefined && found.baselineTemperature !== undefined && (
            <Text size="sm">
              The rooms were {found.meanTemperature.toFixed(1)} °C on average under control, and{' '}
              {found.baselineTemperature.toFixed(1)} °C without.
            </Text>
          )}
          <Text size="sm" c="dimmed" mt="xs">
            {found.because}.
          </Text>
        </>
      )}
    </Card>
  )
}

function Amount({ name, saving: { nok, low, high, share } }: { name: string; saving: Saving }) {
  const isSure = low > 0 || high < 0
  return (
    <div>
      <Text className="reading" size="28px" lh={1.2} fw={600}>
        {Math.round(nok) < 0 ? '−' : ''}
        {Math.abs(nok).toFixed(0)} NOK
      </Text>
      <Text size="xs" c="dimmed">
        {name}
      </Text>
      <Text size="sm" className="reading">
        {Math.abs(100 * share).toFixed(1)} % {nok >= 0 ? 'less' : 'more'}; between {Math.round(low)} and{' '}
        {Math.round(high)} NOK
        {isSure ? '' : ', so it may be nothing'}
      </Text>
    </div>
  )
}
