import { useQuery } from '@tanstack/react-query'
import { type Actuators, actuators, actuatorsKey } from '../control/api.ts'
import type { ActuatorRef } from '../heating/api.ts'
import { Warning } from '../session/trouble.tsx'
import { type Day, unknownFans } from './comfort.ts'

/** Where the fan fields find what may be typed. */
export const fanList = 'fan-levels'

/** What the unit of a room calls the steps of its fan; `undefined` while that is not known, empty where it has none. */
export function useFanLevels(houseId: number, unit: ActuatorRef | null | undefined): readonly string[] | undefined {
  const device = { name: unit?.device ?? '', count: unit?.count ?? 0 }
  const { data } = useQuery({
    queryKey: actuatorsKey(houseId, device),
    queryFn: () => actuators(houseId, device),
    enabled: Boolean(unit),
  })
  return unit && data?.known ? levelsOf(data, unit) : undefined
}

const levelsOf = ({ actuators: list }: Actuators, { capability, location }: ActuatorRef): readonly string[] => {
  const found = list.find((one) => one.capability === capability && one.location === location)
  return (found?.verbs.setFanLevel?.fanLevel?.values ?? []).map(String)
}

/** The list for the fields, and what of the days the unit would leave as it is. */
export function FanLevels({ levels, days }: { levels: readonly string[] | undefined; days: readonly Day[] }) {
  if (!levels) return null
  const unknown = unknownFans(days, levels)
  const knows = levels.length === 0 ? 'It has no fan that can be set' : `It knows ${levels.join(', ')}`
  return (
    <>
      <datalist id={fanList}>
        {levels.map((level) => (
          <option key={level} value={level} />
        ))}
      </datalist>
      {unknown.length > 0 && (
        <Warning color="orange">
          What heats this room does not know the fan setting “{unknown.join('”, “')}” and would leave its fan as it is.{' '}
          {knows}.
        </Warning>
      )}
    </>
  )
}
