/** Weather like Trondheim's, made up: seasons, days, fronts and noise as a function of the time and nothing else. */
import { clamp, random, round, smooth } from './noise.ts'

export type Place = { readonly latitude: number; readonly longitude: number }

export type Weather = {
  /** °C */ readonly temperature: number
  /** % */ readonly humidity: number
  /** % */ readonly cloud: number
  /** m/s */ readonly wind: number
  /** ° */ readonly windFrom: number
  /** hPa */ readonly pressure: number
  /** mm in the hour */ readonly precipitation: number
  /** W/m² on level ground */ readonly irradiance: number
}

const hour = 3_600_000
const rad = Math.PI / 180

/** Sine of the sun's height above the horizon. */
export function sunHeight({ latitude, longitude }: Place, ms: number): number {
  const day = (ms / (24 * hour)) % 365.2425
  const declination = -23.44 * rad * Math.cos((2 * Math.PI * (day + 10)) / 365.2425)
  const angle = ((((ms / hour) % 24) + longitude / 15 - 12) / 12) * Math.PI
  const phi = latitude * rad
  return Math.sin(phi) * Math.sin(declination) + Math.cos(phi) * Math.cos(declination) * Math.cos(angle)
}

export function weatherAt(seed: number, place: Place, ms: number): Weather {
  const hours = ms / hour
  const year = (hours / 24 / 365.2425) % 1
  const cloud = clamp(62 + 55 * smooth(seed + 1, hours / 17) + 25 * smooth(seed + 2, hours / 5), 0, 100)
  const clear = 1 - 0.75 * (cloud / 100) ** 3.4
  const sun = Math.max(0, sunHeight(place, ms))
  const season = 5.8 - 8.6 * Math.cos(2 * Math.PI * (year - 0.055))
  const fronts = 5.5 * smooth(seed + 3, hours / 83) + 1.8 * smooth(seed + 4, hours / 11)
  // The air is warmest two hours after the sun is highest.
  const day = 6.5 * clear * Math.max(0, sunHeight(place, ms - 2 * hour)) - 1.6 * clear
  const temperature = season + fronts + day - 0.65 * (place.latitude - 63.4)
  const rain = Math.max(0, smooth(seed + 5, hours / 7) - 0.45) * (cloud > 65 ? 4.5 : 0)
  return {
    temperature,
    humidity: clamp(78 + 0.12 * (cloud - 60) + 9 * smooth(seed + 6, hours / 13) - 14 * sun, 25, 100),
    cloud,
    wind: clamp(3.4 + 3.2 * smooth(seed + 7, hours / 19) + 1.1 * smooth(seed + 8, hours / 2), 0.1, 30),
    windFrom: (((220 + 140 * smooth(seed + 9, hours / 41)) % 360) + 360) % 360,
    pressure: 1009 + 21 * smooth(seed + 10, hours / 97),
    precipitation: rain,
    irradiance: 1030 * sun ** 1.15 * clear,
  }
}

/**
 * What a forecast issued at `issued` says of `ms`: the truth, and an error that grows with the root of the lead time and
 * hangs together from hour to hour. One issue always says the same.
 */
export function forecastAt(seed: number, place: Place, issued: number, ms: number): Weather {
  const truth = weatherAt(seed, place, ms)
  const lead = Math.sqrt(Math.max(0, (ms - issued) / hour))
  const own = seed + Math.floor(random(seed, issued / hour) * 1e6)
  const off = (nth: number, size: number) => size * lead * smooth(own + nth, ms / hour / 9)
  return {
    temperature: round(truth.temperature + off(1, 0.28), 1),
    humidity: round(clamp(truth.humidity + off(2, 1.4), 5, 100), 1),
    cloud: round(clamp(truth.cloud + off(3, 5), 0, 100), 1),
    wind: round(Math.max(0, truth.wind + off(4, 0.25)), 1),
    windFrom: round((truth.windFrom + off(5, 6) + 720) % 360, 1) % 360,
    pressure: round(truth.pressure + off(6, 0.5), 1),
    precipitation: round(Math.max(0, truth.precipitation * (1 + off(7, 0.1))), 1),
    irradiance: truth.irradiance,
  }
}
