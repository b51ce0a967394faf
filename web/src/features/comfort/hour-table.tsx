import { Button, Table, TextInput } from '@mantine/core'
import { NumberField } from '../houses/number-field.tsx'
import { type Day, deviationBound, type HourlyWish, hourName, temperatureBound } from './comfort.ts'
import { fanList } from './fan-levels.tsx'

/** A row for each hour, for whoever would rather type, and for what the painter cannot say exactly. */
export function HourTable({
  title,
  day,
  disabled,
  onChange,
}: {
  title: string
  day: Day
  disabled: boolean
  onChange: (day: Day) => void
}) {
  const set = (hour: number, change: Partial<HourlyWish>) =>
    onChange(day.map((wish, at) => (at === hour ? { ...wish, ...change } : wish)))
  return (
    <Table.ScrollContainer minWidth={420} type="native" tabIndex={0} role="group" aria-label={`${title}, hour by hour`}>
      <Table captionSide="top" verticalSpacing={2}>
        <Table.Caption>{title}, hour by hour</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>From</Table.Th>
            <Table.Th>Temperature</Table.Th>
            <Table.Th>May be off by</Table.Th>
            <Table.Th>Fans</Table.Th>
            <Table.Td />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {day.map((wish, hour) => {
            const name = hourName(hour)
            return (
              <Table.Tr key={name}>
                <Table.Th scope="row" fw={400} className="reading">
                  {name}
                </Table.Th>
                <Table.Td>
                  <NumberField
                    size="xs"
                    w={92}
                    aria-label={`${title} ${name}: temperature`}
                    suffix=" °C"
                    step={0.5}
                    {...temperatureBound}
                    disabled={disabled}
                    value={wish.temperature}
                    onNumber={(temperature) => temperature !== undefined && set(hour, { temperature })}
                  />
                </Table.Td>
                <Table.Td>
                  <NumberField
                    size="xs"
                    w={84}
                    aria-label={`${title} ${name}: may be off by`}
                    suffix=" K"
                    step={0.5}
                    {...deviationBound}
                    disabled={disabled}
                    value={wish.deviation}
                    onNumber={(deviation) => deviation !== undefined && set(hour, { deviation })}
                  />
                </Table.Td>
                <Table.Td>
                  <TextInput
                    size="xs"
                    w={80}
                    aria-label={`${title} ${name}: fans`}
                    placeholder="as is"
                    list={fanList}
                    maxLength={40}
                    disabled={disabled}
                    value={wish.fan ?? ''}
                    onChange={(event) => {
                      const { fan: _, ...rest } = wish
                      const fan = event.currentTarget.value
                      onChange(day.map((one, at) => (at === hour ? (fan === '' ? rest : { ...rest, fan }) : one)))
                    }}
                  />
                </Table.Td>
                <Table.Td>
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    disabled={disabled}
                    aria-label={`Copy ${name} to all hours of the ${title.toLowerCase()}`}
                    onClick={() => onChange(day.map(() => wish))}
                  >
                    Copy to all
                  </Button>
                </Table.Td>
              </Table.Tr>
            )
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}
