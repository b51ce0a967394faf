/** What a house used and paid in the last seven days, and how warm it was: where two houses are alike, what differs. */
import { Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type Answer, ask } from '../../api.ts'
import { measure } from './words.ts'

const day = 86_400_000
const rarely = 10 * 60_000

type Asked = { readonly group: string; readonly field: string; readonly aggregate: 'sum' | 'mean' }
const asked = {
  energy: { group: 'powerConsumption', field: 'hourlyConsumption', aggregate: 'sum' },
  cost: { group: 'powerConsumption', field: 'hourlyCost', aggregate: 'sum' },
  indoors: { group: 'heatPumpController', field: 'temperature', aggregate: 'mean' },
} as const satisfies Record<string, Asked>

/** Of the seven days up to the last whole hour; `undefined` where the house measures no such thing. */
async function read(house: number, { group, field, aggregate }: Asked): Promise<number | undefined> {
  const end = Math.floor(Date.now() / 3_600_000) * 3_600_000
  const query = new URLSearchParams({
    ...{ group, field, aggregate, resolution: '3600' },
    ...{ start: new Date(end - 7 * day).toISOString(), end: new Date(end).toISOString() },
  })
  const { series } = await ask<Answer>(`/api/houses/${house}/data?${query}`)
  const values = series.flatMap((one) => one.values.filter((value) => typeof value === 'number'))
  if (values.length === 0) return undefined
  const sum = values.reduce((total, value) => total + value, 0)
  return aggregate === 'sum' ? sum : sum / values.length
}

export function LastWeek({ house }: { readonly house: number }) {
  const week = useQuery({
    queryKey: ['last week', house],
    queryFn: async () => {
      const [energy, cost, indoors] = await Promise.all([
        read(house, asked.energy),
        read(house, asked.cost),
        read(house, asked.indoors),
      ])
      return { energy, cost, indoors }
    },
    refetchInterval: rarely,
  })
  const { energy, cost, indoors } = week.data ?? {}
  const shown = [
    ...(energy === undefined ? [] : [`${Math.round(energy)} kWh`]),
    ...(cost === undefined ? [] : [`${Math.round(cost)} NOK`]),
    ...(indoors === undefined ? [] : [`${measure(indoors, '°C')} indoors`]),
  ]
  if (energy === undefined && cost === undefined) return null
  return (
    <Group mt="xs" gap="xs">
      <Text size="sm" c="dimmed">
        Last seven days
      </Text>
      <Text size="sm" className="reading">
        {shown.join(', ')}
      </Text>
    </Group>
  )
}
