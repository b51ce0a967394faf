/** Sunlight on the ground and on roofs, out of the world's weather. */
import { sunAt } from '@nabolag/core/sun'
import { clamp, smooth } from './noise.ts'
import { forecastAt, type Place, sunHeight, type Weather, weatherAt } from './weather.ts'

/** A roof full of panels. */
export type Roof = {
  /** At the simulated Solcast. */
  readonly site: string
  readonly name: string
  /** Panels, and their inverter, W. */
  readonly peak: number
  readonly inverter: number
  /** ° from level. */
  readonly tilt: number
  /** ° that it faces; 0 is north, positive towards west. */
  readonly azimuth: number
}

export type Radiation = {
  /** W/m², on level ground: all, and what is scattered; and straight from the sun on a surface that faces it. */
  readonly ghi: number
  readonly dhi: number
  readonly dni: number
  /** °, as in the group `solarRadiation`. */
  readonly zenith: number
  readonly azimuth: number
}

const rad = Math.PI / 180
const hour = 3_600_000

/** What of all light is scattered, by how much of it comes through the air (Erbs and others, 1982). */
function scattered(clearness: number): number {
  if (clearness <= 0.22) return 1 - 0.09 * clearness
  if (clearness > 0.8) return 0.165
  return 0.9511 - 0.1604 * clearness + 4.388 * clearness ** 2 - 16.638 * clearness ** 3 + 12.336 * clearness ** 4
}

/** Splits the light on level ground by the height of the sun. */
export function radiationOf(place: Place, ms: number, ghi: number): Radiation {
  const { zenith, azimuth } = sunAt(place, ms)
  const height = Math.cos(zenith * rad)
  if (height < 0.02) return { ghi, dhi: ghi, dni: 0, zenith, azimuth }
  const dhi = ghi * scattered(ghi / (1361 * height))
  const dni = Math.min(1000, (ghi - dhi) / height)
  return { ghi, dhi, dni, zenith, azimuth }
}

/** What one roof gives, W; warm panels give less. */
export function roofPower({ peak, inverter, tilt, azimuth }: Roof, light: Radiation, temperature: number): number {
  const height = Math.cos(light.zenith * rad)
  const towards = Math.cos((light.azimuth - azimuth) * rad) * Math.sqrt(Math.max(0, 1 - height ** 2))
  const facing = height * Math.cos(tilt * rad) + towards * Math.sin(tilt * rad)
  const onto =
    light.dni * Math.max(0, facing) +
    (light.dhi * (1 + Math.cos(tilt * rad))) / 2 +
    (0.2 * light.ghi * (1 - Math.cos(tilt * rad))) / 2
  const warm = 1 - 0.004 * (temperature + 0.028 * onto - 25)
  const power = 0.92 * peak * (onto / 1000) * warm
  // Below it the inverter sleeps.
  return power < 0.004 * inverter ? 0 : Math.min(inverter, power)
}

/** What all roofs of a house give in some weather, W. */
export const roofsPower = (roofs: readonly Roof[], place: Place, ms: number, weather: Weather): number => {
  const light = radiationOf(place, ms, weather.irradiance)
  return roofs.reduce((sum, roof) => sum + roofPower(roof, light, weather.temperature), 0)
}

/** One step of the forecast: its middle, and the cloudy and the clear case that nine in ten days lie between. */
export type SolarForecast = { readonly temperature: number; readonly cloud: number } & Readonly<
  Record<'middle' | 'low' | 'high', Radiation>
>

/**
 * What a forecast issued at `issued` says of the time: the truth and an error that grows with the lead. The truth lies
 * between `low` and `high` most of the time.
 */
export function solarForecastAt(seed: number, place: Place, issued: number, ms: number): SolarForecast {
  const { cloud, temperature } = forecastAt(seed, place, issued, ms)
  const lead = Math.sqrt(Math.max(0.25, (ms - issued) / hour))
  const width = clamp(3 + 5 * lead + 3 * smooth(seed + 81, ms / hour / 6), 2, 45)
  const through = (share: number) => radiationOf(place, ms, irradianceThrough(place, ms, clamp(share, 0, 100)))
  return { temperature, cloud, middle: through(cloud), low: through(cloud + width), high: through(cloud - width) }
}

/** The weather's own rule, W/m² on level ground under so much cloud (%). */
const irradianceThrough = (place: Place, ms: number, cloud: number): number =>
  1030 * Math.max(0, sunHeight(place, ms)) ** 1.15 * (1 - 0.75 * (cloud / 100) ** 3.4)

/** The mean over a period of what roofs really gave, W. */
export const roofsMean = (roofs: readonly Roof[], seed: number, place: Place, from: number, length: number): number =>
  [1, 3, 5]
    .map((sixth) => from + (sixth * length) / 6)
    .reduce((sum, ms) => sum + roofsPower(roofs, place, ms, weatherAt(seed, place, ms)) / 3, 0)
