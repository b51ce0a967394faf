import { Alert, Button, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { setUp, signIn } from '../../api.ts'
import { setupRoute } from '../../router.tsx'

/** Where the one-time link of the first start leads: makes the first admin. */
export function SetupPage() {
  const { token } = setupRoute.useSearch()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [form, setForm] = useState({ username: '', email: '', password: '' })
  const change = (field: keyof typeof form) => (event: { currentTarget: { value: string } }) =>
    setForm({ ...form, [field]: event.currentTarget.value })
  const attempt = useMutation({
    mutationFn: async () => {
      await setUp({ token, ...form })
      await signIn(form.username, form.password)
    },
    onSuccess: async () => {
      await queries.resetQueries()
      await navigate({ to: '/' })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    attempt.mutate()
  }
  return (
    <Paper component="form" onSubmit={submit} withBorder p="xl" maw={440} mx="auto" mt="10vh">
      <Stack>
        <Title order={1} size="h2">
          Welcome
        </Title>
        <Text c="dimmed">This link works once. It makes you the operator of this server.</Text>
        <TextInput
          label="User name"
          autoComplete="username"
          required
          value={form.username}
          onChange={change('username')}
        />
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="email"
          required
          value={form.email}
          onChange={change('email')}
        />
        <PasswordInput
          label="Password"
          description="At least 10 characters"
          autoComplete="new-password"
          minLength={10}
          required
          value={form.password}
          onChange={change('password')}
        />
        {attempt.error && (
          <Alert color="red" role="alert">
            {attempt.error.message}
          </Alert>
        )}
        <Button type="submit" loading={attempt.isPending}>
          Begin
        </Button>
      </Stack>
    </Paper>
  )
}
