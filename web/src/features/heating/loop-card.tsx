import { Anchor, Badge, Button, Card, Group, Select, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { ExceptionDialog } from '../comfort/exception-dialog.tsx'
import { ago, measure } from '../houses/words.ts'
import { dayAndClock } from '../houses/zone-time.ts'
import { presentSensor, type Room } from '../rooms/api.ts'
import { usePlaceTitles } from '../rooms/places.ts'
import { Trouble, Warning } from '../session/trouble.tsx'
import { type ControlState, changeLoop, controlKey, type Loop, type LoopChange } from './api.ts'
import { ModeSwitch } from './mode-switch.tsx'
import { SettingsPanel } from './settings-panel.tsx'
import { nameOf, pausedUntil, receiptTime, withoutClock } from './words.ts'

type Props = {
  houseId: number
  zone: string
  loop: Loop
  /** Of a heating loop. */
  room: Room | undefined
  choices: ControlState['choices']
  mayChange: boolean
}

/** One loop: how warm it is and should be, what controls it, and what it last did and why. */
export function LoopCard({ houseId, zone, loop, room, choices, mayChange }: Props) {
  const queries = useQueryClient()
  const [asked, setAsked] = useState<'settings' | 'boost'>()
  const change = useMutation({
    mutationFn: (wanted: LoopChange) => changeLoop(houseId, loop.id, wanted),
    // One after the other, so that the last press is what holds.
    scope: { id: `loop ${loop.id}` },
    onSettled: () => queries.invalidateQueries({ queryKey: controlKey(houseId) }),
  })
  // What was pressed is shown at once; what the server says of it follows.
  const { mode, controller } = { ...loop, ...(change.isPending ? change.variables : {}) }
  const titleOf = usePlaceTitles(houseId)
  const list = choices[loop.kind] ?? []
  const choice = list.find(({ name }) => name === controller)
  const until = pausedUntil(loop)
  const name = nameOf(loop)
  return (
    <Card withBorder padding="md" component="section" aria-label={name}>
      <Group justify="space-between" align="start" wrap="nowrap">
        <div>
          <Title order={2} size="h4">
            {name}
          </Title>
          <Text size="xs" c="dimmed">
            {titleOf(loop.actuator)}
          </Text>
        </div>
        {until !== undefined && (
          <Badge color="yellow" variant="light" tt="none">
            paused until {dayAndClock(until, zone)}
          </Badge>
        )}
      </Group>
      {room && <Warmth room={room} />}
      {loop.notices.map(({ kind, sentence }) => (
        <div key={`${kind} ${sentence}`} style={{ marginTop: 8 }}>
          <Warning color="orange">{sentence}</Warning>
        </div>
      ))}
      <Stack gap="sm" mt="md">
        <ModeSwitch name={name} mode={mode} disabled={!mayChange} onSet={(wanted) => change.mutate({ mode: wanted })} />
        <Select
          label="How"
          aria-label={`How: ${name}`}
          disabled={!mayChange}
          allowDeselect={false}
          data={list.map(({ name: value, label }) => ({ value, label }))}
          value={controller}
          onChange={(wanted) => wanted && change.mutate({ controller: wanted })}
        />
        <Trouble error={change.error} />
        <Newest houseId={houseId} zone={zone} loop={loop} />
        <Group gap="xs" mt="auto">
          {room && (
            <Quiet disabled={!mayChange} onClick={() => setAsked('boost')} label={`Boost ${name}`}>
              Boost
            </Quiet>
          )}
          {room && (
            <Button
              size="xs"
              variant="default"
              component={Link}
              to={`/houses/${houseId}/rooms/${room.id}/comfort`}
              aria-label={`Comfort of ${name}`}
            >
              Comfort
            </Button>
          )}
          {choice && (
            <Quiet disabled={!mayChange} onClick={() => setAsked('settings')} label={`Settings of ${name}`}>
              Settings
            </Quiet>
          )}
        </Group>
      </Stack>
      {asked === 'settings' && choice && (
        <SettingsPanel houseId={houseId} loop={loop} choice={choice} onClose={() => setAsked(undefined)} />
      )}
      {asked === 'boost' && room && (
        <ExceptionDialog
          houseId={houseId}
          zone={zone}
          rooms={[room]}
          kind="boost"
          onClose={() => setAsked(undefined)}
        />
      )}
    </Card>
  )
}

function Quiet({
  label,
  disabled,
  onClick,
  children,
}: {
  label: string
  disabled: boolean
  onClick: () => void
  children: ReactNode
}) {
  return (
    <Button size="xs" variant="default" disabled={disabled} aria-label={label} onClick={onClick}>
      {children}
    </Button>
  )
}

const wishFrom: Readonly<Record<Room['wish']['from'], string>> = {
  weekday: '',
  weekend: '',
  away: ', away',
  guests: ', guests',
  boost: ', boost',
}

/** How warm it is, large, and beside it what is wished for. */
function Warmth({ room }: { room: Room }) {
  const { wish } = room
  const read = presentSensor(room)?.newest
  return (
    <Group mt="xs" gap="xl" align="baseline" wrap="nowrap">
      <div>
        <Text className="reading" size="28px" lh={1.2} fw={600}>
          {read ? `${read.temperature.toFixed(1)} °C` : '–'}
        </Text>
        <Text size="xs" c="dimmed">
          {read ? ago(read.time) : 'Not measured yet'}
        </Text>
      </div>
      <div>
        <Text className="reading" size="lg" fw={600}>
          {measure(wish.temperature, '°C')}
        </Text>
        <Text size="xs" c="dimmed" className="reading">
          wished{wishFrom[wish.from]}; {measure(wish.lowest, null)} to {measure(wish.highest, '°C')} will do
        </Text>
      </div>
    </Group>
  )
}

/** The newest receipt's sentence; its place is kept while there is none. */
function Newest({ houseId, zone, loop: { id, last } }: { houseId: number; zone: string; loop: Loop }) {
  return (
    <div style={{ minHeight: 64 }}>
      <Text size="xs" c="dimmed">
        {last ? `Last looked ${receiptTime(last, zone)}` : 'Nothing decided yet: it looks every five minutes.'}
      </Text>
      {last && (
        <Text size="sm">
          {withoutClock(last.sentence)}{' '}
          <Anchor
            component={Link}
            to={`/houses/${houseId}/receipts`}
            search={{ loop: id } as never}
            size="sm"
            underline="always"
          >
            Why?
          </Anchor>
        </Text>
      )}
    </div>
  )
}
