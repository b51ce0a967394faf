/** The plan that needs no solver: each room is held at its lower comfort limit, as far as its heating reaches. */
import { stepMatrix } from '../thermal/index.ts'
import type { CleanHome, CleanRoom, CleanView } from './clean.ts'
import { costOf, followRoom, heatingPower } from './follow.ts'
import type { HomePlan, Plan } from './plan.ts'

export function thermostatPlan(view: CleanView, because: string): Plan {
  const { now, steps, assumed } = view
  /** What is left of the cap that all share. */
  const left = [...(view.cap ?? steps.map(() => Number.POSITIVE_INFINITY))]
  const homes = view.homes.map((home) => thermostatHome(home, steps, left))
  return { status: 'thermostat', because, assumed, from: now, steps, homes }
}

function thermostatHome(home: CleanHome, steps: readonly number[], left: number[]): HomePlan {
  const own = [...(home.cap ?? steps.map(() => Number.POSITIVE_INFINITY))]
  const rooms = home.rooms.map((room) => {
    const heat = holdLower(home, room, steps, own, left)
    return followRoom(home, room, steps, heat)
  })
  const power = heatingPower(rooms, steps.length)
  const net = steps.map((_, k) => home.load[k]! - home.solar[k]! + power[k]!)
  const meter = home.metered && {
    bought: net.map((kw) => Math.max(0, kw)),
    sold: net.map((kw) => Math.min(home.mostOut, Math.max(0, -kw))),
    spilt: net.map((kw) => Math.max(0, -kw - home.mostOut)),
  }
  // The battery rests.
  const rest = steps.map(() => 0)
  const battery = home.battery && { energy: steps.map(() => home.battery!.energy), charge: rest, discharge: rest }
  const plan = { power, ...(meter && { meter }), ...(battery && { battery }) }
  return { name: home.name, rooms, ...plan, cost: costOf(home, steps, plan), price: home.price, limits: [] }
}

/** Heat of each source in each step; the power it takes is taken from `own` and `left`. */
function holdLower(
  home: CleanHome,
  room: CleanRoom,
  steps: readonly number[],
  own: number[],
  left: number[],
): number[][] {
  const heat = room.sources.map((): number[] => [])
  let { air, structure } = room
  for (const [k, hours] of steps.entries()) {
    const m = stepMatrix(room.house, hours)
    const outdoor = home.outdoor[k]!
    const sun = home.sun[k]!
    const warmth = room.warmth[k]!
    const free = m.aa * air + m.as * structure + m.ao * outdoor + m.aq * warmth + m.ai * sun
    let wanted = Math.max(0, (room.lower[k]! - free) / m.aq)
    let total = 0
    for (const [n, { most, gain }] of room.sources.entries()) {
      const reach = Math.max(0, Math.min(own[k]!, left[k]!)) * gain[k]!
      const kw = Math.min(wanted, most[k]!, reach)
      wanted -= kw
      total += kw
      own[k]! -= kw / gain[k]!
      left[k]! -= kw / gain[k]!
      heat[n]!.push(kw)
    }
    const slow = m.sa * air + m.ss * structure + m.so * outdoor + m.sq * (total + warmth) + m.si * sun
    air = free + m.aq * total
    structure = slow
  }
  return heat
}
