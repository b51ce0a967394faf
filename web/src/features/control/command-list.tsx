import { Button, Group, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { ago } from '../houses/words.ts'
import type { Command } from './api.ts'
import { CommandBadge } from './progress.tsx'
import { describeCommand } from './words.ts'

const few = 6

/** What was commanded, newest first, with who asked and what came of it. */
export function CommandList({ commands }: { commands: readonly Command[] }) {
  const [all, setAll] = useState(false)
  if (commands.length === 0) return <Text c="dimmed">Nothing was commanded yet.</Text>
  return (
    <Stack gap="xs">
      {(all ? commands : commands.slice(0, few)).map((command) => (
        <div key={command.id}>
          <Group gap="xs" justify="space-between" wrap="nowrap" align="start">
            <Text size="sm">
              {describeCommand(command)}
              {command.location === '' ? '' : `, ${command.location}`}
            </Text>
            <CommandBadge state={command.state} />
          </Group>
          <Text size="xs" c="dimmed">
            {command.asked_by}
            {command.asked_over === 'bus' ? ', a program' : ''}, {ago(command.created_at)}
          </Text>
          {command.reason && <Text size="sm">{command.reason}</Text>}
        </div>
      ))}
      {commands.length > few && (
        <Button size="compact-sm" variant="subtle" w="fit-content" onClick={() => setAll(!all)}>
          {all ? 'Fewer' : `${commands.length - few} more`}
        </Button>
      )}
    </Stack>
  )
}
