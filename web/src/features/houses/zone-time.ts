/** Times as the clock on the wall of a house shows them, whatever the zone of the browser. */

type Time = number | string

const msOf = (time: Time): number => (typeof time === 'number' ? time : Date.parse(time))

const forms = new Map<string, Intl.DateTimeFormat>()

/** A form for a zone is dear to make and never changes. */
function formOf(zone: string): Intl.DateTimeFormat {
  const made = forms.get(zone)
  if (made) return made
  const form = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  })
  forms.set(zone, form)
  return form
}

/** `2026-01-31T07:05`, as a form field for date and time wants it. */
export function wallOf(time: Time, zone: string): string {
  const part: Record<string, string> = {}
  for (const { type, value } of formOf(zone).formatToParts(msOf(time))) part[type] = value
  return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}`
}

/** `2026-01-31`. */
export const dateOf = (time: Time, zone: string): string => wallOf(time, zone).slice(0, 10)
/** `07:05`. */
export const clockOf = (time: Time, zone: string): string => wallOf(time, zone).slice(11)

/**
 * The moment at which the wall clock shows this. Where it shows it twice, the first; where it never does, as much later
 * as the clock was put forward.
 *
 * @param wall `2026-01-31T07:05`
 * @returns ms since the epoch
 */
export function momentOf(wall: string, zone: string): number {
  const asUtc = Date.parse(`${wall}:00Z`)
  const offsetAt = (moment: number) => Date.parse(`${wallOf(moment, zone)}:00Z`) - Math.floor(moment / 60_000) * 60_000
  const day = 24 * 3_600_000
  const moments = [offsetAt(asUtc - day), offsetAt(asUtc + day)].map((offset) => asUtc - offset)
  const shown = moments.filter((moment) => wallOf(moment, zone) === wall)
  return shown.length > 0 ? Math.min(...shown) : Math.max(...moments)
}

/** That many days after the local day of a time, at that clock: ms since the epoch. */
export function dayAt(time: Time, zone: string, days: number, clock: string): number {
  const noon = new Date(`${dateOf(time, zone)}T12:00:00Z`)
  noon.setUTCDate(noon.getUTCDate() + days)
  return momentOf(`${noon.toISOString().slice(0, 10)}T${clock}`, zone)
}

/** `today 07:05`, `tomorrow 07:05`, `Sat 31 Jan 07:05`. */
export function dayAndClock(time: Time, zone: string, now = Date.now()): string {
  return `${dayName(time, zone, now)} ${clockOf(time, zone)}`
}

/** `today`, `yesterday`, `tomorrow`, `Sat 31 Jan`. */
export function dayName(time: Time, zone: string, now = Date.now()): string {
  const noonOf = (moment: Time) => Date.parse(`${dateOf(moment, zone)}T12:00:00Z`)
  const days = Math.round((noonOf(time) - noonOf(now)) / 86_400_000)
  const near = ['yesterday', 'today', 'tomorrow'][days + 1]
  if (near) return near
  return new Date(noonOf(time)).toLocaleDateString('en-GB', {
    timeZone: 'UTC',
    weekday: 'short',
    day: 'numeric',
    month: 'short',
  })
}
