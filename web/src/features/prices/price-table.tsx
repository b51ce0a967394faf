import { Table } from '@mantine/core'
import { dayAndClock } from '../houses/zone-time.ts'
import type { Interval } from './api.ts'
import { layers } from './stack.ts'

/** The prices in numbers, NOK/kWh. */
export function PriceTable({ intervals, zone }: { intervals: readonly Interval[]; zone: string }) {
  return (
    <Table.ScrollContainer
      minWidth={640}
      maxHeight={420}
      type="native"
      tabIndex={0}
      role="group"
      aria-label="Prices as a table"
    >
      <Table stickyHeader captionSide="top" className="reading">
        <Table.Caption>NOK/kWh; the parts without VAT</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>From</Table.Th>
            <Table.Th>You pay</Table.Th>
            {layers.map(({ name }) => (
              <Table.Th key={name}>{name}</Table.Th>
            ))}
            <Table.Th>Known</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {intervals.map((interval) => (
            <Table.Tr key={interval.start}>
              <Table.Th scope="row" fw={400}>
                {dayAndClock(interval.start, zone)}
              </Table.Th>
              <Table.Td fw={600}>{interval.total.withVat.toFixed(3)}</Table.Td>
              {layers.map(({ name, of }) => (
                <Table.Td key={name}>{of(interval).toFixed(3)}</Table.Td>
              ))}
              <Table.Td>{interval.estimated ? 'guessed' : 'published'}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}
