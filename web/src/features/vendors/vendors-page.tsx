import { Badge, Card, Group, Loader, Progress, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ago } from '../houses/words.ts'
import { Trouble } from '../session/trouble.tsx'
import { type Budget, type Incident, type Vendor, vendorsQuery } from './api.ts'

/** The vendors: who works, who has trouble, and, for an admin, what is used of what each allows. */
export function VendorsPage() {
  const known = useQuery(vendorsQuery)
  if (known.error) return <Trouble error={known.error} />
  if (!known.data) return <Loader aria-label="Loading" />
  const sorted = known.data.toSorted(
    (a, b) => Number(b.state === 'incident') - Number(a.state === 'incident') || b.devices - a.devices,
  )
  return (
    <Stack maw={900} mx="auto">
      <div>
        <Title order={1} size="h2">
          Vendors
        </Title>
        <Text c="dimmed">When many houses lose one vendor at the same time it is shown here, as one incident.</Text>
      </div>
      <Stack component="ul" gap="xs" m={0} p={0} style={{ listStyle: 'none' }}>
        {sorted.map((vendor) => (
          <VendorCard key={vendor.vendor} vendor={vendor} />
        ))}
      </Stack>
    </Stack>
  )
}

const named = (vendor: string) => vendor.charAt(0).toUpperCase() + vendor.slice(1)
const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`

function VendorCard({
  vendor: { vendor, integrations, devices, houses, state, incident, incidents, budgets },
}: {
  vendor: Vendor
}) {
  const [last] = incidents
  return (
    <Card component="li" withBorder padding="sm">
      <Group justify="space-between" wrap="nowrap">
        <div>
          <Text fw={600}>{named(vendor)}</Text>
          <Text size="xs" c="dimmed">
            {integrations.join(', ')}
            {devices > 0 ? ` · ${counted(devices, 'device')} in ${counted(houses, 'house')}` : ' · not used'}
          </Text>
        </div>
        <Badge color={state === 'working' ? 'teal' : 'orange'} variant="light" autoContrast tt="none">
          {state === 'working' ? 'working' : 'has trouble'}
        </Badge>
      </Group>
      {incident && (
        <Text size="sm" mt="xs">
          Since {ago(incident.since)}: {hit(incident)}
        </Text>
      )}
      {!incident && last && (
        <Text size="xs" c="dimmed" mt={4}>
          Last trouble {ago(last.until ?? last.since)}: {hit(last)}
        </Text>
      )}
      {budgets && budgets.length > 0 && (
        <Stack gap={6} mt="sm">
          {budgets.map((budget) => (
            <BudgetLine key={budget.account ?? ''} vendor={vendor} budget={budget} />
          ))}
        </Stack>
      )}
    </Card>
  )
}

const hit = ({ reason, devices, houses }: Incident) =>
  `${reason} (${counted(devices, 'device')} in ${counted(houses, 'house')})`

/** How much of an account's calls is used, and whether the vendor made it pause. */
function BudgetLine({ vendor, budget }: { vendor: string; budget: Budget }) {
  const { account, used, limit, window, paused_until: paused } = budget
  const who = account === null ? 'All accounts together' : `Account ${account.slice(0, 8)}`
  const share = limit === null ? 0 : Math.min(100, (used / limit) * 100)
  return (
    <div>
      <Group justify="space-between" gap="xs">
        <Text size="xs">{who}</Text>
        <Text size="xs" className="reading">
          {limit === null ? `${used} calls` : `${used} of ${limit} calls in ${lasting(window ?? 0)}`}
          {paused ? `, paused until ${new Date(paused).toLocaleTimeString()}` : ''}
        </Text>
      </Group>
      {limit !== null && (
        <Progress
          value={share}
          color={share > 80 ? 'orange' : 'teal'}
          size="sm"
          aria-label={`${named(vendor)}, ${who}`}
        />
      )}
    </div>
  )
}

const lasting = (seconds: number): string => {
  if (seconds < 120) return `${seconds} s`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}
