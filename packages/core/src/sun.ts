/** Where the sun stands, and when it rises. The Astronomical Almanac's short formulae: good to a minute of arc. */

/** Degrees north and east. */
export type Place = { readonly latitude: number; readonly longitude: number }

export type SunPosition = {
  /** ° from straight above; over 90 the sun is down. */
  readonly zenith: number
  /** °; 0 is north, positive towards west, as in the group `solarRadiation`. */
  readonly azimuth: number
}

/** A day of the sun at a place: from rise to set (ms since the epoch), or without either. */
export type Daylight = { readonly noon: number } & (
  | { readonly kind: 'day'; readonly rise: number; readonly set: number }
  | { readonly kind: 'always-up' }
  | { readonly kind: 'always-down' }
)

const rad = Math.PI / 180
const day = 86_400_000
const epoch = Date.UTC(2000, 0, 1, 12)
/** The upper edge of the sun at the horizon, lifted by the air. */
const atHorizon = 90.833

/** °, from −180 up to 180. */
const wrap = (degrees: number): number => degrees - 360 * Math.ceil((degrees - 180) / 360)

function equatorial(ms: number) {
  const days = (ms - epoch) / day
  const anomaly = (357.529 + 0.98560028 * days) * rad
  const longitude = (280.459 + 0.98564736 * days + 1.915 * Math.sin(anomaly) + 0.02 * Math.sin(2 * anomaly)) * rad
  const tilt = (23.439 - 0.00000036 * days) * rad
  return {
    declination: Math.asin(Math.sin(tilt) * Math.sin(longitude)),
    ascension: Math.atan2(Math.cos(tilt) * Math.sin(longitude), Math.cos(longitude)) / rad,
    sidereal: 15 * ((18.697374558 + 24.06570982441908 * days) % 24),
  }
}

/** °, 0 when the sun is highest, positive in the afternoon. */
function hourAngle({ longitude }: Place, ms: number): number {
  const { sidereal, ascension } = equatorial(ms)
  return wrap(sidereal + longitude - ascension)
}

/** Where the sun stands at a time (ms since the epoch); without the air's lift. */
export function sunAt(place: Place, ms: number): SunPosition {
  const { declination } = equatorial(ms)
  const angle = hourAngle(place, ms) * rad
  const latitude = place.latitude * rad
  const height =
    Math.sin(latitude) * Math.sin(declination) + Math.cos(latitude) * Math.cos(declination) * Math.cos(angle)
  const fromSouth = Math.atan2(
    Math.sin(angle) * Math.cos(declination),
    Math.cos(angle) * Math.sin(latitude) * Math.cos(declination) - Math.sin(declination) * Math.cos(latitude),
  )
  return { zenith: Math.acos(Math.min(1, Math.max(-1, height))) / rad, azimuth: wrap(180 - fromSouth / rad) }
}

/** The day whose noon (the sun's, not the clock's) is nearest to the time (ms since the epoch). */
export function daylightAt(place: Place, ms: number): Daylight {
  const towards = (from: number, angle: number) =>
    from + (wrap(angle - hourAngle(place, from)) / 360.98565) * (day * 1.0027379)
  const noon = towards(towards(ms, 0), 0)
  const edge = (sign: 1 | -1): number | 'always-up' | 'always-down' => {
    let at = noon
    for (let round = 0; round < 4; round++) {
      const { declination } = equatorial(at)
      const latitude = place.latitude * rad
      const cosine =
        (Math.cos(atHorizon * rad) - Math.sin(latitude) * Math.sin(declination)) /
        (Math.cos(latitude) * Math.cos(declination))
      if (cosine > 1) return 'always-down'
      if (cosine < -1) return 'always-up'
      at = noon + sign * (Math.acos(cosine) / rad / 360) * day
    }
    return at
  }
  const rise = edge(-1)
  const set = edge(1)
  if (typeof rise === 'number' && typeof set === 'number') return { kind: 'day', noon, rise, set }
  const kind = typeof rise === 'string' ? rise : (set as 'always-up' | 'always-down')
  return { kind, noon }
}
