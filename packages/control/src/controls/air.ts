/** How good the air is, from whichever of its readings are known, in three bands with a hysteresis. */
import { isNumber, type Known, type Measured, type Saw } from './define-control.ts'
import type { VentilationSettings, VentilationView } from './ventilation.ts'

export type Band = 'good' | 'fair' | 'poor'
const order: readonly Band[] = ['good', 'fair', 'poor']

/** A band is left this share below where it is entered. */
const hysteresis = 0.1

/**
 * The band of a value, given the one it was in.
 *
 * @param fair where fair begins
 * @param poor where poor begins
 */
export function bandOf(value: number, fair: number, poor: number, before: Band = 'good'): Band {
  const from = (limit: number, band: Band) =>
    order.indexOf(before) >= order.indexOf(band) ? limit * (1 - hysteresis) : limit
  if (value >= from(poor, 'poor')) return 'poor'
  return value >= from(fair, 'fair') ? 'fair' : 'good'
}

/** Water vapour in air, g/m³ (Magnus formula); from °C and relative humidity in %. */
export const vapour = (temperature: number, humidity: number): number =>
  (216.7 * (humidity / 100) * 6.112 * Math.exp((17.62 * temperature) / (243.12 + temperature))) / (273.15 + temperature)

export type AirNeeds = {
  readonly worst: Known<Band>
  readonly bands: Readonly<Record<string, Band>>
  readonly because: string
  /** Whether airing in advance would change anything: CO₂ or TVOC clearly above fresh air. */
  readonly hasSomethingToAir: boolean
  readonly saw: Saw
}

/** Judges each reading that is known; moist air counts only while the air outdoors is drier. */
export function airNeeds(
  view: VentilationView,
  settings: VentilationSettings,
  before: Readonly<Record<string, Band>>,
): AirNeeds {
  const values = { co2: numberIn(view.co2, leastCo2), tvoc: numberIn(view.tvoc), humidity: numberIn(view.humidity) }
  const bands: Record<string, Band> = {}
  if (values.co2 !== null) bands.co2 = bandOf(values.co2, settings.co2Fair, settings.co2Poor, before.co2)
  if (values.tvoc !== null) bands.tvoc = bandOf(values.tvoc, settings.tvocFair, settings.tvocPoor, before.tvoc)
  if (values.humidity !== null)
    bands.humidity = airsDry(view)
      ? bandOf(values.humidity, settings.humidityFair, settings.humidityPoor, before.humidity)
      : 'good'
  const worst = Object.entries(bands).toSorted(([, a], [, b]) => order.indexOf(b) - order.indexOf(a))[0]
  return {
    worst: worst ? worst[1] : 'unknown',
    bands,
    because: worst ? sentenceOf(worst[0], worst[1], values) : 'Nothing is known of the air',
    hasSomethingToAir: (values.co2 ?? 0) > (420 + settings.co2Fair) / 2 || (values.tvoc ?? 0) > settings.tvocFair / 2,
    saw: values,
  }
}

/** Air outdoors has 420 ppm: a sensor that shows much less is broken, or not warm yet. */
const leastCo2 = 250

const numberIn = (measured: Known<Measured>, least = 0) =>
  measured === 'unknown' || !isNumber(measured.value) || measured.value < least ? null : measured.value

/** Without readings of outdoors it is supposed so, which holds for a heated house. */
function airsDry({ indoor, outdoor, humidity, outdoorHumidity }: VentilationView): boolean {
  if (indoor === 'unknown' || outdoor === 'unknown' || humidity === 'unknown' || outdoorHumidity === 'unknown')
    return true
  return vapour(outdoor.value, outdoorHumidity.value) < vapour(indoor.value, humidity.value) - 0.5
}

const names: Readonly<Record<string, readonly [name: string, unit: string]>> = {
  co2: ['CO₂', 'ppm'],
  tvoc: ['Volatile compounds', 'ppb'],
  humidity: ['Humidity', '%'],
}

function sentenceOf(which: string, band: Band, values: Readonly<Record<string, number | null>>): string {
  if (band === 'good') return 'The air is good, so the least flow is enough'
  const [name, unit] = names[which] ?? [which, '']
  const value = `${name} is ${Math.round(values[which] ?? 0)} ${unit}`
  return band === 'poor' ? `${value}, so all the air there is` : `${value}, so some more air`
}
