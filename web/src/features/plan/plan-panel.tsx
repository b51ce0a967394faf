import { Alert, Button, Card, Group, Loader, Select, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError } from '../../api.ts'
import { measure } from '../houses/words.ts'
import { dayAndClock } from '../houses/zone-time.ts'
import { presentSensor, type Room } from '../rooms/api.ts'
import { Trouble } from '../session/trouble.tsx'
import { measured, type Plan, plan, type RoomPlan } from './api.ts'
import { PlanTable } from './plan-table.tsx'
import { endOf, roomPoints, stepPoints } from './points.ts'
import { TimeChart } from './time-chart.tsx'

const hour = 3_600_000
const back = 24 * hour

/** What is to come: the planned temperature of a room in its comfort band, with power and price below. */
export function PlanPanel({ houseId, zone, rooms }: { houseId: number; zone: string; rooms: readonly Room[] }) {
  const answer = useQuery({
    queryKey: ['plan', houseId],
    queryFn: () => plan(houseId),
    refetchInterval: 60_000,
    retry: false,
  })
  // What nothing plans any more stands still, and is over at last.
  const isOver = answer.data !== undefined && endOf(answer.data) <= Date.now()
  const none = isOver || (answer.error instanceof ApiError && answer.error.problem.code === 'no-such-plan')
  return (
    <Card withBorder padding="md" component="section" aria-label="Plan">
      <Title order={2} size="h4">
        Plan
      </Title>
      {answer.isPending && <Loader aria-label="Loading" />}
      {none && (
        <Text c="dimmed" size="sm">
          There is no plan. One is made for rooms that plan ahead (choose that under “How”) and for a battery, once
          temperatures and prices are known.
        </Text>
      )}
      {!none && <Trouble error={answer.error} />}
      {answer.data && !none && <PlanView houseId={houseId} zone={zone} plan={answer.data} rooms={rooms} />}
    </Card>
  )
}

function PlanView({
  houseId,
  zone,
  plan: made,
  rooms,
}: {
  houseId: number
  zone: string
  plan: Plan
  rooms: readonly Room[]
}) {
  const [chosen, setChosen] = useState<string | null>(null)
  const [typed, setTyped] = useState(false)
  const room = made.rooms.find(({ name }) => name === chosen) ?? made.rooms[0]
  return (
    <Stack gap="sm">
      <Group justify="space-between" align="end">
        <Text size="sm" c="dimmed">
          Made {dayAndClock(made.madeAt, zone)}. {made.because}.
        </Text>
        <Group gap="xs" align="end">
          {room && made.rooms.length > 1 && (
            <Select
              aria-label="Room of the plan"
              allowDeselect={false}
              data={made.rooms.map(({ name }) => name)}
              value={room.name}
              onChange={setChosen}
            />
          )}
          {room && (
            <Button variant="default" aria-expanded={typed} onClick={() => setTyped(!typed)}>
              {typed ? 'Hide the table' : 'As a table'}
            </Button>
          )}
        </Group>
      </Group>
      {room && (
        <RoomCharts
          key={room.name}
          houseId={houseId}
          zone={zone}
          made={made}
          room={room}
          of={rooms.find(({ id, name }) => (room.room === null ? name === room.name : id === room.room))}
        />
      )}
      {made.battery && <BatteryChart zone={zone} made={made} energy={made.battery.energy} />}
      {made.limits.length > 0 && <Limits zone={zone} plan={made} room={room?.name} />}
      {made.assumed.length > 0 && (
        <Alert color="gray" title="Not known, and how it was filled in">
          {made.assumed.join('. ')}
        </Alert>
      )}
      {room && typed && <PlanTable plan={made} room={room} zone={zone} />}
    </Stack>
  )
}

function RoomCharts({
  houseId,
  zone,
  made,
  room,
  of,
}: {
  houseId: number
  zone: string
  made: Plan
  room: RoomPlan
  of: Room | undefined
}) {
  const sensor = of && presentSensor(of)
  const now = Date.now()
  const past = useQuery({
    queryKey: ['data', houseId, 'before-plan', of?.id],
    queryFn: ({ signal }) => (sensor ? measured(houseId, sensor, [Date.now() - back, Date.now()], signal) : undefined),
    enabled: sensor !== undefined,
    refetchInterval: 60_000,
  })
  const points = roomPoints(made, room, past.data ?? undefined)
  const end = endOf(made)
  const { times, power, prices } = stepPoints(made, room.power)
  const axis = { start: now - back, end, now, zone, together: 'plan' }
  return (
    <>
      <TimeChart
        {...axis}
        label={`Temperature of ${room.name}: measured in the last 24 hours, and planned until ${dayAndClock(end, zone)}. The table says the same.`}
        height={260}
        times={points.times}
        lines={[
          { label: 'Measured', unit: '°C', axis: 'left', hue: 'orange', look: 'line', values: points.measured },
          { label: 'Planned', unit: '°C', axis: 'left', hue: 'cyan', look: 'dashes', values: points.planned },
          { label: 'Warmest that will do', unit: '°C', axis: 'left', hue: 'cyan', look: 'edge', values: points.upper },
          { label: 'Coldest that will do', unit: '°C', axis: 'left', hue: 'cyan', look: 'edge', values: points.lower },
        ]}
        band={[3, 4]}
      />
      <TimeChart
        {...axis}
        label={`Planned power of the heating of ${room.name}, and the price of power. The table says the same.`}
        height={180}
        times={times}
        lines={[
          { label: 'Power', unit: 'kW', axis: 'left', hue: 'grape', look: 'area', values: power },
          { label: 'Price', unit: 'NOK/kWh', axis: 'right', hue: 'lime', look: 'steps', values: prices },
        ]}
      />
    </>
  )
}

/** What the battery is to hold, against the price. */
function BatteryChart({ zone, made, energy }: { zone: string; made: Plan; energy: readonly number[] }) {
  const { times, power: held, prices } = stepPoints(made, energy)
  const now = Date.now()
  const end = endOf(made)
  const [least, most] = [Math.min(...energy), Math.max(...energy)].map((kilowattHours) => measure(kilowattHours, 'kWh'))
  return (
    <TimeChart
      {...{ start: now - back, end, now, zone, together: 'plan' }}
      label={`Planned charge of the battery, between ${least} and ${most}, and the price of power.`}
      height={180}
      times={times}
      lines={[
        { label: 'In the battery', unit: 'kWh', axis: 'left', hue: 'teal', look: 'area', values: held },
        { label: 'Price', unit: 'NOK/kWh', axis: 'right', hue: 'lime', look: 'steps', values: prices },
      ]}
    />
  )
}

const limitWords: Readonly<Record<string, readonly [what: string, unit: string]>> = {
  'lower-comfort': ['the coldest you allow', 'degree'],
  'upper-comfort': ['the warmest you allow', 'degree'],
  'heating-at-full': ['the heating already at its most', 'kW'],
  'power-cap': ['the limit of power', 'kW'],
  'main-fuse': ['the main fuse', 'kW'],
  'capacity-step': ['the step of the grid company', 'kW'],
  'battery-full': ['the battery being full', 'kWh'],
  'battery-empty': ['the battery being empty', 'kWh'],
}

/** What makes the plan dearer than it could be; the dearest first. */
function Limits({ zone, plan: { limits }, room }: { zone: string; plan: Plan; room: string | undefined }) {
  const list = limits
    .filter((one) => one.worth >= 0.02 && (one.room === undefined || one.room === room))
    .toSorted((a, b) => b.worth - a.worth)
    .slice(0, 3)
  if (list.length === 0) return null
  return (
    <div>
      <Text size="sm" fw={500}>
        What holds the plan back
      </Text>
      {list.map(({ limit, at, worth }) => {
        const [what, unit] = limitWords[limit] ?? [limit.replaceAll('-', ' '), 'unit']
        return (
          <Text key={`${limit} ${at}`} size="sm">
            From {dayAndClock(at, zone)}: {what}. One {unit} more would save {measure(worth, 'NOK')}.
          </Text>
        )
      })}
    </div>
  )
}
