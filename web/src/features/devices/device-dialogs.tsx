import { Button, Checkbox, Group, Loader, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Device, House } from '../../api.ts'
import { Dialog } from '../session/dialog.tsx'
import { Trouble } from '../session/trouble.tsx'
import { AccountForm } from './account-form.tsx'
import { changeDevice, type Kind, removeDevice, renewPublishing, type Typed, tryDevice } from './api.ts'
import { ProgramLogin } from './program-login.tsx'
import { TrialResult } from './trial.tsx'

type Props = {
  house: House
  device: Device
  kind: Kind
  onClose: () => void
  /** Has what is shown of the device read again. */
  onDone: () => Promise<unknown>
}

export function NameDialog({ house, device, kind, onClose, onDone }: Props) {
  const [label, setLabel] = useState(device.label ?? '')
  const save = useMutation({
    mutationFn: () => changeDevice(house.id, device, { label: label.trim() === '' ? null : label.trim() }),
    onSuccess: async () => {
      await onDone()
      onClose()
    },
  })
  return (
    <Dialog onClose={onClose} title="Rename">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        <Stack>
          <TextInput
            label="Your name for it"
            placeholder={kind.label}
            data-autofocus
            maxLength={100}
            value={label}
            onChange={(event) => setLabel(event.currentTarget.value)}
          />
          <Trouble error={save.error} />
          <Button type="submit" loading={save.isPending} w="fit-content">
            Save
          </Button>
        </Stack>
      </form>
    </Dialog>
  )
}

export function TryDialog({ house, device, onClose }: Props) {
  const tried = useQuery({
    queryKey: ['try', device.id],
    queryFn: () => tryDevice(house.id, device),
    staleTime: 0,
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
  })
  return (
    <Dialog onClose={onClose} title="Trying what it has">
      {tried.isFetching && <Loader aria-label="The vendor is asked" />}
      <Trouble error={tried.error} />
      {tried.data && <TrialResult tried={tried.data} />}
    </Dialog>
  )
}

export function CredentialsDialog({ house, device, kind, onClose, onDone }: Props) {
  const save = useMutation({
    mutationFn: (credentials: Typed) => changeDevice(house.id, device, { credentials }),
    onSuccess: async () => {
      await onDone()
      onClose()
    },
  })
  return (
    <Dialog onClose={onClose} title={`New credentials for ${device.title}`} size="lg">
      <Stack>
        <Text size="sm" c="dimmed">
          What it has now is never shown. The device starts again with what you type here, and its history stays.
        </Text>
        <AccountForm
          houseId={house.id}
          kind={kind}
          place={house}
          named={false}
          action="Replace"
          busy={save.isPending}
          error={save.error}
          onSubmit={(typed) => save.mutate(typed)}
        />
      </Stack>
    </Dialog>
  )
}

export function LoginDialog({ house, device, onClose }: Props) {
  const renew = useMutation({ mutationFn: () => renewPublishing(house.id, device) })
  return (
    <Dialog onClose={onClose} title="A new password for its program" size="lg">
      {renew.data ? (
        <ProgramLogin houseId={house.id} group={device.group} publishing={renew.data} />
      ) : (
        <Stack>
          <Text>The password it has now ends at once, and the program stops publishing until it has the new one.</Text>
          <Trouble error={renew.error} />
          <Button w="fit-content" loading={renew.isPending} onClick={() => renew.mutate()}>
            Make a new password
          </Button>
        </Stack>
      )}
    </Dialog>
  )
}

export function RemoveDialog({ house, device, onClose, onDone }: Props) {
  const navigate = useNavigate()
  const [erase, setErase] = useState(false)
  const remove = useMutation({
    mutationFn: () => removeDevice(house.id, device, erase),
    onSuccess: async () => {
      await navigate({ to: '/houses/$houseId', params: { houseId: String(house.id) } })
      await onDone()
    },
  })
  const mayErase = house.role === 'owner' || house.role === 'admin'
  return (
    <Dialog onClose={onClose} title={`Remove ${device.title}?`}>
      <Stack>
        <Text>
          It is not asked any more, and its credentials are forgotten. What it measured {erase ? 'is erased' : 'stays'}.
        </Text>
        {mayErase && (
          <Checkbox
            label="Erase all that it ever measured, too"
            checked={erase}
            onChange={(event) => setErase(event.currentTarget.checked)}
          />
        )}
        <Trouble error={remove.error} />
        <Group>
          <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
            {erase ? 'Remove and erase' : 'Remove'}
          </Button>
          <Button variant="subtle" onClick={onClose}>
            Keep it
          </Button>
        </Group>
      </Stack>
    </Dialog>
  )
}
