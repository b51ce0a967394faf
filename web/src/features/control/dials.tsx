import {
  ActionIcon,
  Button,
  Group,
  Input,
  NumberInput,
  SegmentedControl,
  Select,
  Switch,
  TextInput,
} from '@mantine/core'
import { useState } from 'react'
import { measure, words } from '../houses/words.ts'
import { type Dial, describeScale, moved, nearest } from './words.ts'

type Value = string | number | boolean
type Props = {
  dial: Dial
  /** What is wanted or was read last. */
  value: Value | undefined
  disabled: boolean
  onSet: (value: Value) => void
}

/** The control of one value, whatever its kind. */
export function DialControl(props: Props) {
  switch (props.dial.kind) {
    case 'number':
      return <NumberDial {...props} />
    case 'switch':
      return <SwitchDial {...props} />
    case 'choice':
      return <ChoiceDial {...props} />
    case 'text':
      return <TextDial {...props} />
  }
}

/** Usual lengths of strong airing, minutes. */
const minutes = [15, 30, 60]

/** Less, more, or typed; sent when set is pressed, so that ten presses are one command. */
function NumberDial({ dial, value, disabled, onSet }: Props) {
  const [draft, setDraft] = useState<number>()
  const { minimum, maximum } = dial.bound
  // Minutes that are left are read to the second.
  const current = typeof value !== 'number' ? undefined : dial.unit === 'min' ? Math.round(value) : value
  const shown = draft ?? current
  const within = (wanted: number) => nearest(dial.bound, wanted)
  const move = (way: 1 | -1) => shown !== undefined && setDraft(moved(dial, shown, way))
  const set = (wanted: number) => {
    setDraft(undefined)
    onSet(within(wanted))
  }
  const changed = draft !== undefined && draft !== current
  return (
    <Input.Wrapper label={dial.label} description={describeScale(dial) || undefined} labelElement="div">
      <Group gap="xs" mt={4}>
        <Group gap={4} wrap="nowrap">
          <ActionIcon
            size={42}
            variant="default"
            aria-label={`Less: ${dial.label}`}
            disabled={disabled || shown === undefined || (minimum !== undefined && shown <= minimum)}
            onClick={() => move(-1)}
          >
            −
          </ActionIcon>
          <NumberInput
            aria-label={dial.label}
            className="dial"
            size="md"
            w={dial.unit === 'W' ? 118 : 98}
            hideControls
            withKeyboardEvents={false}
            disabled={disabled}
            min={minimum}
            max={maximum}
            suffix={dial.unit === '' ? '' : ` ${dial.unit}`}
            placeholder="–"
            value={shown ?? ''}
            onChange={(typed) => setDraft(typed === '' ? undefined : Number(typed))}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && changed) set(draft)
              const way = { ArrowUp: 1, ArrowDown: -1 } as const
              if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return
              event.preventDefault()
              move(way[event.key])
            }}
          />
          <ActionIcon
            size={42}
            variant="default"
            aria-label={`More: ${dial.label}`}
            disabled={disabled || shown === undefined || (maximum !== undefined && shown >= maximum)}
            onClick={() => move(1)}
          >
            +
          </ActionIcon>
        </Group>
        {changed && (
          <Button size="md" px="md" disabled={disabled} onClick={() => set(draft)}>
            Set {measure(within(draft), dial.unit || null)}
          </Button>
        )}
      </Group>
      {dial.unit === 'min' && (
        <Group gap={6} mt="xs">
          {minutes
            .filter((length) => length === within(length))
            .map((length) => (
              <Button key={length} size="compact-sm" variant="default" disabled={disabled} onClick={() => set(length)}>
                {length} min
              </Button>
            ))}
          {(minimum ?? 0) <= 0 && (current ?? 0) > 0 && (
            <Button size="compact-sm" variant="default" disabled={disabled} onClick={() => set(0)}>
              End it
            </Button>
          )}
        </Group>
      )}
    </Input.Wrapper>
  )
}

function SwitchDial({ dial, value, disabled, onSet }: Props) {
  return (
    <Switch
      label={dial.label}
      labelPosition="left"
      disabled={disabled}
      checked={value === true}
      onChange={(event) => onSet(event.currentTarget.checked)}
    />
  )
}

const mostSegments = 5

function ChoiceDial({ dial, value, disabled, onSet }: Props) {
  const values = dial.bound.values ?? []
  const data = values.map((one) => ({ value: String(one), label: words(String(one).replaceAll('_', ' ')) }))
  const pick = (text: string | null) => {
    const chosen = values.find((one) => String(one) === text)
    if (chosen !== undefined) onSet(chosen)
  }
  const chosen = value === undefined ? '' : String(value)
  const letters = data.reduce((sum, { label }) => sum + label.length, 0)
  if (data.length > mostSegments || letters > 26)
    return (
      <Select
        label={dial.label}
        placeholder="Not known yet"
        disabled={disabled}
        data={data}
        value={chosen === '' ? null : chosen}
        allowDeselect={false}
        onChange={pick}
        comboboxProps={{ withinPortal: true }}
      />
    )
  return (
    <Input.Wrapper label={dial.label} labelElement="div">
      <SegmentedControl
        mt={4}
        fullWidth
        size="sm"
        aria-label={dial.label}
        disabled={disabled}
        data={data}
        value={chosen}
        onChange={pick}
      />
    </Input.Wrapper>
  )
}

/** In the vendor's own words, where it does not say which there are. */
function TextDial({ dial, value, disabled, onSet }: Props) {
  const [draft, setDraft] = useState<string>()
  return (
    <Group align="end" gap="xs">
      <TextInput
        label={dial.label}
        maxLength={40}
        disabled={disabled}
        value={draft ?? (value === undefined ? '' : String(value))}
        onChange={(event) => setDraft(event.currentTarget.value)}
      />
      {draft !== undefined && draft.trim() !== '' && draft !== value && (
        <Button
          disabled={disabled}
          onClick={() => {
            setDraft(undefined)
            onSet(draft.trim())
          }}
        >
          Set
        </Button>
      )}
    </Group>
  )
}
