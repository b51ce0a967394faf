import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { type Command, commandsKey } from '../control/api.ts'

type Told = { readonly name: string; readonly count: number }
type CommandTold = Told & Pick<Command, 'id' | 'state'> & { readonly reason: string | null; readonly time: string }

/** Hears the live events of a house, and has what they are about read again. The browser connects again by itself. */
export function useLive(houseId: number): void {
  const queries = useQueryClient()
  useEffect(() => {
    const stream = new EventSource(`/api/houses/${houseId}/events`)
    const again = (...queryKey: unknown[]) => queries.invalidateQueries({ queryKey })
    const hear = (event: string, act: (told: unknown) => void) =>
      stream.addEventListener(event, (message) => act(JSON.parse(message.data)))

    // What happened while nobody listened was not told.
    let heard = false
    hear('ready', () => {
      if (heard) for (const about of ['devices', 'device', 'commands', 'newest']) again(about, houseId)
      heard = true
    })
    hear('device', (told) => {
      const { name, count } = told as Told
      for (const about of ['devices', 'newest']) again(about, houseId)
      for (const about of ['device', 'log', 'actuators']) again(about, houseId, name, count)
    })
    hear('command', (told) => {
      const { name, count, id, state, reason, time } = told as CommandTold
      const key = commandsKey(houseId, { name, count })
      queries.setQueryData<Command[]>(key, (known) =>
        known?.map((one) => (one.id === id ? { ...one, state, reason, changed_at: time } : one)),
      )
      again(...key)
      // The reading that confirms a command is stored a little later than it is heard of.
      if (state === 'confirmed') for (const wait of [200, 1500, 4000]) setTimeout(() => again('newest', houseId), wait)
    })
    hear('vendor', () => again('vendors'))
    return () => stream.close()
  }, [houseId, queries])
}
