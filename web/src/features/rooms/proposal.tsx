import { Button, Group, Loader, Paper, Stack, Text, TextInput, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { controlKey } from '../heating/api.ts'
import { Dialog } from '../session/dialog.tsx'
import { Trouble } from '../session/trouble.tsx'
import {
  addRoom,
  changeRoom,
  isSamePlace,
  type Pair,
  type Proposal,
  placeKey,
  proposal,
  type Room,
  roomsKey,
} from './api.ts'

type Proposed = Proposal['rooms'][number]

/** Which thermometer follows which heater, as the data have it; each room is taken or left. */
export function ProposalDialog({
  houseId,
  rooms,
  onClose,
}: {
  houseId: number
  rooms: readonly Room[]
  onClose: () => void
}) {
  const answer = useQuery({ queryKey: ['proposal', houseId], queryFn: () => proposal(houseId) })
  const found = answer.data
  return (
    <Dialog title="Rooms as the last two weeks show them" size="lg" onClose={onClose}>
      <Stack>
        {answer.isPending && (
          <Group>
            <Loader size="sm" aria-label="Loading" />
            <Text size="sm">Looking at the data. This takes a while.</Text>
          </Group>
        )}
        <Trouble error={answer.error} />
        {found?.rooms.map((one) => (
          <ProposedRoom
            key={[one.name, ...one.sensors.map(({ device, location }) => device + location)].join('/')}
            houseId={houseId}
            proposed={one}
            pairs={found.pairs}
            room={rooms.find(({ sensors }) =>
              sensors.some((sensor) => one.sensors.some((s) => isSamePlace(s, sensor))),
            )}
          />
        ))}
        {found && found.rooms.length === 0 && (
          <Text>
            The data show no room yet. It takes some days in which the heating went on and off; you can add rooms by
            hand meanwhile.
          </Text>
        )}
        {found?.unmatched.map(({ because, ...sensor }) => (
          <Text key={placeKey(sensor)} size="sm" c="dimmed">
            {because.includes(sensor.location) ? because : `${sensor.location}: ${because}`}
          </Text>
        ))}
      </Stack>
    </Dialog>
  )
}

function ProposedRoom({
  houseId,
  proposed,
  pairs,
  room,
}: {
  houseId: number
  proposed: Proposed
  pairs: readonly Pair[]
  /** That has the thermometer already. */
  room: Room | undefined
}) {
  const queries = useQueryClient()
  const [name, setName] = useState(proposed.name)
  const { sensors, actuator } = proposed
  const sentences = pairs
    .filter(
      (pair) =>
        sensors.some((sensor) => isSamePlace(sensor, pair.sensor)) &&
        (!actuator || isSamePlace(actuator, pair.actuator)),
    )
    .map(({ sentence }) => sentence)
  const accept = useMutation({
    mutationFn: () =>
      room
        ? changeRoom(houseId, room.id, { actuator: actuator ?? null })
        : addRoom(houseId, { name: name.trim(), sensors, ...(actuator ? { actuator } : {}) }),
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: roomsKey(houseId) }),
        queries.invalidateQueries({ queryKey: controlKey(houseId) }),
      ]),
  })
  // A room of theirs may still lack what heats it.
  const isCold = room && !room.actuator && actuator
  const done = (room && !isCold) || accept.isSuccess
  return (
    <Paper withBorder p="md" component="section" aria-label={proposed.name}>
      <Title order={3} size="h5">
        {proposed.name}
      </Title>
      <Text size="sm">
        {sensors.length === 0
          ? 'No thermometer was found for it'
          : `Measured by ${sensors.map(({ location, device }) => location || device).join(', ')}`}
        {actuator ? `; heated by ${actuator.location || actuator.device}` : ''}
      </Text>
      {sentences.map((sentence) => (
        <Text key={sentence} size="sm" c="dimmed">
          {sentence}
        </Text>
      ))}
      {done && (
        <Text size="sm" mt="xs" role="status">
          {name === room?.name || !room ? 'A room of yours.' : `Your room ${room.name}.`}
        </Text>
      )}
      {!done && room && actuator && (
        <Button mt="xs" loading={accept.isPending} onClick={() => accept.mutate()}>
          {room.name} is heated by {actuator.location || actuator.device}
        </Button>
      )}
      {!done && !room && (
        <Group mt="xs" gap="xs" align="end">
          <TextInput
            aria-label={`Name of the room ${proposed.name}`}
            maxLength={100}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Button
            loading={accept.isPending}
            disabled={name.trim() === ''}
            aria-label={`Make the room ${name}`}
            onClick={() => accept.mutate()}
          >
            Make this room
          </Button>
        </Group>
      )}
      <Trouble error={accept.error} />
    </Paper>
  )
}
