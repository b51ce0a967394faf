import { Button, Paper, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { addHouse } from '../../api.ts'
import { HouseForm, ownZone } from './house-form.tsx'

export function NewHousePage() {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const add = useMutation({
    mutationFn: addHouse,
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ['houses'] })
      await navigate({ to: '/houses/$houseId/devices/new', params: { houseId: String(id) } })
    },
  })
  return (
    <Paper withBorder p="xl" maw={560} mx="auto">
      <Stack>
        <Title order={1} size="h2">
          A new house
        </Title>
        <Text c="dimmed">The place is for the weather, the sun and the power price. Devices come next.</Text>
        <HouseForm
          start={{ name: '', timezone: ownZone(), latitude: null, longitude: null }}
          action="Add the house"
          busy={add.isPending}
          error={add.error}
          onSubmit={(form) => add.mutate(form)}
          beside={
            <Button variant="subtle" component={Link} to="/">
              Back
            </Button>
          }
        />
      </Stack>
    </Paper>
  )
}
