import { Accordion, Badge, Button, Group, Loader, Select, Stack, Switch, Text, Title } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { receiptsRoute } from '../../router.tsx'
import { control, controlKey } from '../heating/api.ts'
import { describeSet, nameOf, withoutClock } from '../heating/words.ts'
import { HouseFrame } from '../houses/house-frame.tsx'
import { clockOf, dateOf, dayName } from '../houses/zone-time.ts'
import { Trouble } from '../session/trouble.tsx'
import { type KeptReceipt, pageLength, receipts } from './api.ts'
import { ReceiptDetails } from './receipt-details.tsx'

/** Every decision, newest first: a sentence each, and on demand what it rests on. */
export function ReceiptsPage() {
  const houseId = Number(receiptsRoute.useParams().houseId)
  const { loop, sent = false } = receiptsRoute.useSearch()
  const navigate = receiptsRoute.useNavigate()
  const state = useQuery({ queryKey: controlKey(houseId), queryFn: () => control(houseId) })
  const list = useInfiniteQuery({
    queryKey: ['receipts', houseId, loop, sent],
    queryFn: ({ pageParam }) => receipts(houseId, { loop, sent, before: pageParam }),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page: KeptReceipt[]) => (page.length < pageLength ? undefined : page.at(-1)?.id),
    refetchInterval: 60_000,
  })
  const choices = (state.data?.loops ?? []).map((one) => ({ value: String(one.id), label: nameOf(one) }))
  const show = (change: { loop?: number | undefined; sent?: boolean }) =>
    navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false })
  return (
    <HouseFrame
      houseId={houseId}
      title="Receipts"
      lead="Every decision about your heating, and why. Press one to see what it rests on."
    >
      {({ timezone: zone }) => (
        <Stack>
          <Group>
            <Select
              aria-label="Room"
              placeholder="All rooms"
              clearable
              clearButtonProps={{ 'aria-label': 'All rooms' }}
              data={choices}
              value={loop === undefined ? null : String(loop)}
              onChange={(value) => show({ loop: value === null ? undefined : Number(value) })}
            />
            <Switch
              label="Only changes"
              checked={sent}
              onChange={(event) => show({ sent: event.currentTarget.checked })}
            />
          </Group>
          <Trouble error={list.error} />
          {list.isPending && <Loader aria-label="Loading" />}
          {list.data?.pages[0]?.length === 0 && (
            <Text c="dimmed">
              {sent
                ? 'Nothing was changed yet.'
                : 'Nothing was decided yet. A room that is looked after gets a receipt every five minutes.'}
            </Text>
          )}
          {list.data && <Days list={list.data.pages.flat()} zone={zone} />}
          {list.hasNextPage && (
            <Button
              variant="default"
              w="fit-content"
              loading={list.isFetchingNextPage}
              onClick={() => list.fetchNextPage()}
            >
              Older
            </Button>
          )}
        </Stack>
      )}
    </HouseFrame>
  )
}

function Days({ list, zone }: { list: readonly KeptReceipt[]; zone: string }) {
  const [open, setOpen] = useState<string | null>(null)
  const days = Map.groupBy(list, ({ at }) => dateOf(at, zone))
  return [...days].map(([date, ofDay]) => (
    <section key={date} aria-label={dayName(`${date}T12:00:00Z`, zone)}>
      <Title order={2} size="h5" tt="capitalize">
        {dayName(ofDay[0]?.at ?? date, zone)}
      </Title>
      <Accordion chevronPosition="right" variant="contained" mt="xs" value={open} onChange={setOpen}>
        {ofDay.map((receipt) => (
          <Accordion.Item key={receipt.id} value={String(receipt.id)}>
            <Accordion.Control>
              <Group gap="xs" align="baseline" className="receipt">
                <Text span size="sm" c="dimmed" className="reading">
                  {clockOf(receipt.at, zone)}
                </Text>
                {receipt.sent && (
                  <Badge variant="light" color="teal" tt="none">
                    {describeSet(receipt.sent)}
                  </Badge>
                )}
                <Text span size="sm">
                  {withoutClock(receipt.sentence)}
                </Text>
              </Group>
            </Accordion.Control>
            <Accordion.Panel>
              {open === String(receipt.id) && <ReceiptDetails receipt={receipt} zone={zone} />}
            </Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
    </section>
  ))
}
