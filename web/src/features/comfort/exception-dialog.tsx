import { Button, Group, NumberInput, SegmentedControl, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { dayAt, momentOf, wallOf } from '../houses/zone-time.ts'
import { Dialog } from '../session/dialog.tsx'
import { Trouble, Warning } from '../session/trouble.tsx'
import { addException, type ExceptionKind, kindMeaning, kindWords, temperatureBound } from './comfort.ts'

const hour = 3_600_000

/** Lengths that are one press: name and end, ms. */
function lengthsOf(kind: ExceptionKind, zone: string, now: number): readonly (readonly [string, number])[] {
  if (kind === 'boost') return [1, 2, 4].map((hours) => [`${hours} h`, now + hours * hour] as const)
  return [
    ['Tonight', dayAt(now, zone, 0, '23:00')],
    ['Tomorrow', dayAt(now, zone, 1, '16:00')],
    ['3 days', dayAt(now, zone, 3, '16:00')],
    ['A week', dayAt(now, zone, 7, '16:00')],
  ].filter((one): one is [string, number] => Number(one[1]) > now)
}

/** Asks how long, and from when, a wish other than the usual one holds in these rooms. */
export function ExceptionDialog({
  houseId,
  zone,
  rooms,
  kind,
  onClose,
}: {
  houseId: number
  zone: string
  rooms: readonly { readonly id: number; readonly name: string }[]
  kind: ExceptionKind
  onClose: () => void
}) {
  const queries = useQueryClient()
  const [now] = useState(Date.now)
  const lengths = lengthsOf(kind, zone, now)
  const [start, setStart] = useState('')
  const [end, setEnd] = useState(wallOf(lengths[1]?.[1] ?? now + 2 * hour, zone))
  const [temperature, setTemperature] = useState<number>()
  const add = useMutation({
    mutationFn: async () => {
      const from = new Date(start === '' ? Date.now() : momentOf(start, zone)).toISOString()
      const to = new Date(momentOf(end, zone)).toISOString()
      for (const { id } of rooms)
        await addException(houseId, id, { kind, from, to, ...(temperature === undefined ? {} : { temperature }) })
    },
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ['rooms', houseId] }),
        queries.invalidateQueries({ queryKey: ['comfort', houseId] }),
      ]),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    add.mutate(undefined, { onSuccess: onClose })
  }
  const ends = momentOf(end, zone)
  const isOver = Number.isFinite(ends) && ends <= Math.max(now, start === '' ? now : momentOf(start, zone))
  const [only] = rooms
  const where = rooms.length === 1 && only ? only.name : 'the whole house'
  return (
    <Dialog title={`${kindWords[kind]}: ${where}`} onClose={onClose}>
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm">{kindMeaning[kind]}</Text>
          <div>
            <Text size="sm" fw={500} mb={4}>
              How long?
            </Text>
            <SegmentedControl
              fullWidth
              aria-label="How long?"
              data={lengths.map(([label, moment]) => ({ label, value: wallOf(moment, zone) }))}
              value={end}
              onChange={setEnd}
            />
          </div>
          <Group grow align="start">
            <TextInput
              type="datetime-local"
              label="From"
              description="Empty: now"
              value={start}
              onChange={(event) => setStart(event.currentTarget.value)}
            />
            <TextInput
              type="datetime-local"
              label="Until"
              description={`Clock of ${zone}`}
              required
              value={end}
              onChange={(event) => setEnd(event.currentTarget.value)}
            />
          </Group>
          <NumberInput
            label="Temperature"
            description="Optional"
            suffix=" °C"
            {...temperatureBound}
            step={0.5}
            value={temperature ?? ''}
            onChange={(typed) => setTemperature(typed === '' ? undefined : Number(typed))}
          />
          <Trouble error={add.error} />
          {isOver && <Warning>{ends <= now ? 'The end is past already.' : '“Until” must be after “From”.'}</Warning>}
          <Group>
            <Button type="submit" loading={add.isPending} disabled={isOver}>
              {kindWords[kind]}
            </Button>
            <Button variant="subtle" onClick={onClose}>
              Not now
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  )
}
