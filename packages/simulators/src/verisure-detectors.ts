/** The detectors of a simulated house that Verisure watches. */
import type { LivingHouse } from './world/house.ts'
import type { DemoHouse } from './world/houses.ts'
import { round, seedOf } from './world/noise.ts'
import { podTime } from './world/pod-time.ts'

export type Detector = {
  readonly label: string
  readonly area: string
  readonly kind: string
  readonly humid: boolean
  climate(ms: number): { readonly temperature: number; readonly humidity: number }
}

/** When it measured last before `ms`: about once an hour, each detector at its own minute. */
export const climateTime = ({ label }: Detector, ms: number): number => podTime(label, ms, 3_600_000)

export function readDetector({ humid, climate }: Detector, ms: number) {
  const { temperature, humidity } = climate(ms)
  return { temperature: round(temperature, 1), humidity: humid ? Math.round(humidity) : undefined }
}

export const labelOf = (text: string): string => {
  const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'
  const seed = seedOf(text)
  const chosen = Array.from({ length: 8 }, (_, n) => letters[Math.floor(seed / 7 ** n) % letters.length])
  return `${chosen.slice(0, 4).join('')} ${chosen.slice(4).join('')}`
}

/** A smoke detector in each room, and a siren in the first; under the ceiling it is a little warmer. */
export function detectorsOf(
  { name: home, rooms }: DemoHouse,
  { climateAt }: Pick<LivingHouse, 'climateAt'>,
): Detector[] {
  const under = (room: number, warmer: number) => (ms: number) => {
    const { temperature, humidity } = climateAt(room, ms)
    return { temperature: temperature + warmer, humidity }
  }
  const smoke = rooms.map(({ name }, room) => ({
    label: labelOf(`${home} ${name} smoke`),
    area: name,
    kind: 'SMOKE3',
    humid: true,
    climate: under(room, 0.6),
  }))
  const siren = {
    label: labelOf(`${home} siren`),
    area: 'Hall',
    kind: 'SIREN1',
    humid: false,
    climate: under(0, 0.9),
  }
  return [...smoke, siren]
}
