import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Device, Newest } from '../../api.ts'
import { ActuatorCard } from './actuator-card.tsx'
import { actuators, actuatorsKey, commands, commandsKey } from './api.ts'
import { isOpen } from './words.ts'

/** Groups whose devices may have something to command. */
const commandable = new Set(['heatPumpController', 'heater', 'ventilationControl', 'solarBatterySystem'])
export const mayBeCommanded = ({ group }: Device): boolean => commandable.has(group)

/** Without live events it is asked so often while something is on its way, ms. */
const soon = 3000

export function useActuators(houseId: number, device: Device) {
  return useQuery({
    queryKey: actuatorsKey(houseId, device),
    queryFn: () => actuators(houseId, device),
    refetchInterval: ({ state: { data } }) => (data?.known ? 60_000 : soon),
    enabled: mayBeCommanded(device),
  })
}

export function useCommands(houseId: number, device: Device) {
  return useQuery({
    queryKey: commandsKey(houseId, device),
    queryFn: () => commands(houseId, device),
    refetchInterval: ({ state: { data } }) => (data?.some((command) => isOpen(command)) ? soon : 60_000),
  })
}

/** A card for each actuator of a device; `empty` where it has none. */
export function ActuatorCards({
  houseId,
  device,
  values,
  mayControl,
  compact,
  empty,
}: {
  houseId: number
  device: Device
  /** Newest of the house or of the device. */
  values: readonly Newest[]
  mayControl: boolean
  compact?: boolean
  empty?: ReactNode
}) {
  const known = useActuators(houseId, device)
  const asked = useCommands(houseId, device)
  const list = known.data?.actuators ?? []
  if (list.length === 0)
    return known.data?.known === false && empty !== undefined ? <Text c="dimmed">{empty}</Text> : null
  return list.map((actuator) => (
    <ActuatorCard
      key={`${actuator.capability}/${actuator.location}`}
      houseId={houseId}
      device={device}
      title={device.title}
      actuator={actuator}
      commands={(asked.data ?? []).filter(
        ({ capability, location }) => capability === actuator.capability && location === actuator.location,
      )}
      readings={values.filter(
        ({ device: name, count, location }) =>
          name === device.name && count === device.count && location === actuator.location,
      )}
      mayControl={mayControl}
      compact={compact}
    />
  ))
}
