/**
 * What a control is judged by: the key figures of BOPTEST (Building Optimization Testing Framework, "KPIs"), each a
 * function of what passed. They are plain integrals, so they hold for a twin and for what a house logged alike. Steps
 * during which a value is not known are left out; a figure of which nothing is known is null.
 */

/** A stretch of time in which the values are means. */
export type Span = {
  /** ms since 1970, UTC; `to` is not part of it. */
  readonly from: number
  readonly to: number
}

export type ZoneSpan = Span & {
  /** Mean of the air, and what was wished for, °C. */
  readonly temperature: number | null
  readonly lowest: number
  readonly highest: number
}
export type PowerSpan = Span & {
  /** Mean electric power, kW. */
  readonly power: number | null
}
export type PricedSpan = PowerSpan & {
  /** NOK/kWh. */
  readonly price: number | null
}
export type AirSpan = Span & {
  /** ppm. */
  readonly co2: number | null
}

const hour = 3_600_000
const hoursOf = ({ from, to }: Span) => (to - from) / hour

/** Sum of what is known; null when nothing is. */
function sumOf<One extends Span>(spans: readonly One[], of: (span: One) => number | null): number | null {
  let sum = 0
  let known = false
  for (const span of spans) {
    const value = of(span)
    if (value === null || !Number.isFinite(value)) continue
    sum += value
    known = true
  }
  return known ? sum : null
}

/** A sum by heated floor, m². */
export const perArea = (value: number | null, area: number | undefined): number | null =>
  value === null || area === undefined || !(area > 0) ? null : value / area

/** Thermal discomfort of one zone, K·h: how far outside its band the temperature was, over time. */
export const zoneDiscomfort = (zone: readonly ZoneSpan[]): number | null =>
  sumOf(zone, (span) =>
    span.temperature === null
      ? null
      : hoursOf(span) * Math.max(0, span.lowest - span.temperature, span.temperature - span.highest),
  )

/** `tdis_tot`, K·h per zone: the mean over the zones of which something is known. */
export function discomfort(zones: readonly (readonly ZoneSpan[])[]): number | null {
  const known = zones.map(zoneDiscomfort).filter((one) => one !== null)
  return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0) / known.length
}

/**
 * `idis_tot`, ppm·h: CO₂ above its limit, over time.
 *
 * @param most ppm
 */
export const airDiscomfort = (spans: readonly AirSpan[], most = 1000): number | null =>
  sumOf(spans, (span) => (span.co2 === null ? null : hoursOf(span) * Math.max(0, span.co2 - most)))

/** Electricity, kWh. */
export const energyOf = (spans: readonly PowerSpan[]): number | null =>
  sumOf(spans, (span) => (span.power === null ? null : hoursOf(span) * span.power))

/** `ener_tot`, kWh/m². */
export const energyUse = (spans: readonly PowerSpan[], area: number | undefined): number | null =>
  perArea(energyOf(spans), area)

/** What the electricity cost, NOK. */
export const costOf = (spans: readonly PricedSpan[]): number | null =>
  sumOf(spans, (span) => (span.power === null || span.price === null ? null : hoursOf(span) * span.power * span.price))

/** `cost_tot`, NOK/m². */
export const costOfUse = (spans: readonly PricedSpan[], area: number | undefined): number | null =>
  perArea(costOf(spans), area)

const quarter = 900_000

/**
 * Highest mean power of a whole quarter of an hour, kW; a quarter counts when all of it is known. Spans longer than a
 * quarter are taken as even.
 */
export function highestPower(spans: readonly PowerSpan[]): number | null {
  let highest: number | null = null
  let start = Number.NaN
  let energy = 0
  let known = 0
  for (const { from, to, power } of spans) {
    if (power === null || !Number.isFinite(power)) continue
    for (let at = from; at < to; ) {
      const own = Math.floor(at / quarter) * quarter
      const end = Math.min(to, own + quarter)
      if (own !== start) {
        start = own
        energy = 0
        known = 0
      }
      energy += power * (end - at)
      known += end - at
      if (known >= quarter) highest = Math.max(highest ?? Number.NEGATIVE_INFINITY, energy / known)
      at = end
    }
  }
  return highest
}

/** `pele_tot`, kW/m². */
export const peakPower = (spans: readonly PowerSpan[], area: number | undefined): number | null =>
  perArea(highestPower(spans), area)

/**
 * `emis_tot`, kgCO₂/m².
 *
 * @param intensity gCO₂/kWh at a time; null where it is not known. Without it nothing is known
 */
export const emissions = (
  spans: readonly PowerSpan[],
  area: number | undefined,
  intensity?: (at: number) => number | null,
): number | null =>
  intensity === undefined
    ? null
    : perArea(
        sumOf(spans, (span) => {
          const grams = intensity(span.from)
          return span.power === null || grams === null ? null : (hoursOf(span) * span.power * grams) / 1000
        }),
        area,
      )

/**
 * `time_rat`: mean of the time a turn took to the time between turns.
 *
 * @param spent ms of each turn
 * @param step ms from one turn to the next
 */
export const timeRatio = (spent: readonly number[], step: number): number | null =>
  spent.length === 0 ? null : spent.reduce((sum, one) => sum + one, 0) / spent.length / step

export type Travel = {
  /** How many times a set-point changed. */
  readonly moves: number
  /** By how many kelvin in all, up and down alike. */
  readonly kelvin: number
}

/** What an actuator was put through, from its set-points in the order of time; unknown ones are skipped. */
export function travel(setpoints: readonly (number | null)[]): Travel {
  let moves = 0
  let kelvin = 0
  let before: number | undefined
  for (const setpoint of setpoints) {
    if (setpoint === null || !Number.isFinite(setpoint)) continue
    const change = before === undefined ? 0 : Math.abs(setpoint - before)
    if (change > 1e-9) {
      moves++
      kelvin += change
    }
    before = setpoint
  }
  return { moves, kelvin }
}
