import { Group, Loader, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { type House, house } from '../../api.ts'
import { Trouble } from '../session/trouble.tsx'
import { useClock } from './clock.ts'
import { HouseNav } from './house-nav.tsx'
import { useLive } from './live.ts'

/** Of somebody who may look only. */
export const mayChange = ({ role }: House): boolean => role !== 'reader'

/** What such a person reads instead of what could be refused. */
export function LookOnly() {
  return (
    <Text size="sm" c="dimmed">
      You may look at this house; its owner or a resident can change things.
    </Text>
  )
}

/** What the pages of one house have in common: its name, the way to the others, and its live events. */
export function HouseFrame({
  houseId,
  title,
  lead,
  beside,
  children,
}: {
  houseId: number
  title: string
  /** One sentence under the title. */
  lead?: string
  beside?: (house: House) => ReactNode
  children: (house: House) => ReactNode
}) {
  useLive(houseId)
  useClock()
  const self = useQuery({ queryKey: ['house', houseId], queryFn: () => house(houseId) })
  // What was read before stays while the server is away; each part says that itself.
  if (self.error && !self.data)
    return (
      <Stack maw={1200} mx="auto">
        <Title order={1} size="h2">
          {title}
        </Title>
        <Trouble error={self.error} />
      </Stack>
    )
  if (!self.data) return <Loader aria-label="Loading" />
  return (
    <Stack maw={1200} mx="auto">
      <div>
        <Text size="sm" c="dimmed" className="name">
          {self.data.name}
        </Text>
        <HouseNav houseId={houseId} />
      </div>
      <Group justify="space-between" align="start">
        <div>
          <Title order={1} size="h2">
            {title}
          </Title>
          {lead && (
            <Text size="sm" c="dimmed">
              {lead}
            </Text>
          )}
        </div>
        {beside?.(self.data)}
      </Group>
      {!mayChange(self.data) && <LookOnly />}
      {children(self.data)}
    </Stack>
  )
}
