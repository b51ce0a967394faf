/** Norwegian civil time by the rule of the European Union, without asking a time zone table a million times. */

const lastSunday = (year: number, month: number): number => {
  const end = Date.UTC(year, month + 1, 0, 1)
  return end - new Date(end).getUTCDay() * 86_400_000
}
const rules = new Map<number, readonly [number, number]>()

function ruleOf(year: number): readonly [number, number] {
  let rule = rules.get(year)
  if (!rule) {
    rule = [lastSunday(year, 2), lastSunday(year, 9)]
    rules.set(year, rule)
  }
  return rule
}

/** The last moment before `ms` at which the clocks were put forward (spring) or back (autumn), ms. */
export function changeBefore(ms: number, season: 'spring' | 'autumn'): number {
  const year = new Date(ms).getUTCFullYear()
  const nth = season === 'spring' ? 0 : 1
  const thisYear = ruleOf(year)[nth]
  return thisYear <= ms ? thisYear : ruleOf(year - 1)[nth]
}

/** Milliseconds that Norwegian time is ahead of UTC. */
export function offsetAt(ms: number): number {
  const year = new Date(ms).getUTCFullYear()
  const [forward, back] = ruleOf(year)
  return ms >= forward && ms < back ? 7_200_000 : 3_600_000
}

/** `2025-01-14T07:30:10.000+01:00`. */
export const localIso = (ms: number): string => {
  const offset = offsetAt(ms)
  return `${new Date(ms + offset).toISOString().slice(0, -1)}+0${offset / 3_600_000}:00`
}

/** The last local midnight, ms. */
export function midnightBefore(ms: number): number {
  const local = ms + offsetAt(ms)
  const midnight = local - (((local % 86_400_000) + 86_400_000) % 86_400_000)
  return midnight - offsetAt(midnight - offsetAt(ms))
}

/** Hours since local midnight, with fraction. */
export const hourOfDay = (ms: number): number =>
  ((((ms + offsetAt(ms)) % 86_400_000) + 86_400_000) % 86_400_000) / 3_600_000

/** 0 is Sunday. */
export const weekday = (ms: number): number => new Date(ms + offsetAt(ms)).getUTCDay()

export const isoSeconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`
