import { Anchor, Select, Switch } from '@mantine/core'
import { NumberField } from '../houses/number-field.tsx'
import { measure, words } from '../houses/words.ts'
import type { Setting, Values } from './api.ts'
import { unitOf } from './words.ts'

type FieldProps = {
  name: string
  setting: Setting
  value: Values[string]
  onSet: (value: Values[string]) => void
}

/** One setting by its JSON schema; where it is not as usual, the way back. */
export function SettingField({ name, setting, value, onSet }: FieldProps) {
  const isUsual = setting.default === undefined || value === setting.default
  return (
    <div>
      <Field name={name} setting={setting} value={value} onSet={onSet} />
      {!isUsual && (
        <Anchor component="button" type="button" size="xs" onClick={() => onSet(setting.default ?? null)}>
          Back to usual ({spellChoice(setting.default)})
        </Anchor>
      )}
    </div>
  )
}

function Field({ name, setting, value, onSet }: FieldProps) {
  const label = setting.title ?? words(name)
  const { minimum, maximum, enum: choices } = setting
  if (choices)
    return (
      <Select
        label={label}
        description={setting.description}
        allowDeselect={false}
        data={choices.map((one) => ({ value: String(one), label: spellChoice(one) }))}
        value={value === null ? null : String(value)}
        onChange={(text) => onSet(choices.find((one) => String(one) === text) ?? null)}
      />
    )
  if (setting.type === 'boolean')
    return (
      <Switch
        label={label}
        description={setting.description}
        checked={value === true}
        onChange={(event) => onSet(event.currentTarget.checked)}
      />
    )
  if (setting.type !== 'number' && setting.type !== 'integer') return null
  const unit = unitOf(setting)
  return (
    <NumberField
      label={label}
      description={setting.description ?? scaleOf(setting, unit)}
      placeholder={setting.default === undefined ? 'as usual' : undefined}
      suffix={unit === '' ? '' : ` ${unit}`}
      min={minimum}
      max={maximum}
      step={stepOf(setting)}
      allowDecimal={setting.type !== 'integer'}
      decimalScale={4}
      value={typeof value === 'number' ? value : undefined}
      onNumber={(number) => onSet(number ?? null)}
    />
  )
}

const scaleOf = ({ minimum, maximum }: Setting, unit: string): string | undefined =>
  minimum === undefined || maximum === undefined ? undefined : `${minimum} to ${measure(maximum, unit || null)}`

function stepOf({ type, multipleOf, minimum = 0, maximum = minimum + 10 }: Setting): number {
  if (multipleOf !== undefined) return multipleOf
  const span = maximum - minimum
  return type === 'integer' || span > 20 ? 1 : span > 2 ? 0.1 : 0.01
}

/** `error-feedback` is "Error feedback". */
const spellChoice = (value: Setting['default']): string => {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number') return measure(value, null)
  // What is no word, such as `NOK/kWh`, stays as it is.
  const text = value ?? ''
  return /^[a-z0-9-]*$/.test(text) ? words(text.replaceAll('-', ' ')) : text
}
