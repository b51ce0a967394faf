import { Button, Group, Stack, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { SidePanel } from '../session/side-panel.tsx'
import { Trouble, Warning } from '../session/trouble.tsx'
import { control, controlKey, type Values } from './api.ts'
import { type Facts, factFields, factsOf, setFacts, valuesOf } from './facts.ts'
import { SettingField } from './setting-field.tsx'

/** What control should know of the house; everything may be left empty. */
export function FactsPanel({ houseId, onClose }: { houseId: number; onClose: () => void }) {
  const state = useQuery({ queryKey: controlKey(houseId), queryFn: () => control(houseId) })
  return (
    <SidePanel title="About the house" onClose={onClose}>
      <Trouble error={state.error} />
      {state.data && <FactsForm houseId={houseId} facts={state.data.facts} onClose={onClose} />}
    </SidePanel>
  )
}

function FactsForm({ houseId, facts, onClose }: { houseId: number; facts: Facts; onClose: () => void }) {
  const queries = useQueryClient()
  const [draft, setDraft] = useState<Values>(valuesOf(facts))
  const save = useMutation({
    mutationFn: () => setFacts(houseId, factsOf(facts, draft)),
    onSuccess: () => queries.invalidateQueries({ queryKey: controlKey(houseId) }),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate(undefined, { onSuccess: onClose })
  }
  const isHalf = (typeof draft.capacity === 'number') !== (typeof draft.power === 'number')
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm" c="dimmed">
          It helps plans to be right from the first day. What you do not know, leave empty.
        </Text>
        {Object.entries(factFields).map(([name, setting]) => (
          <SettingField
            key={name}
            name={name}
            setting={setting}
            value={draft[name] ?? null}
            onSet={(value) => setDraft({ ...draft, [name]: value })}
          />
        ))}
        <Trouble error={save.error} />
        {isHalf && <Warning>Of a battery, both what it holds and what it charges and gives are needed.</Warning>}
        <Group>
          <Button type="submit" loading={save.isPending} disabled={isHalf}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
