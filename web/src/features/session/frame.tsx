import { Anchor, AppShell, Button, Group, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import { ApiError, houses, signOut } from '../../api.ts'
import { SignIn } from './sign-in.tsx'

/** The frame around every page. Whoever is not signed in gets the form instead of the page. */
export function Frame() {
  const queries = useQueryClient()
  const { pathname } = useLocation()
  const known = useQuery({ queryKey: ['houses'], queryFn: houses, refetchInterval: 30_000 })
  const signedOut = known.error instanceof ApiError && known.error.problem.status === 403
  const leave = async () => {
    await signOut()
    await queries.resetQueries()
  }
  return (
    <AppShell header={{ height: 56 }} padding="md">
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Anchor component={Link} to="/" underline="never" c="inherit">
            <Group gap="xs">
              <img src="/icon.svg" alt="" width={28} height={28} />
              <Text fw={700} size="lg">
                Nabolag
              </Text>
            </Group>
          </Anchor>
          <Group gap="md" wrap="nowrap">
            {known.data && (
              <Anchor component={Link} to="/vendors" size="sm">
                Vendors
              </Anchor>
            )}
            <Anchor href="/api/docs" size="sm">
              API
            </Anchor>
            {known.data && (
              <Button variant="subtle" size="compact-sm" onClick={leave}>
                Sign out
              </Button>
            )}
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Main>{signedOut && pathname !== '/setup' ? <SignIn /> : <Outlet />}</AppShell.Main>
    </AppShell>
  )
}
