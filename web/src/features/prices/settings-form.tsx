import { Button, Card, Group, Radio, Select, Stack, Text, TextInput, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { NumberField } from '../houses/number-field.tsx'
import { dateOf } from '../houses/zone-time.ts'
import { Trouble } from '../session/trouble.tsx'
import {
  priceSettings,
  pricesKey,
  type Scheme,
  type Settings,
  type SettingsAnswer,
  schemes,
  setPriceSettings,
} from './api.ts'
import { companyName, from, heldOn, schemeOf, schemeWords, until } from './stack.ts'

const areas = [
  { value: 'NO1', label: 'NO1, Oslo and the east' },
  { value: 'NO2', label: 'NO2, Kristiansand and the south' },
  { value: 'NO3', label: 'NO3, Trondheim and the middle' },
  { value: 'NO4', label: 'NO4, Tromsø and the north' },
  { value: 'NO5', label: 'NO5, Bergen and the west' },
]

/** No grid company that is known. */
const anotherOne = ''

/** What the household says of its contracts. */
export function PriceSettingsCard({ houseId, zone, disabled }: { houseId: number; zone: string; disabled: boolean }) {
  const kept = useQuery({ queryKey: [...pricesKey(houseId), 'settings'], queryFn: () => priceSettings(houseId) })
  // Outlives the form, which is made anew of what was kept.
  const [isSaved, setSaved] = useState(false)
  return (
    <Card withBorder padding="md" component="section" aria-label="Your contracts">
      <Title order={2} size="h4">
        Your contracts
      </Title>
      {kept.data?.assumed && (
        <Text size="sm" c="dimmed">
          Nobody has filled this in yet: it is guessed from where the house is. The bill of your grid company and of
          your supplier tell what to write.
        </Text>
      )}
      <Trouble error={kept.error} />
      {kept.data && (
        <SettingsForm
          key={JSON.stringify(kept.data.settings)}
          houseId={houseId}
          zone={zone}
          kept={kept.data}
          disabled={disabled}
          isSaved={isSaved}
          onSaved={setSaved}
        />
      )}
    </Card>
  )
}

function SettingsForm({
  houseId,
  zone,
  kept: { settings, schema },
  disabled,
  isSaved,
  onSaved,
}: {
  houseId: number
  zone: string
  kept: SettingsAnswer
  disabled: boolean
  isSaved: boolean
  onSaved: (saved: boolean) => void
}) {
  const queries = useQueryClient()
  const today = dateOf(Date.now(), zone)
  const month = `${today.slice(0, 7)}-01`
  const [draft, setDraft] = useState<Settings>(settings)
  const [scheme, setScheme] = useState<Scheme>(schemeOf(settings, today))
  const [since, setSince] = useState(month)
  const markUpNow = heldOn(settings.markUp, today)
  const [markUp, setMarkUp] = useState<number | ''>(markUpNow?.perKwh ?? '')
  const [monthly, setMonthly] = useState<number | ''>(markUpNow?.perMonth ?? '')
  const gridNow = heldOn(settings.gridEnergy, today)
  const [grid, setGrid] = useState<number | ''>(gridNow?.base ?? '')
  const save = useMutation({
    mutationFn: () => {
      const priceOfSupplier = { from: month, perKwh: Number(markUp), ...(monthly === '' ? {} : { perMonth: monthly }) }
      return setPriceSettings(houseId, {
        ...draft,
        ...(scheme === schemeOf(settings, today) ? {} : { support: from(settings.support, { from: since, scheme }) }),
        ...(markUp === (markUpNow?.perKwh ?? '') && monthly === (markUpNow?.perMonth ?? '')
          ? {}
          : { markUp: from(settings.markUp, priceOfSupplier) }),
        ...(grid === (gridNow?.base ?? '')
          ? {}
          : {
              gridEnergy:
                grid === ''
                  ? until(settings.gridEnergy, month)
                  : from(settings.gridEnergy, { from: month, base: grid, rules: [] }),
            }),
      })
    },
    onSuccess: () => {
      onSaved(true)
      return queries.invalidateQueries({ queryKey: pricesKey(houseId) })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate()
  }
  const companies = schema.properties?.gridCompany?.enum ?? []
  const otherArea = areas.some(({ value }) => value === draft.area) ? [] : [{ value: draft.area, label: draft.area }]
  return (
    <form onSubmit={submit} onInput={() => onSaved(false)}>
      <fieldset className="bare" disabled={disabled || save.isPending}>
        <Stack mt="sm">
          <Group grow align="start" preventGrowOverflow={false}>
            <Select
              label="Price area"
              allowDeselect={false}
              data={[...areas, ...otherArea]}
              value={draft.area}
              onChange={(area) => area && setDraft({ ...draft, area })}
            />
            <Select
              label="Grid company"
              allowDeselect={false}
              data={[
                ...companies.map((value) => ({ value, label: companyName(value) })),
                { value: anotherOne, label: 'Another one' },
              ]}
              value={draft.gridCompany ?? anotherOne}
              onChange={(gridCompany) => {
                const { gridCompany: _, ...rest } = draft
                setDraft(gridCompany === null || gridCompany === anotherOne ? rest : { ...rest, gridCompany })
              }}
            />
          </Group>
          {(draft.gridCompany === undefined || gridNow) && (
            <NumberField
              label="Grid price per kWh"
              description={
                draft.gridCompany === undefined
                  ? 'Without VAT and taxes; prices by day and night can be told over the API'
                  : 'In the place of what the grid company asks; empty: what it asks'
              }
              suffix=" NOK/kWh"
              min={0}
              max={10}
              step={0.01}
              decimalScale={4}
              value={grid === '' ? undefined : grid}
              onNumber={(number) => setGrid(number ?? '')}
            />
          )}
          <Radio.Group
            label="Support by the state"
            value={scheme}
            onChange={(value) => setScheme(schemes.find((one) => one === value) ?? 'stromstotte')}
          >
            <Stack gap={6} mt={6}>
              {schemes.map((value) => (
                <Radio key={value} value={value} label={schemeWords[value]} />
              ))}
            </Stack>
          </Radio.Group>
          {scheme !== schemeOf(settings, today) && (
            <TextInput
              type="date"
              label="From which day?"
              required
              w="fit-content"
              value={since}
              onChange={(event) => setSince(event.currentTarget.value)}
            />
          )}
          <Group grow align="start" preventGrowOverflow={false}>
            <NumberField
              label="Supplier's mark-up"
              description="On the spot price, without VAT"
              suffix=" NOK/kWh"
              min={-10}
              max={10}
              step={0.01}
              decimalScale={4}
              value={markUp === '' ? undefined : markUp}
              onNumber={(number) => setMarkUp(number ?? '')}
            />
            <NumberField
              label="Supplier's monthly fee"
              description="Without VAT"
              suffix=" NOK"
              min={0}
              max={10_000}
              value={monthly === '' ? undefined : monthly}
              onNumber={(number) => setMonthly(number ?? '')}
            />
          </Group>
          <Trouble error={save.error} />
          <Group>
            <Button type="submit" loading={save.isPending} disabled={disabled}>
              Save
            </Button>
            <Text size="sm" role="status">
              {isSaved && draft === settings ? 'Saved' : ''}
            </Text>
          </Group>
        </Stack>
      </fieldset>
    </form>
  )
}
