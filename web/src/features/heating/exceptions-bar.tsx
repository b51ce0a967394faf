import { Button, Group, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { comfort, type Exception, type ExceptionKind, kindWords, removeException } from '../comfort/comfort.ts'
import { ExceptionDialog } from '../comfort/exception-dialog.tsx'
import { dayAndClock } from '../houses/zone-time.ts'
import { type Room, roomsKey } from '../rooms/api.ts'
import { Trouble } from '../session/trouble.tsx'

const offered: readonly ExceptionKind[] = ['boost', 'away', 'guests']

/** Boost, away and guests for all rooms of a house. */
export function ExceptionButtons({
  houseId,
  zone,
  rooms,
  disabled,
}: {
  houseId: number
  zone: string
  rooms: readonly Room[]
  disabled: boolean
}) {
  const [kind, setKind] = useState<ExceptionKind>()
  return (
    <>
      <Group gap="xs">
        {offered.map((one) => (
          <Button
            key={one}
            size="lg"
            variant="default"
            px="md"
            disabled={disabled || rooms.length === 0}
            onClick={() => setKind(one)}
          >
            {kindWords[one]}
          </Button>
        ))}
      </Group>
      {kind && (
        <ExceptionDialog houseId={houseId} zone={zone} rooms={rooms} kind={kind} onClose={() => setKind(undefined)} />
      )}
    </>
  )
}

/** One exception, in all rooms that have it. */
type Shared = { readonly exception: Exception; readonly rooms: readonly Room[] }

/** Those of one press are made one after the other. */
const pressOf = ({ kind, from, to, temperature }: Exception): string =>
  [kind, from.slice(0, 16), to.slice(0, 16), temperature].join(' ')

function sharedBy(rooms: readonly Room[], now = Date.now()): Shared[] {
  const shared = new Map<string, Shared>()
  for (const room of rooms)
    for (const exception of room.comfort.exceptions) {
      if (Date.parse(exception.to) <= now) continue
      const key = pressOf(exception)
      const others = (shared.get(key)?.rooms ?? []).filter((one) => one !== room)
      shared.set(key, { exception, rooms: [...others, room] })
    }
  return [...shared.values()].sort((a, b) => a.exception.from.localeCompare(b.exception.from))
}

/** Exceptions that hold now or will, each with what ends it. */
export function ExceptionList({
  houseId,
  zone,
  rooms,
  disabled,
}: {
  houseId: number
  zone: string
  rooms: readonly Room[]
  disabled: boolean
}) {
  const queries = useQueryClient()
  const end = useMutation({
    mutationFn: async ({ exception, rooms: having }: Shared) => {
      for (const { id } of having) {
        // By its number of now, the last one first: those behind one that goes move up.
        const { exceptions } = await comfort(houseId, id)
        for (const [index, one] of [...exceptions.entries()].reverse())
          if (pressOf(one) === pressOf(exception)) await removeException(houseId, id, index)
      }
    },
    scope: { id: `exceptions ${houseId}` },
    onSettled: () => queries.invalidateQueries({ queryKey: roomsKey(houseId) }),
  })
  const list = sharedBy(rooms)
  if (list.length === 0) return <Trouble error={end.error} />
  return (
    <div>
      {list.map((shared) => {
        const { exception, rooms: having } = shared
        const { kind, from, to, temperature } = exception
        const where = having.length === rooms.length ? '' : ` in ${having.map(({ name }) => name).join(', ')}`
        const what = `${kindWords[kind]}${where}${temperature === undefined ? '' : `, ${temperature} °C`}`
        const when = `${Date.parse(from) > Date.now() ? `from ${dayAndClock(from, zone)} ` : ''}until ${dayAndClock(to, zone)}`
        return (
          <Group key={`${kind} ${from} ${to} ${having[0]?.id}`} gap="xs">
            <Text size="sm">
              <b>{what}</b> {when}
            </Text>
            <Button
              size="compact-sm"
              variant="subtle"
              disabled={disabled}
              loading={end.isPending && end.variables === shared}
              aria-label={`End it: ${what}`}
              onClick={() => end.mutate(shared)}
            >
              End it
            </Button>
          </Group>
        )
      })}
      <Trouble error={end.error} />
    </div>
  )
}
