import { Alert, Group, Stack, Text } from '@mantine/core'
import { words } from '../houses/words.ts'
import { Warning } from '../session/trouble.tsx'
import type { Tried } from './api.ts'

const titles: Readonly<Record<string, string>> = {
  refused: 'The vendor refuses it',
  throttled: 'The vendor asks us to wait',
  unreachable: 'The vendor does not answer',
  changed: 'The vendor answers in an unknown form',
  rejected: 'The vendor will not have it',
}
const menders: Readonly<Record<string, string>> = {
  you: 'You can mend it',
  owner: 'The owner of the house can mend it',
  operator: 'Whoever runs this server can mend it',
  vendor: 'Only the vendor can mend it',
  developer: 'The developers must mend it',
}

/** What a try found, or what kind of failure it was and what to do. */
export function TrialResult({ tried }: { tried: Tried }) {
  if (tried.ok)
    return (
      <Alert color="teal" role="status" title="It works">
        <Stack gap={6}>
          {tried.message && <Text size="sm">{tried.message}</Text>}
          <Found label="Places" list={tried.places.filter((place) => place !== '')} />
          <Found label="Measures" list={tried.fields.map(words)} />
        </Stack>
      </Alert>
    )
  return <FailureWords {...tried} />
}

const few = 12

function Found({ label, list }: { label: string; list: readonly string[] }) {
  if (list.length === 0) return null
  return (
    <Group gap={6} align="baseline" wrap="nowrap">
      <Text size="sm" fw={600}>
        {label}
      </Text>
      <Text size="sm" span>
        {list.slice(0, few).join(', ')}
        {list.length > few ? ` and ${list.length - few} more` : ''}
      </Text>
    </Group>
  )
}

type Failure = Extract<Tried, { ok: false }>

export function FailureWords({ kind, message, who, do: advice, until, sign_in: code }: Omit<Failure, 'ok'>) {
  return (
    <Warning title={titles[kind] ?? kind} color={kind === 'refused' ? 'red' : 'orange'}>
      <Stack gap={4}>
        <Text size="sm">{message}</Text>
        <Text size="sm">
          <b>{menders[who] ?? who}.</b> {code ? 'If what you typed is right, have a code sent to you below.' : advice}
        </Text>
        {until && <Text size="sm">Until {new Date(until).toLocaleString()}.</Text>}
      </Stack>
    </Warning>
  )
}
