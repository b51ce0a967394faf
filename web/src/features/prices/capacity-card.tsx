import { Card, Group, Text, Title } from '@mantine/core'
import { measure } from '../houses/words.ts'
import type { Capacity } from './api.ts'

/** Where the month stands with the grid company's price of the highest hours. */
export function CapacityCard({ capacity }: { capacity: Capacity }) {
  const { power, step, cost, next, today, cap, nextKilowatt } = capacity
  return (
    <Card withBorder padding="md" component="section" aria-label="Highest hours of the month">
      <Title order={2} size="h4">
        Highest hours of the month
      </Title>
      <Text size="sm" c="dimmed">
        The grid company takes a price by the hours in which the house drew most. Amounts without VAT.
      </Text>
      <Group gap="xl" mt="sm" align="baseline">
        <Figure value={measure(power, 'kW')} name={`counts so far, step ${step + 1}`} />
        <Figure value={`${cost.toFixed(0)} NOK`} name="this month" />
        <Figure value={measure(today, 'kW')} name="highest hour today" />
      </Group>
      <Text size="sm" mt="sm">
        {sentenceOf(cap)}
        {next && ` From ${measure(next.above, 'kW')} on the month costs ${next.more.toFixed(0)} NOK more.`}
        {nextKilowatt > 0 && ` One kW more in today's highest hour would cost ${nextKilowatt.toFixed(0)} NOK.`}
      </Text>
    </Card>
  )
}

const sentenceOf = (cap: Capacity['cap']): string => {
  if (cap === 'none') return 'There is no dearer step.'
  if (cap === null) return 'The month has left the lower step already.'
  return `An hour of today may draw ${measure(cap, 'kW')} without a dearer step.`
}

function Figure({ value, name }: { value: string; name: string }) {
  return (
    <div>
      <Text className="reading" size="xl" fw={600}>
        {value}
      </Text>
      <Text size="xs" c="dimmed">
        {name}
      </Text>
    </div>
  )
}
