import { Button, Group, Loader, Stack, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { House } from '../../api.ts'
import { comfortRoute } from '../../router.tsx'
import { ExceptionButtons, ExceptionList } from '../heating/exceptions-bar.tsx'
import { HouseFrame, mayChange } from '../houses/house-frame.tsx'
import { type Room, rooms, roomsKey } from '../rooms/api.ts'
import { Trouble } from '../session/trouble.tsx'
import { Brush } from './brush.tsx'
import {
  type Comfort,
  comfort,
  comfortKey,
  type Day,
  dayKinds,
  type HourlyWish,
  isSame,
  painted,
  setComfort,
} from './comfort.ts'
import { DayCard } from './day-card.tsx'
import { FanLevels, useFanLevels } from './fan-levels.tsx'
import { AskBeforeLeaving } from './leave.tsx'
import { RestDays } from './rest-days.tsx'

/** What is wished for in one room, painted over the hours of a weekday and of a weekend day. */
export function ComfortPage() {
  const params = comfortRoute.useParams()
  const houseId = Number(params.houseId)
  const roomId = Number(params.roomId)
  const known = useQuery({ queryKey: roomsKey(houseId), queryFn: () => rooms(houseId) })
  const kept = useQuery({ queryKey: comfortKey(houseId, roomId), queryFn: () => comfort(houseId, roomId) })
  const room = known.data?.find(({ id }) => id === roomId)
  return (
    <HouseFrame
      houseId={houseId}
      title={room ? `Comfort: ${room.name}` : 'Comfort'}
      lead="How warm it should be at each hour, and how far it may be off so that cheap hours can be used."
      beside={() => (
        <Button variant="default" component={Link} to={`/houses/${houseId}/rooms`}>
          All rooms
        </Button>
      )}
    >
      {(house) => (
        <>
          <Trouble error={known.error ?? kept.error} />
          {!room && !known.isPending && !known.error && <Text c="dimmed">This room is not there any more.</Text>}
          {(known.isPending || kept.isPending) && <Loader aria-label="Loading" />}
          {room && kept.data && (
            <ComfortEditor key={roomId} house={house} room={room} others={known.data ?? []} kept={kept.data} />
          )}
        </>
      )}
    </HouseFrame>
  )
}

type Draft = Omit<Comfort, 'exceptions'>

function ComfortEditor({
  house,
  room,
  others,
  kept,
}: {
  house: House
  room: Room
  others: readonly Room[]
  kept: Comfort
}) {
  const queries = useQueryClient()
  /** What was changed since it was kept, a step each. */
  const [steps, setSteps] = useState<readonly Draft[]>([])
  const draft: Draft = steps.at(-1) ?? kept
  const isChanged = steps.length > 0
  const levels = useFanLevels(house.id, room.actuator)
  const [brush, setBrush] = useState<HourlyWish>(draft.weekday[12] ?? { temperature: 21, deviation: 1 })
  const disabled = !mayChange(house)
  const save = useMutation({
    mutationFn: async ({ where, saved }: { readonly where: readonly Room[]; readonly saved: Draft }) => {
      const { weekday, weekend, restDays } = saved
      for (const { id } of where)
        await setComfort(house.id, id, { weekday, weekend, ...(restDays === undefined ? {} : { restDays }) })
    },
    // One after the other, so that what was painted last is what stays.
    scope: { id: `comfort ${house.id}` },
    onSuccess: async (_, { saved }) => {
      await Promise.all([
        queries.invalidateQueries({ queryKey: ['comfort', house.id] }),
        queries.invalidateQueries({ queryKey: roomsKey(house.id) }),
      ])
      // What was changed while it was being saved stays, as not saved yet.
      setSteps((now) => now.slice(now.indexOf(saved) + 1))
    },
  })
  const change = (part: Partial<Draft>) => {
    save.reset()
    setSteps((now) => [...now, { ...(now.at(-1) ?? kept), ...part }])
  }
  const known: HourlyWish[] = []
  for (const wish of [...draft.weekday, ...draft.weekend])
    if (known.length < 6 && !known.some((one) => isSame(one, wish))) known.push(wish)
  return (
    <Stack>
      <Group gap="sm">
        <ExceptionButtons houseId={house.id} zone={house.timezone} rooms={[room]} disabled={disabled} />
      </Group>
      <ExceptionList houseId={house.id} zone={house.timezone} rooms={[room]} disabled={disabled} />
      <Brush
        brush={brush}
        known={known.toSorted((a, b) => a.temperature - b.temperature)}
        disabled={disabled}
        onBrush={setBrush}
        onPaint={(where, from, to) =>
          change(
            Object.fromEntries(
              dayKinds
                .filter((kind) => where === 'both' || where === kind)
                .map((kind): [string, Day] => [kind, painted(draft[kind], from, to, brush)]),
            ),
          )
        }
      />
      <DayCard
        title="Weekday"
        day={draft.weekday}
        brush={brush}
        disabled={disabled}
        onChange={(weekday) => change({ weekday })}
        copy={{ label: 'Copy to the weekend', onCopy: () => change({ weekend: draft.weekday }) }}
      />
      <DayCard
        title="Weekend"
        day={draft.weekend}
        brush={brush}
        disabled={disabled}
        onChange={(weekend) => change({ weekend })}
        copy={{ label: 'Copy to weekdays', onCopy: () => change({ weekday: draft.weekend }) }}
      />
      <RestDays days={draft.restDays ?? []} disabled={disabled} onChange={(restDays) => change({ restDays })} />
      <FanLevels levels={levels} days={[draft.weekday, draft.weekend]} />
      <Trouble error={save.error} />
      <AskBeforeLeaving isChanged={isChanged} />
      <Group className="savebar">
        <Button
          size="md"
          disabled={disabled || !isChanged}
          loading={save.isPending}
          onClick={() => save.mutate({ where: [room], saved: draft })}
        >
          Save
        </Button>
        {others.length > 1 && (
          <Button
            size="md"
            variant="default"
            disabled={disabled || save.isPending}
            onClick={() => save.mutate({ where: others, saved: draft })}
          >
            Save for all rooms
          </Button>
        )}
        {isChanged && (
          <Button size="md" variant="subtle" disabled={save.isPending} onClick={() => setSteps(steps.slice(0, -1))}>
            Undo
          </Button>
        )}
        {steps.length > 1 && (
          <Button size="md" variant="subtle" disabled={save.isPending} onClick={() => setSteps([])}>
            Undo all
          </Button>
        )}
        <Text size="sm" role="status">
          {isChanged ? 'Not saved yet' : save.isSuccess ? 'Saved' : ''}
        </Text>
      </Group>
    </Stack>
  )
}
