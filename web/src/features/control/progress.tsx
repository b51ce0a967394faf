import { Badge, Group, Text } from '@mantine/core'
import { type CommandState, commandStates } from '@nabolag/core/capabilities'
import type { Command } from './api.ts'
import { describeCommand, isOpen, stateWords } from './words.ts'

const colours: Record<CommandState, string> = {
  accepted: 'blue',
  sent: 'blue',
  applied: 'teal',
  confirmed: 'teal',
  refused: 'red',
  expired: 'gray',
  failed: 'red',
}

export function CommandBadge({ state }: { state: CommandState }) {
  return (
    <Badge color={colours[state]} variant="light" autoContrast tt="none" title={commandStates[state]}>
      {stateWords[state]}
    </Badge>
  )
}

const way = ['accepted', 'sent', 'confirmed'] as const
const reached: Partial<Record<CommandState, number>> = { accepted: 0, sent: 1, applied: 1, confirmed: 2 }

/** How far the newest command has come, said to a screen reader too; nothing when it is long past. */
export function Progress({ command }: { command: Command | undefined }) {
  const fresh = command !== undefined && Date.now() - Date.parse(command.created_at) < 10 * 60_000
  return (
    <div role="status" aria-live="polite">
      {command && fresh && (
        <>
          <Group gap={6} mt="sm">
            <Text size="sm">{describeCommand(command)}</Text>
            <CommandBadge state={command.state} />
            {isOpen(command) && <Steps at={reached[command.state] ?? 0} />}
          </Group>
          {command.reason && command.state !== 'confirmed' && (
            <Text size="sm" mt={2}>
              {command.reason}
            </Text>
          )}
        </>
      )}
    </div>
  )
}

/** A line of dots; the words beside it say the same. */
function Steps({ at }: { at: number }) {
  return (
    <span className="steps" aria-hidden="true">
      {way.map((step, index) => (
        <span key={step} data-reached={index <= at} data-waiting={index === at + 1} />
      ))}
    </span>
  )
}
