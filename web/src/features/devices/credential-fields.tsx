import { Checkbox, NumberInput, PasswordInput, Select, TextInput } from '@mantine/core'
import { ApiError } from '../../api.ts'
import type { Typed } from './api.ts'
import type { FormField } from './fields.ts'

type Props = {
  fields: readonly FormField[]
  typed: Typed
  error: Error | null
  onChange: (typed: Typed) => void
}

/** What was said of each field when it was sent. */
function complaintsOf(error: Error | null): ReadonlyMap<string, string> {
  const errors = (error instanceof ApiError && error.problem.errors) || []
  return new Map(errors.map(({ path, expected }) => [path.slice(path.lastIndexOf('/') + 1), expected]))
}

/** The fields of what a kind of device asks its owner for. */
export function CredentialFields({ fields, typed, error, onChange }: Props) {
  const complaints = complaintsOf(error)
  return fields.map((field) => (
    <CredentialField
      key={field.name}
      field={field}
      value={typed[field.name]}
      complaint={complaints.get(field.name)}
      onChange={(value) => onChange({ ...typed, [field.name]: value })}
    />
  ))
}

type FieldProps = {
  field: FormField
  value: Typed[string] | undefined
  complaint: string | undefined
  onChange: (value: Typed[string]) => void
}

function CredentialField({ field, value, complaint, onChange }: FieldProps) {
  const { label, required, secret, type, values } = field
  const description = [required ? undefined : 'Optional', field.description].filter(Boolean).join('. ') || undefined
  const common = { label, description, required, error: complaint }
  if (type === 'boolean')
    return (
      <Checkbox
        label={label}
        description={description}
        error={complaint}
        checked={value === true}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    )
  if (type === 'choice')
    return (
      <Select
        {...common}
        searchable={values.length > 8}
        clearable={!required}
        data={values.map(String)}
        value={value === undefined || value === '' ? null : String(value)}
        onChange={(text) => onChange(values.find((one) => String(one) === text) ?? '')}
      />
    )
  if (type === 'number')
    return (
      <NumberInput
        {...common}
        hideControls
        min={field.minimum}
        max={field.maximum}
        allowDecimal={!field.integer}
        value={typeof value === 'number' ? value : ''}
        onChange={(typed) => onChange(typed === '' ? '' : Number(typed))}
      />
    )
  const text = {
    ...common,
    maxLength: field.maxLength,
    spellCheck: false,
    value: value === undefined ? '' : String(value),
    onChange: (event: { currentTarget: { value: string } }) => onChange(event.currentTarget.value),
  }
  // A browser must not put the password of this page there.
  if (secret) return <PasswordInput {...text} autoComplete="new-password" />
  return <TextInput {...text} autoComplete="off" autoCapitalize="none" />
}
