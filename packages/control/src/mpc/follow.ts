/** What the model says a choice of heat leads to, and what it costs. */
import { stepMatrix } from '../thermal/index.ts'
import type { CleanHome, CleanRoom } from './clean.ts'
import type { HomePlan, RoomPlan } from './plan.ts'

/** @param heat of each source in each step, kW */
export function followRoom(
  home: CleanHome,
  room: CleanRoom,
  steps: readonly number[],
  heat: readonly (readonly number[])[],
): Omit<RoomPlan, 'nextBest'> {
  const temperature: number[] = []
  const structure: number[] = []
  const total: number[] = []
  const pump: number[] = []
  const resistance: number[] = []
  let { air, structure: slow } = room
  let discomfort = 0
  for (const [k, hours] of steps.entries()) {
    let sum = 0
    let pumped = 0
    let resisted = 0
    for (const [n, source] of room.sources.entries()) {
      const kw = heat[n]![k]!
      sum += kw
      if (source.kind === 'pump') pumped += kw / source.gain[k]!
      else resisted += kw / source.gain[k]!
    }
    const m = stepMatrix(room.house, hours)
    const warmth = sum + room.warmth[k]!
    const outdoor = home.outdoor[k]!
    const sun = home.sun[k]!
    const nextAir = m.aa * air + m.as * slow + m.ao * outdoor + m.aq * warmth + m.ai * sun
    slow = m.sa * air + m.ss * slow + m.so * outdoor + m.sq * warmth + m.si * sun
    air = nextAir
    discomfort += hours * Math.max(0, room.lower[k]! - air, air - room.upper[k]!)
    temperature.push(air)
    structure.push(slow)
    total.push(sum)
    pump.push(pumped)
    resistance.push(resisted)
  }
  return { name: room.name, temperature, structure, heat: total, pump, resistance, discomfort }
}

export const heatingPower = (rooms: readonly RoomPlan[], count: number): number[] =>
  Array.from({ length: count }, (_, k) =>
    rooms.reduce((sum, { pump, resistance }) => sum + pump[k]! + resistance[k]!, 0),
  )

/** NOK over the horizon. */
export function costOf(
  home: CleanHome,
  steps: readonly number[],
  { power, meter, battery }: Pick<HomePlan, 'power' | 'meter' | 'battery'>,
): number {
  return steps.reduce((sum, hours, k) => {
    const energy = meter
      ? home.price[k]! * meter.bought[k]! - home.sell[k]! * meter.sold[k]!
      : home.price[k]! * power[k]!
    const wear = battery ? home.battery!.wear * (battery.charge[k]! + battery.discharge[k]!) : 0
    return sum + hours * (energy + wear)
  }, 0)
}
