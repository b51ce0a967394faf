import { Text } from '@mantine/core'

/** A number, and below it what it is. */
export function Figure({ value, label }: { value: string; label: string }) {
  return (
    <div>
      <Text className="reading" fw={600}>
        {value}
      </Text>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
    </div>
  )
}
