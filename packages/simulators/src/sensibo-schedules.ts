/** Sensibo's schedules (version 1), simulated: they set the heat pump at their time, every chosen day. */

import { celsiusOf, type Pod } from './sensibo-pods.ts'
import type { Reply } from './server.ts'
import { midnightBefore, offsetAt } from './world/local-time.ts'

type Schedule = {
  readonly id: string
  readonly name: string | null
  isEnabled: boolean
  readonly targetTimeLocal: string
  readonly timezone: string
  readonly days: readonly string[]
  readonly acState: Readonly<Record<string, unknown>>
  readonly createTime: number
}

const dayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const day = 86_400_000

/** A time as version 1 writes it: UTC without saying so. */
const bare = (ms: number) => new Date(ms).toISOString().slice(0, 19)

export function makeSchedules() {
  const kept = new Map<string, Schedule[]>()
  let checked: number | undefined
  let made = 0

  /** The moments of a schedule after `from` and up to `to`, by Norwegian clocks. */
  function momentsOf({ targetTimeLocal, days }: Schedule, from: number, to: number): number[] {
    const [hours = 0, minutes = 0] = targetTimeLocal.split(':').map(Number)
    const moments: number[] = []
    for (
      let midnight = midnightBefore(from);
      midnight <= to;
      midnight = midnightBefore(midnight + day + 2 * 3_600_000)
    ) {
      const at = midnight + hours * 3_600_000 + minutes * 60_000
      const weekday = dayNames[new Date(at + offsetAt(at)).getUTCDay()]!
      if (at > from && at <= to && days.includes(weekday)) moments.push(at)
    }
    return moments
  }

  const write = (pod: Pod, one: Schedule, now: number) => {
    const next = momentsOf(one, now, now + 8 * day)[0] ?? now
    return {
      id: one.id,
      isEnabled: one.isEnabled,
      acState: one.acState,
      createTime: bare(one.createTime),
      createTimeSecondsAgo: Math.round((now - one.createTime) / 1000),
      name: one.name,
      recurringDays: one.days,
      targetTimeLocal: one.targetTimeLocal,
      timezone: one.timezone,
      podUid: pod.id,
      nextTime: bare(next),
      nextTimeSecondsFromNow: Math.round((next - now) / 1000),
    }
  }

  return {
    /** Lets everything that was due since the last time happen, in order. */
    run(pods: readonly Pod[], now: number) {
      const from = checked ?? now
      checked = now
      if (now <= from) return
      const due = pods.flatMap((pod) =>
        (kept.get(pod.id) ?? []).flatMap((one) =>
          one.isEnabled ? momentsOf(one, from, now).map((at) => ({ at, pod, acState: one.acState })) : [],
        ),
      )
      for (const { at, pod, acState } of due.sort((a, b) => a.at - b.at)) {
        const present = pod.state(at)
        const { on, mode, targetTemperature, temperatureUnit, fanLevel } = acState
        pod.set(at, {
          on: typeof on === 'boolean' ? on : present.on,
          mode: typeof mode === 'string' ? mode : present.mode,
          fanLevel: typeof fanLevel === 'string' ? fanLevel : present.fanLevel,
          targetTemperature:
            typeof targetTemperature === 'number'
              ? celsiusOf(targetTemperature, String(temperatureUnit))
              : present.targetTemperature,
        })
        pod.log.unshift({
          time: at,
          status: 'Success',
          reason: 'ScheduledCommand',
          acState: pod.state(at),
          changed: [],
        })
      }
    },
    /** `GET`, `POST`, `PUT` and `DELETE` of a pod's schedules; `undefined` for what is none of these. */
    answer(method: string, pod: Pod, id: string | undefined, body: unknown, now: number, nameless: boolean) {
      const all = kept.get(pod.id) ?? []
      const given = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
      const good = (result: unknown): Reply => ({ status: 200, body: { status: 'success', result } })
      if (id === undefined && method === 'GET') return good(all.map((one) => write(pod, one, now)))
      if (id === undefined && method === 'POST') {
        const days = Array.isArray(given.recurOnDaysOfWeek) ? given.recurOnDaysOfWeek.map(String) : []
        const time = String(given.targetTimeLocal ?? '')
        if (!/^\d\d:\d\d$/.test(time) || typeof given.timezone !== 'string' || typeof given.acState !== 'object')
          return {
            status: 400,
            body: { status: 'failed', reason: 'BadRequest', message: 'The schedule is not complete' },
          }
        const one: Schedule = {
          id: `sch${++made}`,
          name: nameless || typeof given.name !== 'string' ? null : given.name,
          isEnabled: true,
          targetTimeLocal: time,
          timezone: given.timezone,
          days: dayNames.filter((name) => days.includes(name.toLowerCase())),
          acState: given.acState as Record<string, unknown>,
          createTime: now,
        }
        kept.set(pod.id, [...all, one])
        return good(write(pod, one, now))
      }
      const one = all.find((schedule) => schedule.id === id)
      if (!one) return { status: 404, body: { status: 'failed', reason: 'NotFound', message: 'No such schedule' } }
      if (method === 'PUT') one.isEnabled = given.isEnabled !== false
      if (method === 'DELETE')
        kept.set(
          pod.id,
          all.filter((other) => other !== one),
        )
      return good(write(pod, one, now))
    },
  }
}
