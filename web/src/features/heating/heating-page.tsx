import { Button, Group, Loader, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { House } from '../../api.ts'
import { controlRoute } from '../../router.tsx'
import { HouseFrame, mayChange } from '../houses/house-frame.tsx'
import { PlanPanel } from '../plan/plan-panel.tsx'
import { type Room, rooms, roomsKey } from '../rooms/api.ts'
import { Trouble, Warning } from '../session/trouble.tsx'
import { type ControlState, control, controlKey } from './api.ts'
import { ExceptionButtons, ExceptionList } from './exceptions-bar.tsx'
import { IdleActuators } from './idle-actuators.tsx'
import { LoopCard } from './loop-card.tsx'
import { PauseButton } from './pause-button.tsx'
import { standstill } from './words.ts'

/** Heating of a house: each room with what controls it, a pause for all, and the plan. */
export function HeatingPage() {
  const houseId = Number(controlRoute.useParams().houseId)
  const state = useQuery({ queryKey: controlKey(houseId), queryFn: () => control(houseId), refetchInterval: 15_000 })
  const known = useQuery({ queryKey: roomsKey(houseId), queryFn: () => rooms(houseId), refetchInterval: 15_000 })
  return (
    <HouseFrame houseId={houseId} title="Heating">
      {(house) => (
        <>
          <Trouble error={state.error ?? known.error} />
          {(state.isPending || known.isPending) && <Loader aria-label="Loading" />}
          {state.data && known.data && <Overview house={house} state={state.data} rooms={known.data} />}
        </>
      )}
    </HouseFrame>
  )
}

function Overview({ house, state, rooms: list }: { house: House; state: ControlState; rooms: readonly Room[] }) {
  const { id: houseId, timezone: zone } = house
  const may = mayChange(house)
  const still = standstill(state)
  const cold = list.filter(({ actuator, id }) => !actuator && !state.loops.some(({ room }) => room === id))
  const common = { houseId, zone, rooms: list, disabled: !may }
  return (
    <Stack>
      {list.length === 0 && (
        <Stack align="start" gap="xs">
          <Text c="dimmed">
            Nothing is looked after yet. First tell which rooms the house has, how each is measured and what heats it.
            Then it looks on, and you say when it may take over.
          </Text>
          {may && (
            <Button component={Link} to={`/houses/${houseId}/rooms`}>
              Set up the rooms
            </Button>
          )}
        </Stack>
      )}
      {state.loops.length > 0 && (
        <Group gap="sm">
          <PauseButton houseId={houseId} zone={zone} state={state} disabled={!may} />
          <ExceptionButtons {...common} />
        </Group>
      )}
      <ExceptionList {...common} />
      {still && <Warning color="orange">{still}</Warning>}
      {state.notices
        .filter(({ loop }) => loop === undefined)
        .map(({ kind, sentence }) => (
          <Warning key={`${kind} ${sentence}`} color="orange">
            {sentence}
          </Warning>
        ))}
      <div className="controls">
        {state.loops.map((loop) => (
          <LoopCard
            key={loop.id}
            houseId={houseId}
            zone={zone}
            loop={loop}
            room={list.find(({ id }) => id === loop.room)}
            choices={state.choices}
            mayChange={may}
          />
        ))}
      </div>
      {cold.length > 0 && (
        <Stack align="start" gap="xs">
          <Text size="sm" c="dimmed">
            Not looked after, because nothing that heats it is known: {cold.map(({ name }) => name).join(', ')}.
          </Text>
          {may && state.loops.length === 0 && (
            <Button component={Link} to={`/houses/${houseId}/rooms`}>
              Say what heats the rooms
            </Button>
          )}
        </Stack>
      )}
      {may && <IdleActuators houseId={houseId} state={state} />}
      {state.loops.length > 0 && <PlanPanel houseId={houseId} zone={zone} rooms={list} />}
    </Stack>
  )
}
