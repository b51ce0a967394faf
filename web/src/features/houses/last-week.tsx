/** What a house used and paid in the last seven days, and how warm it was: where two houses are alike, what differs. */
import { Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type Answer, ask } from '../../api.ts'
import { prices } from '../prices/api.ts'
import { Figure } from './figure.tsx'
import { type Hourly, weekOf } from './week.ts'
import { measure } from './words.ts'

const hour = 3_600_000
const rarely = 10 * 60_000

type Asked = { readonly group: string; readonly field: string; readonly aggregate: 'sum' | 'mean' }
const metered: Asked = { group: 'powerConsumption', field: 'hourlyConsumption', aggregate: 'sum' }
/** Of a house whose meter nobody reads, but whose inverter does. */
const atTheGrid: Asked = { group: 'solarBatterySystem', field: 'gridPower', aggregate: 'mean' }
const indoors: Asked = { group: 'heatPumpController', field: 'temperature', aggregate: 'mean' }

async function read(house: number, { group, field, aggregate }: Asked, [from, to]: readonly [number, number]) {
  const query = new URLSearchParams({
    ...{ group, field, aggregate, resolution: '3600' },
    ...{ start: new Date(from).toISOString(), end: new Date(to).toISOString() },
  })
  const { series } = await ask<Answer>(`/api/houses/${house}/data?${query}`)
  return series.flatMap(({ times, values }): Hourly[] =>
    times.flatMap((time, n) => {
      const value = values[n]
      return typeof value === 'number' ? [{ at: Date.parse(time), value }] : []
    }),
  )
}

/** Of the seven days up to the last whole hour. */
async function lastWeek(house: number) {
  const end = Math.floor(Date.now() / hour) * hour
  const range = [end - 168 * hour, end] as const
  const [counted, temperatures, priced] = await Promise.all([
    read(house, metered, range),
    read(house, indoors, range),
    // Without prices the energy is still told.
    prices(house, range, 60).catch(() => undefined),
  ])
  const energy =
    counted.length > 0
      ? counted
      : (await read(house, atTheGrid, range)).map(({ at, value }) => ({ at, value: Math.max(0, value) / 1000 }))
  return { ...weekOf(energy, temperatures, priced?.intervals ?? []), currency: priced?.currency ?? 'NOK' }
}

export function LastWeek({ house }: { readonly house: number }) {
  const week = useQuery({ queryKey: ['last week', house], queryFn: () => lastWeek(house), refetchInterval: rarely })
  if (week.isPending) return <div className="last-week" style={{ minHeight: 72 }} aria-hidden="true" />
  if (!week.data || week.data.energy === undefined) return null
  const { title, energy, cost, indoors: warmth, currency } = week.data
  return (
    <div className="last-week">
      <Text size="xs" c="dimmed">
        {title}
      </Text>
      <Group gap="xl">
        <Figure label="used" value={`${Math.round(energy)} kWh`} />
        {cost !== undefined && <Figure label="paid" value={`${Math.round(cost)} ${currency}`} />}
        {cost !== undefined && energy > 0 && (
          <Figure label="for a kWh" value={`${(cost / energy).toFixed(2)} ${currency}`} />
        )}
        {warmth !== undefined && <Figure label="indoors" value={measure(warmth, '°C')} />}
      </Group>
    </div>
  )
}
