import { Alert } from '@mantine/core'
import type { ReactNode } from 'react'
import { ApiError } from '../../api.ts'

/** What went wrong, in the words of the problem; nothing while nothing did. */
export function Trouble({ error }: { error: Error | null | undefined }) {
  if (!error) return null
  const problem = error instanceof ApiError ? error.problem : undefined
  return (
    <Warning title={problem?.detail === undefined ? undefined : problem.title}>
      {problem?.detail ?? problem?.title ?? error.message}
    </Warning>
  )
}

/** A notice that a screen reader says at once. */
export function Warning({
  title,
  color = 'red',
  children,
}: {
  title?: string | undefined
  color?: string
  children: ReactNode
}) {
  return (
    <Alert color={color} role="alert" title={title}>
      {children}
    </Alert>
  )
}
