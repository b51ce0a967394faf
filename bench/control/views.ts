/** Views for the bench: weather and prices that are never twice the same, so that no plan is the one before. */
import type { Grid, Home, View } from '@nabolag/control/mpc/index'
import { referenceHouse, withLoss } from '@nabolag/control/mpc/winters.testing'
import { usualHeatPump } from '@nabolag/control/thermal/index'

export const hour = 3_600_000
export const begin = Date.UTC(2024, 0, 10)

export function viewOf(grid: Grid, rooms: number, battery: boolean, turn: number, seed = 0): View {
  const now = begin + turn * 0.25 * hour
  let at = turn * 0.25
  const times = grid.steps.map((step) => {
    at += step
    return at
  })
  const wave = (h: number, period: number) => Math.sin((2 * Math.PI * (h + seed)) / period)
  const price = times.map((h) =>
    Math.max(0.1, 1 + 0.4 * wave(h - 3, 12) + 0.3 * wave(Math.floor(h), 7.3) + 0.3 * wave(h, 51)),
  )
  const home: Home = {
    name: 'bench',
    price,
    outdoor: times.map((h) => -4 + 4 * wave(h - 9, 24) + 2 * wave(h, 67)),
    rooms: Array.from({ length: rooms }, (_, n) => ({
      name: `room ${n + 1}`,
      house: rooms === 1 ? referenceHouse : smallRooms[n]!,
      air: 20.8 + 0.4 * wave(turn + n, 17),
      structure: 20 + 0.3 * wave(turn + n, 40),
      disturbance: 0.1 * wave(turn, 9),
      gains: [0.4 / rooms],
      lower: times.map((h) => (h % 24 < 6 ? 19 : 20)),
      upper: times.map(() => 22),
      heating: { pump: { ...usualHeatPump, power: 2.2 / Math.sqrt(rooms) }, resistance: 6 / rooms },
    })),
    ...(battery && {
      battery: { energy: 5 + 3 * wave(turn, 30), least: 1, most: 10, charge: 5, discharge: 5 },
      load: times.map((h) => 0.6 + 0.4 * wave(h, 24)),
      solar: times.map((h) => Math.max(0, 2 * wave(h - 6, 24))),
      // Without the grid fee and the tax: always below the buying price.
      sell: price.map((kwh) => 0.6 * kwh),
      fuse: 14,
    }),
    ...(rooms > 1 && { cap: times.map(() => 6) }),
  }
  return { now, grid, homes: [home] }
}
const smallRooms = [0.03, 0.035, 0.04, 0.045].map((loss) => withLoss(loss))
