import { Anchor, Button, Loader, Paper, Stack, Text, Title } from '@mantine/core'
import { groupOf } from '@nabolag/core/groups'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { devices, house } from '../../api.ts'
import { addDeviceRoute } from '../../router.tsx'
import { LookOnly, mayChange } from '../houses/house-frame.tsx'
import { Trouble } from '../session/trouble.tsx'
import { vendorsQuery } from '../vendors/api.ts'
import { AccountForm } from './account-form.tsx'
import { addDevice, kindsQuery, type Publishing, type Typed } from './api.ts'
import { KindPicker } from './kind-picker.tsx'
import { ProgramLogin } from './program-login.tsx'
import { VendorNote } from './vendor-note.tsx'

/** Adding a device: which kind, then what it needs. The kind stands in the address. */
export function AddDevicePage() {
  const houseId = Number(addDeviceRoute.useParams().houseId)
  const { kind: name } = addDeviceRoute.useSearch()
  const navigate = addDeviceRoute.useNavigate()
  const queries = useQueryClient()
  const kinds = useQuery(kindsQuery)
  const vendors = useQuery(vendorsQuery)
  const self = useQuery({ queryKey: ['house', houseId], queryFn: () => house(houseId) })
  const present = useQuery({ queryKey: ['devices', houseId], queryFn: () => devices(houseId) })
  const [login, setLogin] = useState<{ readonly count: number; readonly publishing: Publishing }>()
  const add = useMutation({
    mutationFn: ({ typed, label }: { typed: Typed; label: string }) => addDevice(houseId, name ?? '', typed, label),
    onSuccess: async ({ name: device, count, publishing }) => {
      await queries.invalidateQueries({ queryKey: ['devices', houseId] })
      // The password is shown this once: the page waits until it was seen.
      if (publishing) return setLogin({ count, publishing })
      await navigate({
        to: '/houses/$houseId/devices/$device/$count',
        params: { houseId: String(houseId), device, count: String(count) },
      })
    },
  })
  const failed = kinds.error ?? self.error
  if (failed) return <Trouble error={failed} />
  if (!kinds.data || !self.data) return <Loader aria-label="Loading" />
  const kind = kinds.data.find((one) => one.name === name)
  const back = (
    <Anchor component={Link} to={`/houses/${houseId}`} size="sm">
      ← {self.data.name}
    </Anchor>
  )
  if (!mayChange(self.data) || !kind)
    return (
      <Stack maw={1100} mx="auto">
        {back}
        <Title order={1} size="h2">
          Add a device
        </Title>
        {mayChange(self.data) ? (
          <KindPicker
            houseId={houseId}
            kinds={kinds.data}
            vendors={vendors.data ?? []}
            present={new Set((present.data ?? []).map((device) => device.name))}
          />
        ) : (
          <LookOnly />
        )}
      </Stack>
    )
  return (
    <Stack maw={560} mx="auto">
      {back}
      <Paper withBorder p={{ base: 'md', sm: 'xl' }}>
        <Stack>
          <div>
            <Title order={1} size="h2">
              {kind.label}
            </Title>
            <Text c="dimmed">{groupOf(kind.database_group_name)?.meaning ?? kind.database_group_name}</Text>
          </div>
          <VendorNote vendor={vendors.data?.find(({ vendor }) => vendor === kind.vendor)} />
          {login ? (
            <>
              <ProgramLogin houseId={houseId} group={kind.database_group_name} publishing={login.publishing} />
              <Button component={Link} to={`/houses/${houseId}/devices/${kind.name}/${login.count}`}>
                I have kept it: go on
              </Button>
            </>
          ) : (
            <>
              {kind.kind !== 'built-in' && (
                <Text size="sm">
                  A program of yours measures and publishes it. Adding it gives the program its account at the broker.
                </Text>
              )}
              <AccountForm
                key={kind.name}
                houseId={houseId}
                kind={kind}
                place={self.data}
                named
                action={kind.kind === 'built-in' ? 'Add the device' : 'Add it and show the account'}
                busy={add.isPending}
                error={add.error}
                onSubmit={(typed, label) => add.mutate({ typed, label })}
                beside={
                  <Button variant="subtle" component={Link} to={`/houses/${houseId}/devices/new`}>
                    Another kind
                  </Button>
                }
              />
            </>
          )}
        </Stack>
      </Paper>
    </Stack>
  )
}
