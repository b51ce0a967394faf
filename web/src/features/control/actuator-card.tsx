import { Anchor, Card, Group, Stack, Text, Title } from '@mantine/core'
import type { Actuator } from '@nabolag/core'
import { capabilities } from '@nabolag/core/capabilities'
import { fieldOf } from '@nabolag/core/groups'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Newest } from '../../api.ts'
import { ago, measure, words } from '../houses/words.ts'
import { Trouble } from '../session/trouble.tsx'
import { type Command, command, commandsKey, type DeviceRef } from './api.ts'
import { DialControl } from './dials.tsx'
import { Progress } from './progress.tsx'
import { type Dial, dialsOf, shownFields, shownValue } from './words.ts'

type Props = {
  houseId: number
  device: DeviceRef
  /** What the device is called. */
  title: string
  actuator: Actuator
  /** Of this actuator, newest first. */
  commands: readonly Command[]
  /** Of this place. */
  readings: readonly Newest[]
  mayControl: boolean
  /** Only what is asked for most; the rest is on the device's own page. */
  compact?: boolean
}

/** One actuator: what it measures, what can be asked of it, and how far the last wish has come. */
export function ActuatorCard({
  houseId,
  device,
  title,
  actuator,
  commands,
  readings,
  mayControl,
  compact = false,
}: Props) {
  const queries = useQueryClient()
  const { capability, location } = actuator
  const send = useMutation({
    mutationFn: ({ verb, argument, value }: { verb: string; argument: string; value: string | number | boolean }) =>
      command(houseId, device, {
        capability,
        verb,
        arguments: { ...(location === '' ? {} : { location }), [argument]: value },
      }),
    onSuccess: (accepted) => {
      queries.setQueryData<Command[]>(commandsKey(houseId, device), (known = []) => [accepted, ...known])
      return queries.invalidateQueries({ queryKey: commandsKey(houseId, device) })
    },
  })
  const dials = dialsOf(capability, actuator.verbs)
  const power = dials.find(({ kind }) => kind === 'switch')
  const others = dials.filter((dial) => dial !== power)
  const controlOf = (dial: Dial) => (
    <DialControl
      key={dial.verb}
      dial={dial}
      value={shownValue(dial, commands, readings).value}
      disabled={!mayControl || send.isPending}
      onSet={(value) => send.mutate({ verb: dial.verb, argument: dial.argument, value })}
    />
  )
  return (
    <Card withBorder padding="md" component="section" aria-label={[location, title].filter(Boolean).join(', ')}>
      <Group justify="space-between" wrap="nowrap" align="start">
        <div>
          <Title order={2} size="h5">
            {compact ? (
              <Anchor
                component={Link}
                to={`/houses/${houseId}/devices/${device.name}/${device.count}`}
                c="inherit"
                underline="hover"
                inherit
              >
                {location === '' ? title : location}
              </Anchor>
            ) : location === '' ? (
              title
            ) : (
              location
            )}
          </Title>
          <Text size="xs" c="dimmed">
            {location === '' ? capabilities[capability].meaning : title}
          </Text>
        </div>
        {power && controlOf(power)}
      </Group>
      <Readings capability={capability} readings={readings} most={compact ? 2 : 5} />
      <Stack gap="sm" mt="sm">
        {(compact ? others.slice(0, 1) : others).map(controlOf)}
        <Trouble error={send.error} />
      </Stack>
      <Progress command={commands[0]} />
    </Card>
  )
}

/** What was read last: one value large, some beside it. */
function Readings({
  capability,
  readings,
  most,
}: {
  capability: Actuator['capability']
  readings: readonly Newest[]
  most: number
}) {
  const [first, ...further] = shownFields[capability]
  const main = readings.find(({ field }) => field === first)
  const besides = further.flatMap((name) => readings.find(({ field }) => field === name) ?? []).slice(0, most)
  if (!main && besides.length === 0)
    return (
      <Text size="sm" c="dimmed" mt="xs">
        Nothing measured yet
      </Text>
    )
  return (
    <Group mt="xs" gap="lg" align="baseline">
      {main && (
        <div>
          <Text className="reading" size="28px" lh={1.2} fw={600}>
            {measure(main.value, main.unit)}
          </Text>
          <Text size="xs" c="dimmed">
            {words(main.field)}, {ago(main.time)}
          </Text>
        </div>
      )}
      {besides.map(({ group, field, value, unit }) => (
        <div key={field} title={fieldOf(group, field)?.meaning}>
          <Text className="reading" fw={600} size="sm">
            {measure(value, unit)}
          </Text>
          <Text size="xs" c="dimmed">
            {words(field)}
          </Text>
        </div>
      ))}
    </Group>
  )
}
