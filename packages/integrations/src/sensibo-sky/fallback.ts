/** A daily schedule that Sensibo itself keeps, for when nobody commands any more. Schedules live in version 1. */
import { VendorFailure } from '@nabolag/core'
import { type Static, Type } from 'typebox'
import { Check } from 'typebox/value'
import { Maybe } from '../schema.ts'
import type { ForPod } from './commands.ts'
import { commandFailure } from './failures.ts'
import { isSame } from './remote.ts'

const Schedule = Type.Object({
  id: Type.String(),
  name: Maybe(Type.String()),
  isEnabled: Maybe(Type.Boolean()),
  targetTimeLocal: Maybe(Type.String()),
  timezone: Maybe(Type.String()),
  recurringDays: Maybe(Type.Array(Type.String())),
  recurOnDaysOfWeek: Maybe(Type.Array(Type.String())),
  acState: Maybe(
    Type.Object({
      on: Maybe(Type.Boolean()),
      mode: Maybe(Type.String()),
      targetTemperature: Maybe(Type.Number()),
      temperatureUnit: Maybe(Type.String()),
      extra: Maybe(Type.Unknown()),
    }),
  ),
})
type Schedule = Static<typeof Schedule>
const Schedules = Type.Object({ result: Type.Array(Schedule) })

const days = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const ourName = 'Nabolag'

/** A setting in the heat pump's own unit, from a local time (HH:MM) on. */
export type Setting = { readonly at: string; readonly setting: number }

/**
 * Makes our schedules at Sensibo be just these. The owner's own stay as they are; ours that are right already too. If
 * it breaks off in between, the next call finds what is there.
 */
export async function leaveSchedule(
  { http, credentials }: ForPod,
  pod: string,
  timezone: string,
  unit: 'C' | 'F',
  settings: readonly Setting[],
): Promise<'applied'> {
  if (new Set(settings.map(({ at }) => at)).size < settings.length)
    throw new VendorFailure('rejected', 'The schedule has two temperatures for one time')
  if (!isTimezone(timezone)) throw new VendorFailure('rejected', `There is no time zone ${timezone}`)
  const address = `https://home.sensibo.com/api/v1/pods/${encodeURIComponent(pod)}/schedules/`
  const options = { query: { apiKey: credentials['api-key'] }, failureOf: commandFailure }
  const answer = await http.get(address, options)
  if (!Check(Schedules, answer)) throw new VendorFailure('changed', "Sensibo's answer for the schedules does not fit")
  const ours = answer.result.filter(isOurs)
  const right = ours.filter((one, index) => {
    const is = (wish: Setting, other: Schedule) => isAsWished(other, wish, timezone, unit)
    return settings.some((wish) => is(wish, one) && !ours.slice(0, index).some((earlier) => is(wish, earlier)))
  })
  // The new ones first: broken off, there are too many, not too few.
  for (const wish of settings)
    if (!right.some((one) => isAsWished(one, wish, timezone, unit)))
      await http.post(address, {
        ...options,
        body: {
          name: `${ourName} ${wish.at}`,
          targetTimeLocal: wish.at,
          timezone,
          recurOnDaysOfWeek: days,
          acState: { on: true, mode: 'heat', targetTemperature: wish.setting, temperatureUnit: unit },
        },
      })
  for (const { id } of ours.filter((one) => !right.includes(one)))
    await http.delete(`${address}${encodeURIComponent(id)}/`, options)
  return 'applied'
}

/**
 * By the name we give; and where Sensibo keeps no name, by what no schedule of the app is: nameless, every day, heat,
 * and without the block that the app adds.
 */
function isOurs(one: Schedule): boolean {
  if (one.name) return one.name.startsWith(ourName)
  const { on, mode, targetTemperature, extra } = one.acState ?? {}
  const plain = extra === undefined || extra === null
  return plain && isDaily(one) && on === true && isSame(mode, 'heat') && typeof targetTemperature === 'number'
}

const isAsWished = (one: Schedule, { at, setting }: Setting, timezone: string, unit: 'C' | 'F') =>
  one.isEnabled !== false &&
  one.targetTimeLocal?.slice(0, 5) === at &&
  one.timezone === timezone &&
  isDaily(one) &&
  one.acState?.on === true &&
  isSame(one.acState.mode, 'heat') &&
  one.acState.targetTemperature === setting &&
  (one.acState.temperatureUnit ?? unit) === unit

/** Written as `recurOnDaysOfWeek`, read back as `recurringDays` with capitals. */
const isDaily = ({ recurringDays, recurOnDaysOfWeek }: Schedule) =>
  new Set((recurringDays ?? recurOnDaysOfWeek ?? []).map((day) => day.toLowerCase())).size === days.length

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
