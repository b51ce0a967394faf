import { Button, Group, Paper, Radio, Stack, Text, TextInput, Title } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { Channel } from '../../api.ts'
import { words } from '../houses/words.ts'
import { Trouble } from '../session/trouble.tsx'
import { type Account, askCode, handInCode, type SignedIn } from './api.ts'
import { FailureWords } from './trial.tsx'

const ways: Readonly<Record<Channel, string>> = { sms: 'SMS', email: 'e-mail' }

type Props = { account: Account; channels: readonly Channel[]; onSignedIn: () => void }

/** The step of signing in where the vendor sends a code: which way it is to come, then the code. */
export function CodeStep({ account, channels, onSignedIn }: Props) {
  const [channel, setChannel] = useState<Channel>(channels[0] ?? 'sms')
  const [code, setCode] = useState('')
  // Asking again may fail, and the code that was sent before is still good.
  const [sent, setSent] = useState<SignedIn>()
  const ask = useMutation({
    mutationFn: () => askCode(account, channel),
    onSuccess: (answer) => {
      if (answer.ok) setSent(answer)
    },
  })
  const hand = useMutation({
    mutationFn: () => handInCode(account, code.trim()),
    onSuccess: ({ ok }) => {
      if (ok) onSignedIn()
    },
  })
  return (
    <Paper withBorder p="md" component="section" aria-label="Sign in with a code">
      <Stack>
        <div>
          <Title order={2} size="h5">
            Does the vendor want a code?
          </Title>
          <Text size="sm" c="dimmed">
            It sends one to you, and trusts this server from then on. Ask once a minute and five times a day at most.
          </Text>
        </div>
        <Group align="end">
          <Radio.Group label="Send it by" value={channel} onChange={(value) => setChannel(value as Channel)}>
            <Group mt={4}>
              {channels.map((way) => (
                <Radio key={way} value={way} label={words(ways[way])} />
              ))}
            </Group>
          </Radio.Group>
          <Button variant={sent ? 'default' : 'filled'} loading={ask.isPending} onClick={() => ask.mutate()}>
            {sent ? 'Send another code' : 'Send me a code'}
          </Button>
        </Group>
        <Trouble error={ask.error} />
        {ask.data?.ok === false && <FailureWords {...ask.data} />}
        {sent && (
          <form
            onSubmit={(event) => {
              event.preventDefault()
              hand.mutate()
            }}
          >
            <Stack>
              <Text size="sm" role="status">
                The code is on its way by {ways[sent.channel ?? channel]}
                {sent.expires ? `; it is waited for until ${clock(sent.expires)}` : ''}.
              </Text>
              <Group align="end">
                <TextInput
                  label="Code"
                  required
                  autoComplete="one-time-code"
                  inputMode="numeric"
                  maxLength={40}
                  w={160}
                  value={code}
                  onChange={(event) => setCode(event.currentTarget.value)}
                />
                <Button type="submit" loading={hand.isPending}>
                  Hand it in
                </Button>
              </Group>
              <Trouble error={hand.error} />
              {hand.data?.ok === false && <FailureWords {...hand.data} />}
            </Stack>
          </form>
        )}
      </Stack>
    </Paper>
  )
}

const clock = (time: string) =>
  new Date(time).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', hour12: false })
