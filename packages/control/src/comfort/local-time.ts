/** The local calendar of a zone, for what people set by the clock on their wall. */

export type LocalTime = {
  /** YYYY-MM-DD. */
  readonly date: string
  /** 1 Monday … 7 Sunday. */
  readonly weekday: number
  /** 0 … 23, as the wall clock shows it: one is missing on the day with 23 hours, one comes twice on that with 25. */
  readonly hour: number
  readonly minute: number
}

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

/**
 * What the wall clock shows.
 *
 * @param time ms since 1970, UTC
 * @param zone IANA name, such as Europe/Oslo
 * @throws RangeError when there is no such zone, or the time is not one
 */
export function localTime(time: number, zone: string): LocalTime {
  const part: Record<string, string> = {}
  for (const { type, value } of formOf(zone).formatToParts(time)) part[type] = value
  const date = `${part.year}-${part.month}-${part.day}`
  return {
    date,
    weekday: new Date(`${date}T00:00:00Z`).getUTCDay() || 7,
    hour: Number(part.hour),
    minute: Number(part.minute),
  }
}

/** `07:05`. */
export function clockOf(time: number, zone: string): string {
  const { hour, minute } = localTime(time, zone)
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
}
