/** An air-to-air heat pump: how much heat a kilowatt of electricity gives, and how much there is at most. */

export type HeatPump = {
  /** Coefficient of performance at 0 °C outdoors. */
  readonly c0: number
  /** Its rise per kelvin outdoors, 1/K. */
  readonly c1: number
  /** Most heat at +7 °C outdoors, kW. */
  readonly capacity: number
  /** Loss of capacity per kelvin below +7 °C, as a share. */
  readonly fading: number
  /** From rest to full heat its thermostat takes so many kelvin, from half a kelvin below the room on; 2 when absent. */
  readonly band?: number
}

export const usualHeatPump: HeatPump = { c0: 3.4, c1: 0.075, capacity: 6, fading: 0.02 }

/**
 * Heat per electricity at an outdoor temperature in °C; between 1 and 6. Defrosting takes a tenth between -5 and +4 °C
 * in humid air.
 *
 * @param humidity relative humidity outdoors, %; without it no defrosting
 */
export function cop({ c0, c1 }: HeatPump, outdoor: number, humidity = 0): number {
  const dry = Math.min(6, Math.max(1, c0 + c1 * outdoor))
  return outdoor > -5 && outdoor < 4 && humidity > 80 ? Math.max(1, dry * 0.9) : dry
}

/** Most heat in kW at an outdoor temperature in °C; never below a fifth of the rated. */
export const mostHeat = ({ capacity, fading }: HeatPump, outdoor: number): number =>
  capacity * Math.max(0.2, 1 - fading * Math.max(0, 7 - outdoor))

export const usualBand = 2
/** Below this share the compressor stands. */
const leastShare = 0.12

/**
 * The share of its most heat that a unit gives by its own thermostat.
 *
 * @param above K that its set-point is above the room
 * @param band as in `HeatPump`, K
 */
export function shareOfHeat(above: number, band = usualBand): number {
  const share = Math.min(1, Math.max(0, (above + 0.5) / band))
  return share < leastShare ? 0 : share
}
