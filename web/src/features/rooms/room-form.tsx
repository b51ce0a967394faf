import { Button, Group, MultiSelect, NumberInput, Select, Stack, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { controlKey } from '../heating/api.ts'
import { Dialog } from '../session/dialog.tsx'
import { Trouble } from '../session/trouble.tsx'
import { addRoom, changeRoom, type RoomForm as Form, placeKey, type Room, roomsKey } from './api.ts'
import { useHouseActuators, useHouseSensors } from './places.ts'

const heats = new Set(['thermostat', 'heater'])

/** Name, floor, thermometers and what heats it, of a new room or of one that is there. */
export function RoomDialog({ houseId, room, onClose }: { houseId: number; room?: Room; onClose: () => void }) {
  const queries = useQueryClient()
  const sensors = useHouseSensors(houseId)
  const actuators = useHouseActuators(houseId).actuators.filter(({ ref }) => heats.has(ref.capability))
  const [name, setName] = useState(room?.name ?? '')
  const [area, setArea] = useState<number | null>(room?.area ?? null)
  const [measuring, setMeasuring] = useState<readonly string[]>((room?.sensors ?? []).map(keyOf))
  const [heating, setHeating] = useState<string | null>(room?.actuator ? keyOf(room.actuator) : null)
  const [first, ...rest] = measuring

  // What was chosen once stays to be seen, though the device says nothing now.
  const sensorChoices = withKept(
    sensors,
    (room?.sensors ?? []).map(({ newest: _, ...sensor }) => sensor),
  )
  const actuatorChoices = withKept(actuators, room?.actuator ? [room.actuator] : [])
  const save = useMutation({
    mutationFn: () => {
      const actuator = actuatorChoices.find(({ ref }) => keyOf(ref) === heating)?.ref
      const form: Form = {
        name: name.trim(),
        sensors: measuring.flatMap((key) => sensorChoices.find(({ ref }) => keyOf(ref) === key)?.ref ?? []),
      }
      if (room) return changeRoom(houseId, room.id, { ...form, area, actuator: actuator ?? null })
      return addRoom(houseId, { ...form, ...(area === null ? {} : { area }), ...(actuator ? { actuator } : {}) })
    },
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: roomsKey(houseId) }),
        queries.invalidateQueries({ queryKey: controlKey(houseId) }),
      ]),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate(undefined, { onSuccess: onClose })
  }
  const options = sensorChoices.map(({ ref, label }) => ({ value: keyOf(ref), label }))
  return (
    <Dialog title={room ? `Edit ${room.name}` : 'A new room'} onClose={onClose}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="Name"
            required
            maxLength={100}
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Select
            label="Thermometer"
            description="What heating goes by"
            placeholder={options.length === 0 ? 'No device tells a temperature yet' : 'None'}
            clearable
            clearButtonProps={{ 'aria-label': 'No thermometer' }}
            searchable
            data={options}
            value={first ?? null}
            onChange={(key) => setMeasuring(key ? [key, ...rest.filter((one) => one !== key)] : [])}
          />
          {first !== undefined && options.length > 1 && (
            <MultiSelect
              label="Others in the room"
              description="They stand in while the first one is silent"
              searchable
              data={options.filter(({ value }) => value !== first)}
              value={[...rest]}
              onChange={(keys) => setMeasuring([first, ...keys])}
            />
          )}
          <Select
            label="Heated by"
            description="It is only looked at until you switch it to control"
            placeholder={actuatorChoices.length === 0 ? 'No device can be commanded yet' : 'Nothing'}
            clearable
            clearButtonProps={{ 'aria-label': 'Heated by nothing' }}
            searchable
            data={actuatorChoices.map(({ ref, label }) => ({ value: keyOf(ref), label }))}
            value={heating}
            onChange={setHeating}
          />
          <NumberInput
            label="Floor"
            description="Optional; helps to guess how the room behaves until its own data tell"
            suffix=" m²"
            min={1}
            max={10_000}
            hideControls
            value={area ?? ''}
            onChange={(typed) => setArea(typed === '' ? null : Number(typed))}
          />
          <Trouble error={save.error} />
          <Group>
            <Button type="submit" loading={save.isPending}>
              {room ? 'Save' : 'Add the room'}
            </Button>
            <Button variant="subtle" onClick={onClose}>
              Back
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  )
}

type Ref = Parameters<typeof placeKey>[0] & { readonly group?: string; readonly capability?: string }
const keyOf = (ref: Ref): string => `${placeKey(ref)}/${ref.group ?? ref.capability ?? ''}`

function withKept<R extends Ref>(
  found: readonly { readonly ref: R; readonly label: string }[],
  kept: readonly R[],
): readonly { readonly ref: R; readonly label: string }[] {
  const known = new Set(found.map(({ ref }) => keyOf(ref)))
  const silent = kept.filter((ref) => !known.has(keyOf(ref)))
  return [...found, ...silent.map((ref) => ({ ref, label: `${ref.location || ref.device} (silent)` }))]
}
