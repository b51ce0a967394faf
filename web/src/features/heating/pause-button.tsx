import { Button, Menu } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { dayAt } from '../houses/zone-time.ts'
import { Trouble } from '../session/trouble.tsx'
import { type ControlState, controlKey, pauseAll } from './api.ts'
import { pausedUntil } from './words.ts'

/** Until then nothing is commanded in the whole house; the same button ends it. */
export function PauseButton({
  houseId,
  zone,
  state,
  disabled,
}: {
  houseId: number
  zone: string
  state: ControlState
  disabled: boolean
}) {
  const queries = useQueryClient()
  const pause = useMutation({
    mutationFn: (hours: number) => pauseAll(houseId, hours),
    onSuccess: () => queries.invalidateQueries({ queryKey: controlKey(houseId) }),
  })
  const isPaused = state.loops.some((loop) => pausedUntil(loop) !== undefined)
  const untilMorning = () => (dayAt(Date.now(), zone, 1, '08:00') - Date.now()) / 3_600_000
  return (
    <div>
      {isPaused ? (
        <Button size="lg" loading={pause.isPending} disabled={disabled} onClick={() => pause.mutate(0)}>
          Resume
        </Button>
      ) : (
        <Menu>
          <Menu.Target>
            <Button
              size="lg"
              variant="default"
              loading={pause.isPending}
              disabled={disabled || state.loops.length === 0}
            >
              Pause
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => pause.mutate(1)}>1 hour</Menu.Item>
            <Menu.Item onClick={() => pause.mutate(4)}>4 hours</Menu.Item>
            <Menu.Item onClick={() => pause.mutate(untilMorning())}>Until tomorrow 08:00</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
      <Trouble error={pause.error} />
    </div>
  )
}
