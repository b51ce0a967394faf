import { Anchor, Stack, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'

/** Where an address leads nowhere. */
export function NoPage() {
  return (
    <Stack maw={1200} mx="auto" align="start">
      <Title order={1} size="h2">
        There is no such page
      </Title>
      <Text>The address may be mistyped, or from an older version.</Text>
      <Anchor component={Link} to="/">
        To the houses
      </Anchor>
    </Stack>
  )
}
