import { Card, Table, Text, Title } from '@mantine/core'
import { useQueries } from '@tanstack/react-query'
import { type Range, type WhatIf, whatIf } from './api.ts'

const questions = [
  { name: 'With strømstøtte', ask: { support: 'stromstotte' } },
  { name: 'With Norgespris', ask: { support: 'norgespris' } },
  { name: 'Without support', ask: { support: 'none' } },
  { name: 'One degree cooler', ask: { warmer: '-1' } },
  { name: 'One degree warmer', ask: { warmer: '1' } },
] as const

/** What the own past would have cost with another contract or another comfort. */
export function WhatIfCard({ houseId, range }: { houseId: number; range: Range }) {
  const answers = useQueries({
    queries: questions.map(({ ask }) => ({
      queryKey: ['what-if', houseId, range, ask],
      queryFn: () => whatIf(houseId, range, ask),
      retry: false,
    })),
  })
  return (
    <Card withBorder padding="md" component="section" aria-label="What if">
      <Title order={2} size="h4">
        What if?
      </Title>
      <Text size="sm" c="dimmed">
        The power that you used, at the hours at which you used it, with something else.
      </Text>
      <Table captionSide="top" mt="xs" className="reading">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Instead</Table.Th>
            <Table.Th>It would have cost</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {questions.map(({ name }, index) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" fw={400}>
                {name}
              </Table.Th>
              <Table.Td>{answerOf(answers[index])}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  )
}

type Asked = { readonly data?: WhatIf; readonly error: Error | null }

function answerOf(asked: Asked | undefined): string {
  if (asked?.error) return asked.error.message
  const { prices, comfort } = asked?.data ?? {}
  if (prices) return changeOf(prices.more, ` (${(100 * Math.abs(prices.share)).toFixed(1)} %)`)
  if (!comfort) return asked?.data ? 'not known' : ' '
  if (comfort.outcome !== 'found') return comfort.because
  const [low, high] = [comfort.cost.low, comfort.cost.high].map(Math.abs).sort((a, b) => a - b)
  return changeOf(comfort.cost.value, ` (between ${low?.toFixed(0)} and ${high?.toFixed(0)})`)
}

const changeOf = (more: number, by: string): string =>
  Math.abs(more) < 0.5 ? 'the same' : `${Math.abs(more).toFixed(0)} NOK ${more > 0 ? 'more' : 'less'}${by}`
