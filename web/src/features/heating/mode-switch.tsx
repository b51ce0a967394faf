import { Input, SegmentedControl, Text } from '@mantine/core'
import { type Mode, modes } from './api.ts'
import { modeWords } from './words.ts'

/** Observe, advise or control; one press, and the line below says what it means. */
export function ModeSwitch({
  name,
  mode,
  disabled,
  onSet,
}: {
  name: string
  mode: Mode
  disabled: boolean
  onSet: (mode: Mode) => void
}) {
  return (
    <Input.Wrapper label="Mode" labelElement="div">
      <SegmentedControl
        mt={4}
        fullWidth
        aria-label={`Mode: ${name}`}
        disabled={disabled}
        data={modes.map((value) => ({ value, label: modeWords[value].label }))}
        value={mode}
        onChange={(value) => onSet(value as Mode)}
      />
      <Text size="xs" c="dimmed" mt={4}>
        {modeWords[mode].meaning}
      </Text>
    </Input.Wrapper>
  )
}
