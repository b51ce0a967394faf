/** The plan of the next hours, and what was measured before. */
import { ask, data, type Series } from '../../api.ts'
import type { Sensor } from '../rooms/api.ts'

export type RoomPlan = {
  readonly room: number | null
  readonly name: string
  /** At the end of each step, °C. */
  readonly temperature: readonly number[]
  /** Electricity in each step, kW. */
  readonly power: readonly number[]
  readonly lower: readonly number[]
  readonly upper: readonly number[]
}
export type Limit = {
  readonly limit: string
  readonly room?: string
  readonly at: string
  /** NOK saved if it were looser by one unit there. */
  readonly worth: number
}
export type Plan = {
  readonly madeAt: string
  readonly status: string
  readonly because: string
  readonly assumed: readonly string[]
  /** Price in NOK/kWh. */
  readonly steps: readonly { readonly from: string; readonly to: string; readonly price: number }[]
  readonly rooms: readonly RoomPlan[]
  /** Of all heating, kW. */
  readonly power: readonly number[]
  readonly battery?: {
    /** kWh at the end of each step; kW. */
    readonly energy: readonly number[]
    readonly charge: readonly number[]
    readonly discharge: readonly number[]
  }
  readonly limits: readonly Limit[]
}

export const plan = (houseId: number) => ask<Plan>(`/api/houses/${houseId}/plan`)

/** What the sensor measured in a stretch of time; nothing when it measured nothing. */
export async function measured(
  houseId: number,
  { group, device, location, count }: Sensor,
  [from, to]: readonly [number, number],
  signal?: AbortSignal,
): Promise<Series | undefined> {
  const { series } = await data(
    houseId,
    {
      group,
      field: 'temperature',
      device,
      ...(location === '' ? {} : { location }),
      start: new Date(from).toISOString(),
      end: new Date(to).toISOString(),
    },
    signal,
  )
  return series.find((one) => one.count === count && one.location === location)
}
