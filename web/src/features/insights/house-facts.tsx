import { Card, Text, Title } from '@mantine/core'
import type { Insights, Told } from './api.ts'

/** What the data tell of the house, in sentences; what they do not tell yet, and what is lacking. */
export function HouseFacts({ insights: { signature, heatLoss, timeConstant, cop } }: { insights: Insights }) {
  return (
    <div className="controls">
      <Facts title="The weather and your power" list={[signature]} />
      <Facts title="How much warmth gets lost" list={heatLoss} />
      <Facts title="How long the warmth stays" list={timeConstant} />
      <Facts title="The heat pump" list={cop} />
    </div>
  )
}

function Facts({ title, list }: { title: string; list: readonly Told[] }) {
  return (
    <Card withBorder padding="md" component="section" aria-label={title}>
      <Title order={2} size="h5">
        {title}
      </Title>
      {list.length === 0 && (
        <Text size="sm" c="dimmed" mt="xs">
          There is no room yet that this could be told of.
        </Text>
      )}
      {list.map((told) =>
        told.outcome === 'found' ? (
          <Text key={told.sentence} size="sm" mt="xs">
            {told.sentence}.{' '}
            <Text span size="xs" c="dimmed">
              From {told.days} {told.days === 1 ? 'day' : 'days'} of data.
            </Text>
          </Text>
        ) : (
          <Text key={nameOf(told) + told.because} size="sm" c="dimmed" mt="xs">
            {nameOf(told)}
            {told.because}.
          </Text>
        ),
      )}
    </Card>
  )
}

/** Of which room it is. */
const nameOf = (told: Told): string => ('name' in told && typeof told.name === 'string' ? `${told.name}: ` : '')
