import { Anchor, Button, Group, NumberInput, Select, Stack, TextInput } from '@mantine/core'
import { type FormEvent, type ReactNode, useMemo, useState } from 'react'
import type { HouseForm as Form } from '../../api.ts'
import { Trouble } from '../session/trouble.tsx'

type Props = {
  start: Form
  action: string
  busy: boolean
  error: Error | null
  onSubmit: (form: Form) => void
  beside?: ReactNode
}

export const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone

/** Name, place and time zone of a house. */
export function HouseForm({ start, action, busy, error, onSubmit, beside }: Props) {
  const [form, setForm] = useState(start)
  const zones = useMemo(
    () => [...new Set([...Intl.supportedValuesOf('timeZone'), 'UTC', start.timezone])].sort(),
    [start.timezone],
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onSubmit({ ...form, name: form.name.trim() })
  }
  const degrees = (name: 'latitude' | 'longitude') => (value: string | number) =>
    setForm({ ...form, [name]: value === '' ? null : Number(value) })
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="Name"
          description="As you would say it: Bakken 12, the cabin"
          required
          maxLength={100}
          value={form.name}
          onChange={(event) => setForm({ ...form, name: event.currentTarget.value })}
        />
        <Select
          label="Time zone"
          description="Days begin and end by it"
          searchable
          required
          allowDeselect={false}
          data={zones}
          value={form.timezone}
          onChange={(timezone) => timezone && setForm({ ...form, timezone })}
          nothingFoundMessage="There is no such time zone"
          limit={200}
        />
        <Group grow align="start">
          <NumberInput
            label="Latitude"
            description="Optional; degrees north"
            min={-90}
            max={90}
            clampBehavior="strict"
            decimalScale={6}
            hideControls
            value={form.latitude ?? ''}
            onChange={degrees('latitude')}
          />
          <NumberInput
            label="Longitude"
            description="Optional; degrees east"
            min={-180}
            max={180}
            clampBehavior="strict"
            decimalScale={6}
            hideControls
            value={form.longitude ?? ''}
            onChange={degrees('longitude')}
          />
        </Group>
        <OwnPlace onFound={(place) => setForm({ ...form, ...place })} />
        <Trouble error={error} />
        <Group>
          <Button type="submit" loading={busy}>
            {action}
          </Button>
          {beside}
        </Group>
      </Stack>
    </form>
  )
}

/** Four decimals are some metres: near enough for a forecast. */
const round = (degrees: number) => Math.round(degrees * 10_000) / 10_000

/** Asks the browser where we are, where it may be asked. */
function OwnPlace({ onFound }: { onFound: (place: Pick<Form, 'latitude' | 'longitude'>) => void }) {
  const [failed, setFailed] = useState(false)
  if (!window.isSecureContext || !('geolocation' in navigator)) return null
  const look = () =>
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => onFound({ latitude: round(coords.latitude), longitude: round(coords.longitude) }),
      () => setFailed(true),
    )
  return (
    <Anchor component="button" type="button" size="sm" onClick={look} w="fit-content">
      {failed ? 'The browser does not say where you are' : 'I am there now: take my place'}
    </Anchor>
  )
}
