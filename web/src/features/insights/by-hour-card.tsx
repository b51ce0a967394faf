import { Button, Card, Group, Table, Text, Title, useComputedColorScheme, useMantineTheme } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { useState } from 'react'
import type { HourOfDay, Insights } from './api.ts'

const height = 180
const edge = { left: 36, right: 36, top: 8, bottom: 20 }
const clock = (hour: number) => `${String(hour).padStart(2, '0')}:00`

/** When the house uses power, against what a kWh costs then. */
export function ByHourCard({ insights: { byHour, byHourSentence } }: { insights: Insights }) {
  const [typed, setTyped] = useState(false)
  const hours = byHour.map(({ all }) => all)
  return (
    <Card withBorder padding="md" component="section" aria-label="Use by the hour">
      <Group justify="space-between" align="start">
        <Title order={2} size="h4">
          Use by the hour
        </Title>
        {hours.length > 0 && (
          <Button variant="default" aria-expanded={typed} onClick={() => setTyped(!typed)}>
            {typed ? 'Hide the table' : 'As a table'}
          </Button>
        )}
      </Group>
      {hours.length > 0 ? (
        <>
          <Text size="sm">{byHourSentence}.</Text>
          <Bars hours={hours} />
          {typed && <Hours hours={hours} />}
        </>
      ) : (
        <Text size="sm" c="dimmed">
          Not enough data: the power of the whole house must be measured, and prices must be known.
        </Text>
      )}
    </Card>
  )
}

function Bars({ hours }: { hours: readonly HourOfDay[] }) {
  const { ref, width } = useElementSize<HTMLDivElement>()
  const theme = useMantineTheme()
  const dark = useComputedColorScheme('light') === 'dark'
  const ink = dark ? theme.colors.dark[1] : theme.colors.gray[7]
  const plot = { width: Math.max(0, width - edge.left - edge.right), height: height - edge.top - edge.bottom }
  const most = {
    energy: Math.max(0.1, ...hours.map(({ energy }) => energy)),
    price: Math.max(0.1, ...hours.map(({ price }) => price)),
  }
  const wide = plot.width / 24
  const y = (share: number) => edge.top + plot.height * (1 - Math.max(0, share))
  const line = hours.flatMap(({ price }, hour) => {
    const at = y(price / most.price)
    return [`${edge.left + hour * wide},${at}`, `${edge.left + (hour + 1) * wide},${at}`]
  })
  const price = theme.colors.lime[dark ? 4 : 8]
  const use = theme.colors.cyan[dark ? 7 : 4]
  return (
    <>
      <div ref={ref} style={{ height }}>
        <svg width={width} height={height} role="img" aria-label="Use and price by the hour. The table says the same.">
          {[0, 0.5, 1].map((share) => (
            <g key={share} fontSize="11" fill={ink}>
              <text x={edge.left - 4} y={y(share) + 4} textAnchor="end">
                {(share * most.energy).toFixed(1)}
              </text>
              <text x={width - edge.right + 4} y={y(share) + 4}>
                {(share * most.price).toFixed(1)}
              </text>
            </g>
          ))}
          {hours.map(({ energy }, hour) => (
            <rect
              key={clock(hour)}
              x={edge.left + hour * wide + 1}
              width={Math.max(0, wide - 2)}
              y={y(energy / most.energy)}
              height={plot.height + edge.top - y(energy / most.energy)}
              fill={use}
            />
          ))}
          <polyline points={line.join(' ')} fill="none" stroke={price} strokeWidth={2} />
          {[0, 6, 12, 18].map((hour) => (
            <text key={hour} x={edge.left + hour * wide} y={height - 4} fontSize="11" fill={ink}>
              {clock(hour)}
            </text>
          ))}
        </svg>
      </div>
      <Group gap="md" mt={4}>
        <Group gap={6}>
          <span className="swatch" style={{ background: use }} />
          <Text size="xs">Use, kWh (left)</Text>
        </Group>
        <Group gap={6}>
          <span className="swatch" style={{ background: price, height: 3 }} />
          <Text size="xs">Price of one more kWh, NOK (right)</Text>
        </Group>
      </Group>
    </>
  )
}

function Hours({ hours }: { hours: readonly HourOfDay[] }) {
  return (
    <Table captionSide="top" className="reading" mt="sm">
      <Table.Caption>Means by the clock of the house</Table.Caption>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>From</Table.Th>
          <Table.Th>Use, kWh</Table.Th>
          <Table.Th>Price, NOK/kWh</Table.Th>
          <Table.Th>Cost, NOK</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {hours.map(({ energy, price, cost }, hour) => (
          <Table.Tr key={clock(hour)}>
            <Table.Th scope="row" fw={400}>
              {clock(hour)}
            </Table.Th>
            <Table.Td>{energy.toFixed(2)}</Table.Td>
            <Table.Td>{price.toFixed(2)}</Table.Td>
            <Table.Td>{cost.toFixed(2)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}
