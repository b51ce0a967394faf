/** What the controls of a room's heating see. All of them see the same, so one can take another's place. */
import type { Wish } from '../comfort/wish.ts'
import type { Known, Measured } from './define-control.ts'
import type { Setpoints } from './whole-steps.ts'

/** The price of power between two times. The parts are NOK/kWh without VAT. */
export type PriceStep = {
  /** ms since 1970, UTC; `to` is not part of the step. */
  readonly from: number
  readonly to: number
  readonly spot: number
  /** The grid company's energy component, and whatever else is added per kWh before VAT. */
  readonly grid: number
  /** What one more kWh costs this household, support schemes and VAT included, NOK/kWh. */
  readonly marginal?: number
}

/** A wanted room temperature between two times, as a plan hands it down. */
export type PathStep = { readonly from: number; readonly to: number; readonly temperature: number }

export type HeatingView = {
  /** ms since 1970, UTC. */
  readonly now: number
  /** The room's temperature, °C, already judged by the rules for readings. */
  readonly room: Known<Measured>
  /** What is wished for now. */
  readonly wish: Wish
  /** Whether the unit is on; `off-by-itself` when its own thermostat has paused it, `off` for any other reason. */
  readonly unit: Known<'on' | 'off-by-itself' | 'off'>
  /** The set-point the unit has, °C, and since when. */
  readonly held: Known<Measured>
  /** What the unit takes. */
  readonly setpoints: Setpoints
  /** What is decided does not reach the unit: it is only watched, control is paused, or the last command was lost. */
  readonly unheard?: boolean
  /** Known prices in time order, past ones too; empty when none are known. */
  readonly prices: readonly PriceStep[]
  /** From a plan; it takes the place of wish and price where it covers `now`. */
  readonly path?: readonly PathStep[]
  /** Electric power that holds the room one kelvin warmer, kW/K: heat-loss coefficient over COP. For next-best costs. */
  readonly powerPerKelvin?: number
}

/** The step in which a time lies. */
export const stepAt = <Step extends { readonly from: number; readonly to: number }>(
  steps: readonly Step[],
  time: number,
): Step | undefined => steps.find(({ from, to }) => from <= time && time < to)
