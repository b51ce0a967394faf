/** What a house has to measure and to heat its rooms with. */
import { groupOf, isForecast } from '@nabolag/core/groups'
import { useQueries, useQuery } from '@tanstack/react-query'
import { devices, newest } from '../../api.ts'
import { mayBeCommanded } from '../control/actuator-cards.tsx'
import { type Actuators, actuators, actuatorsKey } from '../control/api.ts'
import type { ActuatorRef } from '../heating/api.ts'
import { measure } from '../houses/words.ts'
import type { Sensor } from './api.ts'

export type SensorPlace = { readonly ref: Sensor; readonly label: string }
export type ActuatorPlace = { readonly ref: ActuatorRef; readonly label: string }

const outdoors = new Set(['weatherForecast', 'weatherStation'])

/** Every place that has told a temperature, with the newest one in its name. */
export function useHouseSensors(houseId: number): readonly SensorPlace[] {
  const known = useQuery({ queryKey: ['devices', houseId], queryFn: () => devices(houseId) })
  const values = useQuery({ queryKey: ['newest', houseId], queryFn: () => newest(houseId), refetchInterval: 10_000 })
  return (values.data ?? [])
    .filter(({ group, field, value }) => field === 'temperature' && typeof value === 'number' && !isOutdoors(group))
    .map(({ device, count, location, group, value, unit }) => {
      const title = titleOf(known.data ?? [], device, count)
      const label = location === '' ? title : `${location} (${title})`
      return { ref: { device, count, location, group }, label: `${label}, ${measure(value, unit)}` }
    })
    .sort((a, b) => a.label.localeCompare(b.label))
}

const isOutdoors = (group: string) => isForecast(group) || outdoors.has(group) || groupOf(group) === undefined

/** What people call a place of a device: `Stue (Heat pumps)`. */
export function usePlaceTitles(houseId: number) {
  const known = useQuery({ queryKey: ['devices', houseId], queryFn: () => devices(houseId) })
  return ({ device, count, location }: Omit<Sensor, 'group'>): string => {
    const title = titleOf(known.data ?? [], device, count)
    return location === '' ? title : `${location} (${title})`
  }
}

const titleOf = (
  known: readonly { name: string; count: number; label: string | null; title: string }[],
  name: string,
  count: number,
): string => {
  const device = known.find((one) => one.name === name && one.count === count)
  const title = device ? (device.label ?? device.title) : name
  return count > 0 ? `${title} ${count}` : title
}

/** Everything that can be commanded, as the vendors last said. */
export function useHouseActuators(houseId: number): { readonly actuators: readonly ActuatorPlace[] } {
  const known = useQuery({ queryKey: ['devices', houseId], queryFn: () => devices(houseId) })
  const list = (known.data ?? []).filter(mayBeCommanded)
  return useQueries({
    queries: list.map((device) => ({
      queryKey: actuatorsKey(houseId, device),
      queryFn: () => actuators(houseId, device),
      // Nothing is known until the vendor has answered.
      refetchInterval: ({ state: { data } }: { state: { data?: Actuators | undefined } }) =>
        data?.known ? 60_000 : 3000,
    })),
    combine: (answers) => ({
      actuators: answers.flatMap(({ data }, index): ActuatorPlace[] => {
        const device = list[index]
        if (!data || !device) return []
        const title = titleOf(list, device.name, device.count)
        return data.actuators.map(({ capability, location }) => ({
          ref: { device: device.name, count: device.count, location, capability },
          label: location === '' ? title : `${location} (${title})`,
        }))
      }),
    }),
  })
}
