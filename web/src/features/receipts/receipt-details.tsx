import { Group, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { CommandBadge } from '../control/progress.tsx'
import { verbWords } from '../control/words.ts'
import { describeSet, modeWords } from '../heating/words.ts'
import { measure } from '../houses/words.ts'
import { dayAndClock } from '../houses/zone-time.ts'
import type { KeptReceipt } from './api.ts'
import { describeSeen } from './seen.ts'

/** All that one decision rests on, and what came of it. */
export function ReceiptDetails({ receipt, zone }: { receipt: KeptReceipt; zone: string }) {
  const { at, control, place, mode, saw, price, because, bound, reasons, nextBest, sent, decided, commands } = receipt
  const isSetSo = reasons.some(({ code }) => code === 'no-change')
  return (
    <Stack gap="sm">
      <Part title="Why">
        <Text size="sm">{because}.</Text>
        {reasons.map(({ code, text }) => (
          <Text key={code} size="sm">
            {text}.
          </Text>
        ))}
      </Part>
      <Part title="What it saw">
        <dl className="facts">
          <Fact name="When" value={dayAndClock(at, zone)} />
          <Fact name="Where" value={place} />
          <Fact name="Mode" value={modeWords[mode].label} />
          <Fact name="Price of one more kWh" value={price === null ? 'not known' : `${price.toFixed(2)} NOK`} />
          {describeSeen(saw, control)
            .filter(({ name }) => name !== 'Price')
            .map((fact) => (
              <Fact key={fact.name} {...fact} />
            ))}
        </dl>
      </Part>
      {bound.length > 0 && (
        <Part title="What held it back">
          {bound.map(({ by, wanted, got, unit }) => (
            <Text key={`${by} ${wanted}`} size="sm">
              {by}: wanted {measure(wanted, unit || null)}, got {measure(got, unit || null)}
            </Text>
          ))}
        </Part>
      )}
      {nextBest && (
        <Part title="The next-best choice">
          <Text size="sm">
            {nextBest.choice}: {costOf(nextBest.costsMore)}.
          </Text>
        </Part>
      )}
      <Part title="What it did">
        <Text size="sm">
          {sent
            ? describeSet(sent)
            : decided
              ? `${isSetSo ? 'Nothing: it is set so already' : 'Nothing went out. It decided'}: ${describeSet(decided)}.`
              : 'Nothing, and nothing was wanted.'}
        </Text>
        {commands.map(({ id, verb, state, reason }) => (
          <div key={id}>
            <Group gap="xs">
              <Text size="sm">{verb === 'setFallback' ? 'Schedule to fall back on' : verbWords(verb)}</Text>
              <CommandBadge state={state} />
            </Group>
            {reason && <Text size="sm">{reason}</Text>}
          </div>
        ))}
      </Part>
    </Stack>
  )
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div>
      <Title order={3} size="h6">
        {title}
      </Title>
      {children}
    </div>
  )
}

const Fact = ({ name, value }: { name: string; value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd className="reading">{value}</dd>
  </div>
)

function costOf(more: number | 'unknown'): string {
  if (more === 'unknown') return 'what it would cost is not known'
  if (Math.abs(more) < 0.005) return 'would cost the same just now'
  return `would cost ${measure(Math.abs(more), 'NOK')} an hour ${more > 0 ? 'more' : 'less'} just now`
}
