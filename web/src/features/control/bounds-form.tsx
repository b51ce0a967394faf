import { Button, Group, NumberInput, Stack, Text } from '@mantine/core'
import type { Bound, OwnBounds } from '@nabolag/core'
import { verbOf } from '@nabolag/core/capabilities'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Trouble } from '../session/trouble.tsx'
import { type Actuators, actuatorsKey, type DeviceRef, setBounds } from './api.ts'
import { type Dial, dialsOf } from './words.ts'

/** The owner's own limits: what nobody may go beyond, neither a person nor a program. */
export function BoundsForm({ houseId, device, known }: { houseId: number; device: DeviceRef; known: Actuators }) {
  const queries = useQueryClient()
  const [bounds, setDraft] = useState<OwnBounds>(known.bounds)
  const rows = new Map(
    known.actuators
      .flatMap(({ capability, verbs }) => dialsOf(capability, verbs))
      .filter(({ kind }) => kind === 'number')
      .map((row) => [`${row.capability}.${row.verb}.${row.argument}`, row]),
  )
  const save = useMutation({
    mutationFn: () => setBounds(houseId, device, bounds),
    onSuccess: () => queries.invalidateQueries({ queryKey: actuatorsKey(houseId, device) }),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate()
  }
  if (rows.size === 0) return <Text c="dimmed">This device has nothing that could be limited.</Text>
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          Nobody can ask for more than this, neither a person nor a program. Empty: what the device itself allows.
        </Text>
        {[...rows].map(([key, row]) => (
          <Limits key={key} row={row} own={bounds} onChange={(bound) => setDraft(changed(bounds, row, bound))} />
        ))}
        <Trouble error={save.error} />
        <Group>
          <Button type="submit" variant="default" loading={save.isPending}>
            Save the limits
          </Button>
          {save.isSuccess && (
            <Text size="sm" role="status">
              Saved
            </Text>
          )}
        </Group>
      </Stack>
    </form>
  )
}

function Limits({ row, own, onChange }: { row: Dial; own: OwnBounds; onChange: (bound: Bound) => void }) {
  const bound = own[row.capability]?.[row.verb]?.[row.argument] ?? {}
  const outer = outerBound(row)
  const field = (name: 'minimum' | 'maximum', label: string) => (
    <NumberInput
      label={label}
      aria-label={`${row.label}: ${label}`}
      hideControls
      min={outer.minimum}
      max={outer.maximum}
      suffix={row.unit === '' ? '' : ` ${row.unit}`}
      placeholder={outer[name] === undefined ? undefined : `${outer[name]} ${row.unit}`}
      value={bound[name] ?? ''}
      onChange={(typed) => {
        const { [name]: _, ...rest } = bound
        onChange(typed === '' ? rest : { ...rest, [name]: Number(typed) })
      }}
    />
  )
  return (
    <div>
      <Text size="sm" fw={500}>
        {row.label}
      </Text>
      <Group grow>
        {field('minimum', 'At least')}
        {field('maximum', 'At most')}
      </Group>
    </div>
  )
}

/** What the capability allows to anybody: the owner's own limits are already in what the actuator shows. */
function outerBound({ capability, verb, argument }: Dial): Bound {
  const shapes = verbOf(capability, verb)?.arguments.properties as Readonly<Record<string, Bound>> | undefined
  return shapes?.[argument] ?? {}
}

function changed(bounds: OwnBounds, { capability, verb, argument }: Dial, bound: Bound): OwnBounds {
  const { [argument]: _, ...others } = bounds[capability]?.[verb] ?? {}
  const args = Object.keys(bound).length === 0 ? others : { ...others, [argument]: bound }
  const { [verb]: _verb, ...verbs } = bounds[capability] ?? {}
  const left = Object.keys(args).length === 0 ? verbs : { ...verbs, [verb]: args }
  const { [capability]: _capability, ...rest } = bounds
  return Object.keys(left).length === 0 ? rest : { ...rest, [capability]: left }
}
