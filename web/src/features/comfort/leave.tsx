import { Button, Group, Stack, Text } from '@mantine/core'
import { useBlocker } from '@tanstack/react-router'
import { Dialog } from '../session/dialog.tsx'

/** Asks whoever leaves the page with something that is not saved. */
export function AskBeforeLeaving({ isChanged }: { isChanged: boolean }) {
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: () => isChanged,
    enableBeforeUnload: () => isChanged,
    withResolver: true,
  })
  if (status !== 'blocked') return null
  return (
    <Dialog title="Leave without saving?" onClose={reset}>
      <Stack>
        <Text>What you changed here is lost then.</Text>
        <Group>
          <Button onClick={reset}>Stay</Button>
          <Button variant="default" onClick={proceed}>
            Leave
          </Button>
        </Group>
      </Stack>
    </Dialog>
  )
}
