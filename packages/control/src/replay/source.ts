/** What a replay runs against: a twin that answers to commands, or the log of a real house that does not. */
import type { HouseSeen, LoopCommand } from '../house/types.ts'
import type { SpotEntry } from '../prices/spot.ts'
import type { Span } from './key-figures.ts'

/** What happened in a stretch of time: means over it. Not known is null. */
export type Happened = Span & {
  /** °C outdoors. */
  readonly outdoor: number | null
  /** °C of the air, by the room's id. */
  readonly rooms: Readonly<Record<number, number | null>>
  /** By the loop's id: what it was set to at the end, °C, and its electric power, kW. */
  readonly loops: Readonly<Record<number, { readonly setpoint: number | null; readonly power: number | null }>>
  /** Electric power of all heating and ventilation, kW. */
  readonly hvac: number | null
  /** Power at the meter, kW; negative is sold. */
  readonly grid: number | null
  /** ppm. */
  readonly co2?: number | null
  /** Charge of the battery at the end, %. */
  readonly charge?: number | null
}

export type Source = {
  /** For people. */
  readonly name: string
  /** Whether what is commanded changes anything. */
  readonly answers: boolean
  /** Nothing that came after `now`. Asked with times that only move on. */
  seen(now: number): HouseSeen | Promise<HouseSeen>
  take(now: number, commands: readonly LoopCommand[]): void
  /** Lets the time pass; `from` is where the last call ended. */
  pass(from: number, to: number): Happened | Promise<Happened>
  /** The prices of power itself as they came to be, for the bill. */
  spot(from: number, to: number): readonly SpotEntry[] | Promise<readonly SpotEntry[]>
}
