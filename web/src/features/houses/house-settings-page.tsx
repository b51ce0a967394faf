import { Button, Group, Loader, Paper, Stack, Text, TextInput, Title } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { changeHouse, deleteHouse, type HouseForm as Form, type House, house } from '../../api.ts'
import { houseSettingsRoute } from '../../router.tsx'
import { Dialog } from '../session/dialog.tsx'
import { Trouble } from '../session/trouble.tsx'
import { HouseForm } from './house-form.tsx'
import { LookOnly, mayChange } from './house-frame.tsx'

/** Name, place and time zone of a house, and its end. */
export function HouseSettingsPage() {
  const houseId = Number(houseSettingsRoute.useParams().houseId)
  const navigate = useNavigate()
  const queries = useQueryClient()
  const self = useQuery({ queryKey: ['house', houseId], queryFn: () => house(houseId) })
  const change = useMutation({
    mutationFn: (form: Form) => changeHouse(houseId, form),
    onSuccess: async (changed) => {
      queries.setQueryData(['house', houseId], changed)
      await queries.invalidateQueries({ queryKey: ['houses'] })
      await navigate({ to: '/houses/$houseId', params: { houseId: String(houseId) } })
    },
  })
  if (self.error) return <Trouble error={self.error} />
  if (!self.data) return <Loader aria-label="Loading" />
  const { name, timezone, latitude, longitude, role } = self.data
  const back = (
    <Button variant="subtle" component={Link} to={`/houses/${houseId}`}>
      Back
    </Button>
  )
  return (
    <Stack maw={560} mx="auto" gap="xl">
      <Paper withBorder p="xl">
        <Stack>
          <Title order={1} size="h2">
            {name}
          </Title>
          {mayChange(self.data) ? (
            <HouseForm
              start={{ name, timezone, latitude, longitude }}
              action="Save"
              busy={change.isPending}
              error={change.error}
              onSubmit={(form) => change.mutate(form)}
              beside={back}
            />
          ) : (
            <>
              <LookOnly />
              {back}
            </>
          )}
        </Stack>
      </Paper>
      {(role === 'owner' || role === 'admin') && <DeleteHouse house={self.data} />}
    </Stack>
  )
}

function DeleteHouse({ house: { id, name } }: { house: House }) {
  const [opened, { open, close }] = useDisclosure()
  const [typed, setTyped] = useState('')
  const navigate = useNavigate()
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: () => deleteHouse(id),
    onSuccess: async () => {
      await navigate({ to: '/' })
      await queries.invalidateQueries({ queryKey: ['houses'] })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (typed.trim() === name) remove.mutate()
  }
  return (
    <Paper withBorder p="xl">
      <Stack align="start">
        <Title order={2} size="h4">
          Delete this house
        </Title>
        <Text>Its devices, its programs’ accounts and everything that was ever measured there are gone for good.</Text>
        <Button color="red" variant="outline" className="danger" onClick={open}>
          Delete the house
        </Button>
      </Stack>
      {opened && (
        <Dialog onClose={close} title={`Delete ${name}?`}>
          <form onSubmit={submit}>
            <Stack>
              <Text>Nothing of it can be brought back. Type the name of the house to go on.</Text>
              <TextInput
                label="Name of the house"
                placeholder={name}
                data-autofocus
                value={typed}
                onChange={(event) => setTyped(event.currentTarget.value)}
              />
              <Trouble error={remove.error} />
              <Group>
                <Button type="submit" color="red" disabled={typed.trim() !== name} loading={remove.isPending}>
                  Delete everything
                </Button>
                <Button variant="subtle" onClick={close}>
                  Keep it
                </Button>
              </Group>
            </Stack>
          </form>
        </Dialog>
      )}
    </Paper>
  )
}
