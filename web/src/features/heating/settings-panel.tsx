import { Button, Group, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { SidePanel } from '../session/side-panel.tsx'
import { Trouble, Warning } from '../session/trouble.tsx'
import { type Choice, changeLoop, controlKey, type Loop, removeLoop, type Values } from './api.ts'
import { limitsOf } from './limits.ts'
import { SettingField } from './setting-field.tsx'
import { nameOf } from './words.ts'

/** The settings of the loop's controller, a field for each, made from its schema; and the owner's limits. */
export function SettingsPanel({
  houseId,
  loop,
  choice,
  onClose,
}: {
  houseId: number
  loop: Loop
  choice: Choice
  onClose: () => void
}) {
  const queries = useQueryClient()
  const fields = Object.entries(choice.schema.properties ?? {})
  const usual = Object.fromEntries(fields.map(([name, setting]) => [name, setting.default ?? null]))
  const [draft, setDraft] = useState<Values>({ ...usual, ...loop.settings })
  const bounds = Object.entries(limitsOf[loop.kind])
  const [limits, setLimits] = useState<Values>(loop.limits)
  const save = useMutation({
    mutationFn: () =>
      changeLoop(houseId, loop.id, {
        // What is as usual is left to follow what will be usual.
        settings: Object.fromEntries(fields.map(([name]) => [name, other(draft[name], usual[name])])),
        limits: Object.fromEntries(bounds.map(([name]) => [name, limits[name] ?? null])),
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: controlKey(houseId) }),
  })
  const release = useMutation({
    mutationFn: () => removeLoop(houseId, loop.id),
    onSuccess: async () => {
      onClose()
      await queries.invalidateQueries({ queryKey: controlKey(houseId) })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate(undefined, { onSuccess: onClose })
  }
  const { lowest, highest } = limits
  const isCrossed = typeof lowest === 'number' && typeof highest === 'number' && lowest >= highest
  return (
    <SidePanel title={`${nameOf(loop)}: ${choice.label}`} onClose={onClose}>
      <form onSubmit={submit}>
        <Stack>
          <Title order={3} size="h5">
            Your limits
          </Title>
          <Text size="sm" c="dimmed">
            They hold whatever controls, also against its settings. Empty: what is usual.
          </Text>
          {bounds.map(([name, setting]) => (
            <SettingField
              key={name}
              name={name}
              setting={setting}
              value={limits[name] ?? null}
              onSet={(value) => setLimits({ ...limits, [name]: value })}
            />
          ))}
          <Title order={3} size="h5">
            How it controls
          </Title>
          <Text size="sm" c="dimmed">
            The usual values suit most homes. What you change here holds within five minutes.
          </Text>
          {fields.map(([name, setting]) => (
            <SettingField
              key={name}
              name={name}
              setting={setting}
              value={draft[name] ?? null}
              onSet={(value) => setDraft({ ...draft, [name]: value })}
            />
          ))}
          {fields.length === 0 && <Text size="sm">This way of controlling has no settings.</Text>}
          <Trouble error={save.error ?? release.error} />
          {isCrossed && <Warning>“Never set lower than” must be below “Never set higher than”.</Warning>}
          <Group>
            <Button type="submit" loading={save.isPending} disabled={isCrossed}>
              Save
            </Button>
            <Button variant="default" onClick={() => setDraft(usual)}>
              All back to usual
            </Button>
            {loop.kind !== 'heating' && (
              <Button variant="subtle" loading={release.isPending} onClick={() => release.mutate()}>
                Look after it no more
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </SidePanel>
  )
}

const other = (value: Values[string] | undefined, usual: Values[string] | undefined) =>
  value === undefined || value === usual ? null : value
