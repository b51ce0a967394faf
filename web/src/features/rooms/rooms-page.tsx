import { Button, Card, Group, Loader, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { roomsRoute } from '../../router.tsx'
import { FactsPanel } from '../heating/facts-panel.tsx'
import { HouseFrame, mayChange } from '../houses/house-frame.tsx'
import { ago, measure } from '../houses/words.ts'
import { Dialog } from '../session/dialog.tsx'
import { Trouble, Warning } from '../session/trouble.tsx'
import { type Room, removeRoom, rooms, roomsKey } from './api.ts'
import { usePlaceTitles } from './places.ts'
import { ProposalDialog } from './proposal.tsx'
import { RoomDialog } from './room-form.tsx'

/** The rooms of a house: what measures each, what heats it, and what its data say against that. */
export function RoomsPage() {
  const houseId = Number(roomsRoute.useParams().houseId)
  const [asked, setAsked] = useState<'new' | 'proposal' | 'house'>()
  const known = useQuery({ queryKey: roomsKey(houseId), queryFn: () => rooms(houseId), refetchInterval: 30_000 })
  return (
    <HouseFrame
      houseId={houseId}
      title="Rooms"
      lead="A room is a thermometer, something that heats, and how warm you want it."
      beside={(house) =>
        mayChange(house) && (
          <Group gap="xs">
            <Button variant="default" onClick={() => setAsked('house')}>
              About the house
            </Button>
            <Button variant="default" onClick={() => setAsked('proposal')}>
              Propose from the data
            </Button>
            <Button variant={known.data?.length === 0 ? 'filled' : 'default'} onClick={() => setAsked('new')}>
              Add a room
            </Button>
          </Group>
        )
      }
    >
      {(house) => (
        <>
          <Trouble error={known.error} />
          {known.isPending && <Loader aria-label="Loading" />}
          {known.data?.length === 0 && (
            <Text c="dimmed">
              This house has no room yet. Add one, or let the data of the last two weeks propose which thermometer
              follows which heat pump.
            </Text>
          )}
          <div className="controls">
            {known.data?.map((room) => (
              <RoomCard key={room.id} houseId={houseId} room={room} mayChange={mayChange(house)} />
            ))}
          </div>
          {asked === 'new' && <RoomDialog houseId={houseId} onClose={() => setAsked(undefined)} />}
          {asked === 'house' && <FactsPanel houseId={houseId} onClose={() => setAsked(undefined)} />}
          {asked === 'proposal' && (
            <ProposalDialog houseId={houseId} rooms={known.data ?? []} onClose={() => setAsked(undefined)} />
          )}
        </>
      )}
    </HouseFrame>
  )
}

function RoomCard({ houseId, room, mayChange: may }: { houseId: number; room: Room; mayChange: boolean }) {
  const [asked, setAsked] = useState<'edit' | 'remove'>()
  const titleOf = usePlaceTitles(houseId)
  const { name, area, sensors, actuator, wish, contradictions } = room
  return (
    <Card withBorder padding="md" component="section" aria-label={name}>
      <Title order={2} size="h4">
        {name}
      </Title>
      <Text size="xs" c="dimmed">
        {area ? `${measure(area, 'm²')}, ` : ''}wished now {measure(wish.temperature, '°C')} (
        {measure(wish.lowest, null)} to {measure(wish.highest, null)})
      </Text>
      <Stack gap={4} mt="sm">
        {sensors.map(({ device, count, location, newest }, index) => (
          <Text key={`${device}/${count}/${location}`} size="sm">
            <Text span className="reading" fw={600}>
              {newest ? `${newest.temperature.toFixed(1)} °C` : '–'}
            </Text>{' '}
            {titleOf({ device, count, location })}
            <Text span size="xs" c="dimmed">
              {newest ? `, ${ago(newest.time)}` : ', not measured yet'}
              {index === 0 && sensors.length > 1 ? ', the one that counts' : ''}
            </Text>
          </Text>
        ))}
        {sensors.length === 0 && <Text size="sm">No thermometer: heating cannot be looked after.</Text>}
        <Text size="sm">{actuator ? `Heated by ${titleOf(actuator)}` : 'Nothing that heats it is known'}</Text>
      </Stack>
      {contradictions.map(({ sentence }) => (
        <div key={sentence} style={{ marginTop: 8 }}>
          <Warning color="orange">{sentence}</Warning>
        </div>
      ))}
      <Group gap="xs" mt="md">
        <Button
          size="xs"
          variant="default"
          component={Link}
          to={`/houses/${houseId}/rooms/${room.id}/comfort`}
          aria-label={`Comfort of ${name}`}
        >
          Comfort
        </Button>
        <Button
          size="xs"
          variant="default"
          disabled={!may}
          aria-label={`Edit ${name}`}
          onClick={() => setAsked('edit')}
        >
          Edit
        </Button>
        <Button
          size="xs"
          variant="subtle"
          disabled={!may}
          aria-label={`Remove ${name}`}
          onClick={() => setAsked('remove')}
        >
          Remove
        </Button>
      </Group>
      {asked === 'edit' && <RoomDialog houseId={houseId} room={room} onClose={() => setAsked(undefined)} />}
      {asked === 'remove' && <RemoveDialog houseId={houseId} room={room} onClose={() => setAsked(undefined)} />}
    </Card>
  )
}

function RemoveDialog({ houseId, room, onClose }: { houseId: number; room: Room; onClose: () => void }) {
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: () => removeRoom(houseId, room.id),
    onSuccess: async () => {
      onClose()
      await Promise.all(
        ['rooms', 'control', 'plan'].map((about) => queries.invalidateQueries({ queryKey: [about, houseId] })),
      )
    },
  })
  return (
    <Dialog title={`Remove ${room.name}?`} onClose={onClose}>
      <Stack>
        <Text>Its heating is no longer looked after and keeps what it is set to. What was measured stays.</Text>
        <Trouble error={remove.error} />
        <Group>
          <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
            Remove
          </Button>
          <Button variant="subtle" onClick={onClose}>
            Keep it
          </Button>
        </Group>
      </Stack>
    </Dialog>
  )
}
