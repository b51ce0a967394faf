import { NumberInput, type NumberInputProps } from '@mantine/core'
import { useState } from 'react'

type Props = Omit<NumberInputProps, 'value' | 'onChange' | 'onBlur'> & {
  value: number | undefined
  onNumber: (value: number | undefined) => void
}

/** A field for a number. What is half typed, such as a minus alone, is left as it is until the field is left. */
export function NumberField({ value, onNumber, ...look }: Props) {
  const [typed, setTyped] = useState<string | number>()
  return (
    <NumberInput
      {...look}
      value={typed ?? value ?? ''}
      onChange={(next) => {
        const number = next === '' ? Number.NaN : Number(next)
        setTyped(typeof next === 'bigint' ? number : next)
        onNumber(Number.isFinite(number) ? number : undefined)
      }}
      onBlur={() => setTyped(undefined)}
    />
  )
}
