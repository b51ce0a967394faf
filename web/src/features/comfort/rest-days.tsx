import { Button, Group, Text, TextInput } from '@mantine/core'
import { useState } from 'react'

/** Dates that are kept as a weekend day. */
export function RestDays({
  days,
  disabled,
  onChange,
}: {
  days: readonly string[]
  disabled: boolean
  onChange: (days: readonly string[]) => void
}) {
  const [date, setDate] = useState('')
  return (
    <div>
      <Group align="end" gap="xs">
        <TextInput
          type="date"
          label="Holidays"
          description="Kept as a weekend day"
          disabled={disabled}
          value={date}
          onChange={(event) => setDate(event.currentTarget.value)}
        />
        <Button
          variant="default"
          disabled={disabled || date === '' || days.includes(date)}
          onClick={() => {
            onChange([...days, date].sort())
            setDate('')
          }}
        >
          Add the day
        </Button>
      </Group>
      {days.length > 0 && (
        <Group gap="xs" mt="xs">
          {days.map((day) => (
            <Button
              key={day}
              size="compact-sm"
              variant="default"
              disabled={disabled}
              aria-label={`Take away ${day}`}
              rightSection={
                <Text span aria-hidden="true">
                  ×
                </Text>
              }
              onClick={() => onChange(days.filter((one) => one !== day))}
            >
              {day}
            </Button>
          ))}
        </Group>
      )}
    </div>
  )
}
