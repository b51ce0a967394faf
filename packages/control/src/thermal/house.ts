/**
 * The house as two temperatures (TiTe): the air with what warms as fast as it, and the structure.
 *
 *     Ci dTi/dt = Hie (Te - Ti) + Hia (Ta - Ti) + Q + Aw I + Qint
 *     Ce dTe/dt = Hie (Ti - Te) + Hea (Ta - Te) + Ae I
 *
 * Temperatures in °C, heat in kW, capacities in kWh/K, conductances in kW/K, areas in m², irradiance in kW/m², time in h.
 */
import { expm, type Matrix } from './matrix.ts'

export type HouseParameters = {
  /** Heat capacity of the air and the furniture, kWh/K. */
  readonly Ci: number
  /** Heat capacity of the structure, kWh/K. */
  readonly Ce: number
  /** Conductance between the two, kW/K. */
  readonly Hie: number
  /** From the air straight to the outdoors (windows, draught), kW/K. */
  readonly Hia: number
  /** From the structure to the outdoors, kW/K. */
  readonly Hea: number
  /** Window area by which the sun warms the air, m². */
  readonly Aw: number
  /** Area by which it warms the structure, m². */
  readonly Ae: number
}

/** Ti and Te, °C. */
export type HouseState = { readonly air: number; readonly structure: number }

/** Held constant over a step. */
export type HouseInput = {
  /** Outdoor temperature, °C. */
  readonly outdoor: number
  /** Heat from the heating, kW; negative when it cools. */
  readonly heat: number
  /** Heat from people and what they use, kW. */
  readonly gains: number
  /** Irradiance, kW/m². */
  readonly sun: number
}

/** Steady heat loss coefficient of the house, kW/K. */
export const heatLoss = ({ Hia, Hie, Hea }: HouseParameters): number => Hia + 1 / (1 / Hie + 1 / Hea)

/** `dx/dt = A x`, with x = [Ti, Te]; per hour. */
export const systemMatrix = ({ Ci, Ce, Hie, Hia, Hea }: HouseParameters): Matrix => [
  [-(Hie + Hia) / Ci, Hie / Ci],
  [Hie / Ce, -(Hie + Hea) / Ce],
]

/** The two time constants in hours, the fast one first: minus one over the eigenvalues, which are real and negative. */
export function timeConstants(house: HouseParameters): readonly [fast: number, slow: number] {
  const [[a, b], [c, d]] = systemMatrix(house) as [[number, number], [number, number]]
  const half = (a + d) / 2
  const root = Math.sqrt(half * half - (a * d - b * c))
  return [-1 / (half - root), -1 / (half + root)]
}

/** Where the house ends when the input never changes. */
export function steadyState(house: HouseParameters, { outdoor, heat, gains, sun }: HouseInput): HouseState {
  const { Hie, Hia, Hea, Aw, Ae } = house
  const series = (Hie * Hea) / (Hie + Hea)
  const air = outdoor + (heat + gains + Aw * sun + (Ae * sun * Hie) / (Hie + Hea)) / (Hia + series)
  return { air, structure: (Hie * air + Hea * outdoor + Ae * sun) / (Hie + Hea) }
}

/**
 * The exact step for inputs that are constant over it, made once for a step length: `expm([[A, B], [0, 0]] dt)`. No
 * error of discretisation however long the step is.
 *
 * @param hours length of the step, h
 */
export function discretise(
  house: HouseParameters,
  hours: number,
): (state: HouseState, input: HouseInput) => HouseState {
  const { Ci, Ce, Hia, Hea, Aw, Ae } = house
  const [a, b] = systemMatrix(house) as [number[], number[]]
  // Inputs: outdoor, heat to the air, sun.
  const rows = [
    [...a, Hia / Ci, 1 / Ci, Aw / Ci],
    [...b, Hea / Ce, 0, Ae / Ce],
    [0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0],
  ].map((row) => row.map((value) => value * hours))
  const [air, structure] = expm(rows) as [number[], number[]]
  const [a0, a1, a2, a3, a4] = air as [number, number, number, number, number]
  const [s0, s1, s2, s3, s4] = structure as [number, number, number, number, number]
  return (x, { outdoor, heat, gains, sun }) => {
    const warmth = heat + gains
    return {
      air: a0 * x.air + a1 * x.structure + a2 * outdoor + a3 * warmth + a4 * sun,
      structure: s0 * x.air + s1 * x.structure + s2 * outdoor + s3 * warmth + s4 * sun,
    }
  }
}
