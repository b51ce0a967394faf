import { Table } from '@mantine/core'
import { spell } from '../houses/words.ts'
import { dayAndClock } from '../houses/zone-time.ts'
import type { Plan, RoomPlan } from './api.ts'
import { plannedHours } from './points.ts'

/** The plan of a room in words and numbers, an hour a row. */
export function PlanTable({ plan, room, zone }: { plan: Plan; room: RoomPlan; zone: string }) {
  return (
    <Table.ScrollContainer
      minWidth={460}
      maxHeight={420}
      type="native"
      tabIndex={0}
      role="group"
      aria-label="The plan as a table"
    >
      <Table stickyHeader captionSide="top" className="reading">
        <Table.Caption>Plan for {room.name}, hour by hour</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>From</Table.Th>
            <Table.Th>At its end</Table.Th>
            <Table.Th>Will do</Table.Th>
            <Table.Th>Power</Table.Th>
            <Table.Th>Price</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {plannedHours(plan, room).map(({ from, temperature, lower, upper, power, price }) => (
            <Table.Tr key={from}>
              <Table.Th scope="row" fw={400}>
                {dayAndClock(from, zone)}
              </Table.Th>
              <Table.Td>{temperature.toFixed(1)} °C</Table.Td>
              <Table.Td>
                {spell(lower)} to {spell(upper)} °C
              </Table.Td>
              <Table.Td>{power.toFixed(2)} kW</Table.Td>
              <Table.Td>{price.toFixed(2)} NOK/kWh</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}
