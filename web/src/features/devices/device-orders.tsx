import { Button, Group, Menu } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Device, House } from '../../api.ts'
import { Trouble } from '../session/trouble.tsx'
import { type Kind, order } from './api.ts'
import { CredentialsDialog, LoginDialog, NameDialog, RemoveDialog, TryDialog } from './device-dialogs.tsx'

type Dialog = 'name' | 'credentials' | 'remove' | 'login' | 'try'

/** What its owner can do with a device. */
export function DeviceOrders({ house, device, kind }: { house: House; device: Device; kind: Kind }) {
  const queries = useQueryClient()
  const [dialog, setDialog] = useState<Dialog>()
  const close = () => setDialog(undefined)
  const again = () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: ['device', house.id, device.name, device.count] }),
      queries.invalidateQueries({ queryKey: ['devices', house.id] }),
      queries.invalidateQueries({ queryKey: ['log', house.id, device.name, device.count] }),
    ])
  const send = useMutation({
    mutationFn: (verb: 'restart' | 'start' | 'stop') => order(house.id, device, verb),
    onSuccess: again,
  })
  const stopped = device.desired === 'stopped'
  const asked = kind.kind === 'built-in'
  const common = { house, device, kind, onClose: close, onDone: again }
  return (
    <div>
      <Group gap="xs">
        {stopped ? (
          <Button size="sm" loading={send.isPending} onClick={() => send.mutate('start')}>
            Start
          </Button>
        ) : (
          <>
            <Button size="sm" variant="default" loading={send.isPending} onClick={() => send.mutate('restart')}>
              Restart
            </Button>
            <Button size="sm" variant="default" disabled={send.isPending} onClick={() => send.mutate('stop')}>
              Stop
            </Button>
          </>
        )}
        <Menu position="bottom-end" withinPortal={false} withInitialFocusPlaceholder={false}>
          <Menu.Target>
            <Button size="sm" variant="default">
              More
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => setDialog('name')}>Rename</Menu.Item>
            {asked && <Menu.Item onClick={() => setDialog('try')}>Try its credentials</Menu.Item>}
            <Menu.Item onClick={() => setDialog('credentials')}>Replace its credentials</Menu.Item>
            {!asked && <Menu.Item onClick={() => setDialog('login')}>New password for its program</Menu.Item>}
            <Menu.Item onClick={() => setDialog('remove')}>Remove</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Group>
      <Trouble error={send.error} />
      {dialog === 'name' && <NameDialog {...common} />}
      {dialog === 'try' && <TryDialog {...common} />}
      {dialog === 'credentials' && <CredentialsDialog {...common} />}
      {dialog === 'login' && <LoginDialog {...common} />}
      {dialog === 'remove' && <RemoveDialog {...common} />}
    </div>
  )
}
