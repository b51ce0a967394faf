/**
 * What is believed of a house before its data are seen, by floor area and year. Log-normal: `deviation` is in ln units.
 * From the building rules (TEK10, TEK17) and published models of single-family houses; wide on purpose.
 */
import type { HouseParameters } from '../thermal/index.ts'

export type Prior = { readonly mean: number; readonly deviation: number }

export type HouseFacts = {
  /** m²; without it that of a usual house, and everything twice as uncertain. */
  readonly area?: number
  /** Year built or last insulated. */
  readonly built?: number
}

export const parameterNames = ['Ci', 'Ce', 'Hie', 'Hia', 'Hea', 'Aw', 'Ae'] as const
export type Priors = Readonly<Record<(typeof parameterNames)[number], Prior>>

const usualArea = 120

/** Heat loss by floor area, kW/(K m²). */
function lossOf(built: number | undefined): Prior {
  if (built === undefined) return { mean: 1.1e-3, deviation: 0.6 }
  if (built >= 2010) return { mean: 0.65e-3, deviation: 0.4 }
  if (built >= 1980) return { mean: 1.1e-3, deviation: 0.4 }
  return { mean: 1.75e-3, deviation: 0.4 }
}

export function priorsOf({ area, built }: HouseFacts): Priors {
  // A bathroom of 4 m² is a room too.
  const known = area !== undefined && area >= 1 && area <= 10_000
  const floor = known ? area : usualArea
  const wider = known ? 1 : 2
  const loss = lossOf(built)
  const each = (mean: number, deviation: number): Prior => ({ mean: mean * floor, deviation: deviation * wider })
  return {
    Ci: each(0.015, 0.5),
    Ce: each(0.05, 0.5),
    Hie: each(0.012, 0.7),
    Hia: each(loss.mean * 0.35, loss.deviation + 0.4),
    Hea: each(loss.mean * 0.7, loss.deviation + 0.2),
    Aw: each(0.03, 0.8),
    Ae: each(0.03, 0.8),
  }
}

/** A house as believed before its data are seen. */
export const usualHouse = (facts: HouseFacts): HouseParameters => {
  const { Ci, Ce, Hie, Hia, Hea, Aw, Ae } = priorsOf(facts)
  return {
    Ci: Ci.mean,
    Ce: Ce.mean,
    Hie: Hie.mean,
    Hia: Hia.mean,
    Hea: Hea.mean,
    Aw: Aw.mean,
    Ae: Ae.mean,
  }
}
