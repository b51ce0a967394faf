/**
 * A house's ventilation unit: a rotating heat exchanger, two fans and a small heater. What it does is a function of the
 * time and of what it was told when; it takes the air of the simulated rooms as it finds it.
 */
import type { LivingHouse } from './house.ts'
import { clamp, random, round, seedOf, smooth } from './noise.ts'
import { type Place, weatherAt } from './weather.ts'

/** As the vendor numbers them, from zero. */
export const ventilationModes = ['auto', 'manual', 'crowded', 'refresh', 'fireplace', 'away', 'holiday'] as const
export type VentilationMode = (typeof ventilationModes)[number]

/** What somebody set. */
export type VentilationSettings = {
  readonly mode: VentilationMode
  /** 0 off, 2 low, 3 normal, 4 high: what counts in manual mode. */
  readonly level: number
  /** °C of the supply air. */
  readonly setpoint: number
  /** Minutes of the timed modes. */
  readonly refresh: number
  readonly crowded: number
  readonly fireplace: number
}

export type VentilationAir = {
  readonly mode: VentilationMode
  /** Seconds left of a timed mode; 0 otherwise. */
  readonly left: number
  /** 0 off to 5 at most. */
  readonly airflow: number
  /** % of full speed. */
  readonly supplyShare: number
  readonly extractShare: number
  /** Turns a minute. */
  readonly supplyRotation: number
  readonly extractRotation: number
  /** °C */
  readonly supply: number
  readonly extract: number
  readonly outdoor: number
  /** % of the extract air. */
  readonly humidity: number
  /** ppm of the extract air. */
  readonly co2: number
  /** Seconds until the filter is due. */
  readonly filter: number
}

export type Ventilation = {
  settingsAt(ms: number): VentilationSettings
  /** From then on; a timed mode begins anew when its mode is named. */
  set(ms: number, settings: Partial<VentilationSettings>): void
  airAt(ms: number): VentilationAir
}

type Change = { readonly at: number; readonly settings: VentilationSettings; readonly before: VentilationMode }

const minute = 60_000
const usual: VentilationSettings = { mode: 'auto', level: 3, setpoint: 18, refresh: 30, crowded: 180, fireplace: 15 }
const shares = [0, 20, 35, 50, 75, 100] as const
const timed = (mode: VentilationMode): mode is 'refresh' | 'crowded' | 'fireplace' =>
  mode === 'refresh' || mode === 'crowded' || mode === 'fireplace'
/** The air follows a new set-point and a new speed with this time constant. */
const settles = 3 * minute
const filterLasts = 365 * 86_400

export function makeVentilation(
  {
    house,
    climateAt,
  }: Pick<LivingHouse, 'climateAt'> & {
    readonly house: Place & { readonly name: string; readonly rooms: readonly unknown[] }
  },
  worldSeed: number,
  worldStart: number,
): Ventilation {
  const seed = worldSeed + seedOf(`${house.name} ventilation`)
  const changes: Change[] = [{ at: Number.NEGATIVE_INFINITY, settings: usual, before: 'auto' }]
  const changeAt = (ms: number): Change => changes.findLast(({ at }) => at <= ms) ?? changes[0]!

  const leftOf = ({ at, settings }: Change, ms: number): number =>
    timed(settings.mode) ? Math.max(0, settings[settings.mode] * 60 - (ms - at) / 1000) : 0

  /** The mode at a time: a timed one goes back to what was before it. */
  const modeOf = (change: Change, ms: number): VentilationMode =>
    timed(change.settings.mode) && leftOf(change, ms) === 0 ? change.before : change.settings.mode

  const levelAt = (change: Change, ms: number): number => {
    const mode = modeOf(change, ms)
    if (mode === 'manual') return change.settings.level
    if (mode === 'refresh' || mode === 'crowded') return mode === 'refresh' ? 5 : 4
    if (mode === 'away' || mode === 'holiday') return 1
    return 3
  }

  const roomAt = (ms: number) => {
    const climates = house.rooms.map((_, room) => climateAt(room, ms))
    const mean = (of: (climate: { temperature: number; humidity: number }) => number) =>
      climates.reduce((sum, climate) => sum + of(climate), 0) / Math.max(1, climates.length)
    return climates.length === 0
      ? { temperature: 21, humidity: 35 }
      : { temperature: mean(({ temperature }) => temperature), humidity: mean(({ humidity }) => humidity) }
  }

  /** Recovered heat, and the heater for what is missing: it lifts the air by 8 K at most. */
  const supplyFor = (change: Change, ms: number, extract: number, outdoor: number): number => {
    const level = levelAt(change, ms)
    if (level === 0) return extract
    const recovered = outdoor + (0.86 - 0.025 * level) * (extract - outdoor)
    return clamp(change.settings.setpoint, Math.min(outdoor, recovered), recovered + 8)
  }

  return {
    settingsAt: (ms) => ({ ...changeAt(ms).settings, mode: modeOf(changeAt(ms), ms) }),
    set: (ms, wanted) => {
      const last = changeAt(ms)
      const present = modeOf(last, ms)
      const settings = { ...last.settings, mode: present, ...wanted }
      // What only sets a number leaves a timed mode running.
      if (wanted.mode === undefined && timed(present)) changes.push({ ...last, settings })
      else changes.push({ at: ms, settings, before: timed(present) ? last.before : present })
      if (changes.length > 500) changes.splice(0, 100)
    },
    airAt: (ms) => {
      const change = changeAt(ms)
      const earlier = changes[changes.lastIndexOf(change) - 1]
      const { temperature: extract, humidity } = roomAt(ms)
      const outdoor = weatherAt(worldSeed, house, ms).temperature
      const share = earlier ? Math.exp(-(ms - change.at) / settles) : 0
      const blend = (of: (change: Change) => number) =>
        share < 0.01 || !earlier ? of(change) : share * of(earlier) + (1 - share) * of(change)
      const level = levelAt(change, ms)
      const speed = shares[level] ?? 50
      const wobble = 1.5 * smooth(seed, ms / 40_000)
      const turning = speed === 0 ? 0 : 1
      const crowd = 420 + 330 * Math.max(0, smooth(seed + 1, ms / 9_000_000))
      return {
        mode: modeOf(change, ms),
        left: Math.round(leftOf(change, ms)),
        airflow: level,
        supplyShare: speed,
        extractShare: turning * Math.max(0, speed - 3),
        supplyRotation: turning * Math.round(39 * (speed + wobble)),
        extractRotation: turning * Math.round(37 * (speed - 3 + wobble)),
        supply: round(
          blend((one) => supplyFor(one, ms, extract, outdoor)) + 0.05 * random(seed, Math.floor(ms / minute)),
          1,
        ),
        extract: round(extract, 1),
        outdoor: round(outdoor, 1),
        humidity: Math.round(humidity),
        co2: Math.round(crowd - 1.5 * (speed - 50)),
        filter: Math.max(0, Math.round(filterLasts - ((ms - worldStart) / 1000 + 40 * 86_400))),
      }
    },
  }
}
