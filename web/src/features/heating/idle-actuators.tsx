import { Button, Card, Group, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useHouseActuators } from '../rooms/places.ts'
import { Trouble } from '../session/trouble.tsx'
import { type ActuatorRef, addLoop, type ControlState, controlKey, type LoopKind } from './api.ts'
import { kindWords } from './words.ts'

const kinds: Readonly<Record<string, LoopKind>> = { ventilation: 'ventilation', battery: 'battery' }

/** Ventilation and batteries that nothing looks after yet; what heats is put into a room instead. */
export function IdleActuators({ houseId, state }: { houseId: number; state: ControlState }) {
  const queries = useQueryClient()
  const taken = new Set(state.loops.map(({ actuator }) => keyOf(actuator)))
  const idle = useHouseActuators(houseId).actuators.filter(
    (one) => one.ref.capability in kinds && !taken.has(keyOf(one.ref)),
  )
  const add = useMutation({
    mutationFn: (actuator: ActuatorRef) =>
      addLoop(houseId, { kind: kinds[actuator.capability] ?? 'ventilation', actuator }),
    onSuccess: () => queries.invalidateQueries({ queryKey: controlKey(houseId) }),
  })
  if (idle.length === 0) return null
  return (
    <Card withBorder padding="md" component="section" aria-label="Not looked after yet">
      <Title order={2} size="h5">
        Not looked after yet
      </Title>
      <Stack gap="xs" mt="xs">
        {idle.map(({ ref, label }) => (
          <Group key={keyOf(ref)} justify="space-between">
            <Text size="sm">
              {label}, {kindWords[kinds[ref.capability] ?? 'ventilation'].toLowerCase()}
            </Text>
            <Button
              size="xs"
              variant="default"
              loading={add.isPending && keyOf(add.variables) === keyOf(ref)}
              aria-label={`Begin to observe ${label}`}
              onClick={() => add.mutate(ref)}
            >
              Begin to observe
            </Button>
          </Group>
        ))}
        <Trouble error={add.error} />
      </Stack>
    </Card>
  )
}

const keyOf = ({ device, count, location, capability }: ActuatorRef) => `${device}/${count}/${location}/${capability}`
