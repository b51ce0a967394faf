import { Button, Card, Group, SegmentedControl, Text, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { control, controlKey } from '../heating/api.ts'
import { type Facts, setFacts } from '../heating/facts.ts'
import { dateOf, dayAt, dayName, momentOf } from '../houses/zone-time.ts'
import { Trouble } from '../session/trouble.tsx'

/** Days on which chance decides whether control runs: the surest way to know what it saves. */
export function ExperimentCard({ houseId, zone, mayChange }: { houseId: number; zone: string; mayChange: boolean }) {
  const queries = useQueryClient()
  const [weeks, setWeeks] = useState('8')
  const state = useQuery({ queryKey: controlKey(houseId), queryFn: () => control(houseId) })
  const change = useMutation({
    mutationFn: (facts: Facts) => setFacts(houseId, facts),
    onSuccess: () => queries.invalidateQueries({ queryKey: controlKey(houseId) }),
  })
  if (!state.data || state.data.loops.length === 0) return null
  const { experiment, ...facts } = state.data.facts
  const now = Date.now()
  const dayAfter = (days: number) => dateOf(dayAt(now, zone, days, '12:00'), zone)
  const isOpen = experiment !== undefined && experiment.to >= dateOf(now, zone)
  const nameOf = (date: string) => dayName(momentOf(`${date}T12:00`, zone), zone, now)
  return (
    <Card withBorder padding="md" component="section" aria-label="Let chance decide">
      <Title order={2} size="h4">
        Know it for sure: let chance decide
      </Title>
      <Text size="sm">
        Each day a draw decides whether control runs, or only the temperatures that you chose. Comfort stays the same,
        and after some weeks the difference is known and not guessed.
      </Text>
      {isOpen ? (
        <Group mt="sm">
          <Text size="sm">
            <b>
              {nameOf(experiment.from)} to {nameOf(experiment.to)}
            </b>
          </Text>
          <Button
            variant="default"
            disabled={!mayChange}
            loading={change.isPending}
            onClick={() => change.mutate(facts)}
          >
            End it
          </Button>
        </Group>
      ) : (
        <Group mt="sm">
          <SegmentedControl
            aria-label="For how long"
            disabled={!mayChange}
            data={['4', '8', '12'].map((value) => ({ value, label: `${value} weeks` }))}
            value={weeks}
            onChange={setWeeks}
          />
          <Button
            variant="default"
            disabled={!mayChange}
            loading={change.isPending}
            onClick={() =>
              change.mutate({ ...facts, experiment: { from: dayAfter(1), to: dayAfter(7 * Number(weeks)) } })
            }
          >
            Begin tomorrow
          </Button>
        </Group>
      )}
      <Trouble error={change.error} />
    </Card>
  )
}
