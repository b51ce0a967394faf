import { Button, Group, Stack, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { ApiError, type Channel } from '../../api.ts'
import { Trouble } from '../session/trouble.tsx'
import { type Kind, type Typed, tryCredentials } from './api.ts'
import { CodeStep } from './code-step.tsx'
import { CredentialFields } from './credential-fields.tsx'
import { fieldsOf, givenOf, startOf } from './fields.ts'
import { TrialResult } from './trial.tsx'

type Props = {
  houseId: number
  kind: Kind
  /** Of the house: where the kind asks for a place it is there already. */
  place: { latitude: number | null; longitude: number | null }
  action: string
  busy: boolean
  error: Error | null
  /** Whether the owner's own name for it is asked for. */
  named: boolean
  onSubmit: (typed: Typed, label: string) => void
  beside?: ReactNode
}

/** What the owner types for a device, tried before it is kept, with the code where the vendor sends one. */
export function AccountForm({ houseId, kind, place, action, busy, error, named, onSubmit, beside }: Props) {
  const fields = fieldsOf(kind)
  const [typed, setTyped] = useState<Typed>(() => startOf(fields, place))
  const [label, setLabel] = useState('')
  /** Those that are tried or were tried last: what is typed later was not. */
  const [tried, setTried] = useState<Typed>()
  // Once it is there the step stays: the try after the code may fail for another reason.
  const [channels, setChannels] = useState<readonly Channel[]>()
  const attempt = useMutation({
    mutationFn: (credentials: Typed) => {
      setTried(credentials)
      return tryCredentials(houseId, kind.name, credentials)
    },
    onSuccess: (result) => setChannels(result.ok ? undefined : result.sign_in?.channels),
  })
  const canTry = kind.kind === 'built-in'
  const works = attempt.data?.ok === true
  const change = (next: Typed) => {
    setTyped(next)
    setChannels(undefined)
    attempt.reset()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (canTry && !works) attempt.mutate(givenOf(typed))
    else onSubmit(givenOf(typed), label.trim())
  }
  const failed = error ?? attempt.error
  return (
    <Stack>
      <form onSubmit={submit}>
        <Stack>
          <CredentialFields fields={fields} typed={typed} error={failed} onChange={change} />
          {named && (
            <TextInput
              label="Your name for it"
              description="Optional; what it is called on these pages"
              maxLength={100}
              value={label}
              onChange={(event) => setLabel(event.currentTarget.value)}
            />
          )}
          <Group>
            {canTry && (
              <Button type="submit" variant={works ? 'default' : 'filled'} loading={attempt.isPending} disabled={works}>
                Try it
              </Button>
            )}
            <Button
              type={canTry ? 'button' : 'submit'}
              variant={!canTry || works ? 'filled' : 'default'}
              loading={busy}
              onClick={(event) => {
                if (!canTry || !event.currentTarget.form?.reportValidity()) return
                onSubmit(givenOf(typed), label.trim())
              }}
            >
              {action}
            </Button>
            {beside}
          </Group>
        </Stack>
      </form>
      {!onlyOfFields(failed) && <Trouble error={failed} />}
      {attempt.data && <TrialResult tried={attempt.data} />}
      {channels && tried && (
        <CodeStep
          account={{ houseId, kind: kind.name, credentials: tried }}
          channels={channels}
          onSignedIn={() => attempt.mutate(tried)}
        />
      )}
    </Stack>
  )
}

/** Then it stands beside the fields already. */
const onlyOfFields = (error: Error | null) => error instanceof ApiError && (error.problem.errors?.length ?? 0) > 0
