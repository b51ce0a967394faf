import { Card, Text, Title } from '@mantine/core'
import type { Insights, Told } from './api.ts'

/** What the data tell of the house, in sentences; what they do not tell yet, and what is lacking. */
export function HouseFacts({ insights: { signature, heatLoss, timeConstant, cop } }: { insights: Insights }) {
  return (
    <div className="columns">
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
      {toldFirst(list).map((told) =>
        told.outcome === 'found' ? (
          <Text key={told.sentence} size="sm" mt="xs">
            {told.sentence}.{' '}
            {!/\d (days|nights)/.test(told.sentence) && (
              <Text span size="xs" c="dimmed">
                From {told.days} {told.days === 1 ? 'day' : 'days'} of data.
              </Text>
            )}
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

const nameOf = ({ name }: Told): string => (name === undefined ? '' : `${name}: `)

/** What is known goes first; what one way does not tell of a room is left out where another does. */
function toldFirst(list: readonly Told[]): readonly Told[] {
  const known = list.filter(({ outcome }) => outcome === 'found')
  const rooms = new Set(known.map(({ name }) => name))
  return [...known, ...list.filter(({ outcome, name }) => outcome !== 'found' && !(name && rooms.has(name)))]
}
