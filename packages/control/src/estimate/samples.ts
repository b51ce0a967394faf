/** The history of a room on equal steps, as identification wants it. */
import type { HouseInput } from '../thermal/index.ts'

/** The temperature at `at`, and what acts from `at` to the next sample. */
export type Sample = {
  /** ms */
  readonly at: number
  /** °C; null when there was no reading. */
  readonly air: number | null
  /** null when one of them was not known. */
  readonly input: HouseInput | null
  /**
   * Where its heat is not measured but reckoned from what its unit is set to: K that the set-point is above the room, and
   * the most heat the unit could give, kW.
   */
  readonly unit?: { readonly above: number; readonly most: number }
}

export type TimedValue = { readonly time: number; readonly value: number }

export type History = {
  readonly air: readonly TimedValue[]
  readonly outdoor: readonly TimedValue[]
  /** kW */
  readonly heat: readonly TimedValue[]
  readonly gains?: readonly TimedValue[]
  /** kW/m² */
  readonly sun?: readonly TimedValue[]
  /** By what `heat` was reckoned, where it was: K above the room, and kW. */
  readonly unit?: { readonly above: readonly TimedValue[]; readonly most: readonly TimedValue[] }
}

/**
 * Means over equal steps. A step without a reading is empty; a value of the weather, which changes slowly, is held for
 * up to two hours.
 *
 * @param hours length of a step
 */
export function toSamples(history: History, hours: number): Sample[] {
  const step = hours * 3_600_000
  const times = history.air.map(({ time }) => time).filter(Number.isFinite)
  if (times.length === 0) return []
  const begin = Math.floor(times.reduce((a, b) => Math.min(a, b)) / step) * step
  const end = times.reduce((a, b) => Math.max(a, b))
  const count = Math.min(200_000, Math.floor((end - begin) / step) + 1)
  const mean = (readings: readonly TimedValue[] | undefined, shift: number, hold: number) => {
    const sums = new Float64Array(count)
    const counts = new Uint32Array(count)
    for (const { time, value } of readings ?? []) {
      const n = Math.floor((time - begin + shift) / step)
      if (n < 0 || n >= count || !Number.isFinite(value)) continue
      sums[n]! += value
      counts[n]!++
    }
    let last: number | null = null
    let age = Number.POSITIVE_INFINITY
    return Array.from(counts, (number, n) => {
      if (number > 0) {
        last = sums[n]! / number
        age = 0
      } else age += hours
      return age <= hold ? last : null
    })
  }
  // The temperature at a time is the mean of the readings around it, what acts is the mean until the next.
  const air = mean(history.air, step / 2, 0)
  const outdoor = mean(history.outdoor, 0, 2)
  const heat = mean(history.heat, 0, 0)
  const gains = history.gains ? mean(history.gains, 0, 2) : undefined
  const sun = history.sun ? mean(history.sun, 0, 2) : undefined
  const above = mean(history.unit?.above, 0, 0)
  const most = mean(history.unit?.most, 0, 0)
  return air.map((value, n) => {
    const [ta, q] = [outdoor[n] ?? null, heat[n] ?? null]
    const input =
      ta === null || q === null ? null : { outdoor: ta, heat: q, gains: gains?.[n] ?? 0, sun: sun?.[n] ?? 0 }
    const [over, full] = [above[n] ?? null, most[n] ?? null]
    return {
      at: begin + n * step,
      air: value !== null && value > -40 && value < 60 ? value : null,
      input,
      ...(over !== null && full !== null && { unit: { above: over, most: full } }),
    }
  })
}
