import { Badge } from '@mantine/core'
import { type DeviceState, deviceStates } from '@nabolag/core/devices'

const colours: Record<DeviceState, string> = {
  starting: 'blue',
  running: 'teal',
  'backing-off': 'orange',
  refused: 'red',
  throttled: 'yellow',
  stale: 'orange',
  stopped: 'gray',
}

/** The state of a device, or how many devices are in it, in the words of the design. */
export function StateBadge({ state, count }: { state: string; count?: number }) {
  const known = state in deviceStates ? (state as DeviceState) : undefined
  return (
    <Badge
      color={known ? colours[known] : 'gray'}
      variant="light"
      autoContrast
      tt="none"
      title={known ? deviceStates[known] : undefined}
    >
      {count === undefined ? state : `${count} ${state}`}
    </Badge>
  )
}
