/** The rest of an earlier plan, when no new one can be made. */
import type { CleanView } from './clean.ts'
import { endOf, type HomePlan, type Plan, type RoomPlan } from './plan.ts'

/** A plan with less than this left is not kept, h. */
const leastHours = 4

/**
 * @param kelvin a room further than this from where the plan has it has left the plan, K
 */
export function keepPlan(view: CleanView, last: Plan | undefined, because: string, kelvin = 2): Plan | undefined {
  if (!last || last.status === 'thermostat' || !isSoundPlan(last)) return undefined
  const { now } = view
  if (now < last.from || endOf(last) - now < leastHours * 3_600_000) return undefined
  if (last.homes.length !== view.homes.length) return undefined
  let begin = last.from
  let skipped = 0
  while (begin + last.steps[skipped]! * 3_600_000 <= now) begin += last.steps[skipped++]! * 3_600_000
  const first = last.steps[skipped]! - (now - begin) / 3_600_000
  const steps = [first, ...last.steps.slice(skipped + 1)]
  const cut = (values: readonly number[]) => values.slice(skipped)
  for (const [h, home] of last.homes.entries()) {
    const seen = view.homes[h]!
    if (home.name !== seen.name || home.rooms.length !== seen.rooms.length) return undefined
    for (const [r, room] of home.rooms.entries()) {
      const there = seen.rooms[r]!
      if (room.name !== there.name) return undefined
      if (Math.abs(room.temperature[skipped]! - there.air) > kelvin) return undefined
      // The heating must still be able to do in the coming hours what was planned.
      const most = there.sources.reduce((sum, source) => sum + source.most[0]!, 0)
      if (room.heat[skipped]! > most * 1.25 + 1e-6) return undefined
    }
  }
  const keepRoom = (room: RoomPlan): RoomPlan => {
    const { nextBest: _, ...rest } = room
    return {
      ...rest,
      temperature: cut(room.temperature),
      structure: cut(room.structure),
      heat: cut(room.heat),
      pump: cut(room.pump),
      resistance: cut(room.resistance),
    }
  }
  const homes = last.homes.map((home): HomePlan => {
    const { battery, meter } = home
    const price = cut(home.price)
    const power = cut(home.power)
    return {
      name: home.name,
      rooms: home.rooms.map(keepRoom),
      power,
      ...(battery && {
        battery: { energy: cut(battery.energy), charge: cut(battery.charge), discharge: cut(battery.discharge) },
      }),
      ...(meter && { meter: { bought: cut(meter.bought), sold: cut(meter.sold), spilt: cut(meter.spilt) } }),
      cost: steps.reduce((sum, hours, k) => sum + hours * price[k]! * (meter ? cut(meter.bought)[k]! : power[k]!), 0),
      price,
      limits: home.limits.filter(({ at }) => at >= now),
    }
  })
  return { status: 'kept', because, assumed: view.assumed, from: now, steps, homes }
}

const sound = (values: unknown, count: number) =>
  Array.isArray(values) && values.length === count && values.every((value) => Number.isFinite(value))

/** It comes from a database: one number that is none would go on for ever. */
export function isSoundPlan(given: unknown): given is Plan {
  try {
    const plan = given as Plan
    const count = plan.steps.length
    return (
      ['optimal', 'kept', 'thermostat'].includes(plan.status) &&
      typeof plan.because === 'string' &&
      Array.isArray(plan.assumed) &&
      Math.abs(plan.from) <= 8.64e15 &&
      sound(plan.steps, count) &&
      plan.steps.every((step) => step > 0) &&
      plan.homes.every(
        ({ rooms, power, price, limits, battery, meter }) =>
          sound(power, count) &&
          sound(price, count) &&
          limits.every(({ at }) => Number.isFinite(at)) &&
          (!battery || [battery.energy, battery.charge, battery.discharge].every((row) => sound(row, count))) &&
          (!meter || [meter.bought, meter.sold, meter.spilt].every((row) => sound(row, count))) &&
          rooms.every(({ temperature, structure, heat, pump, resistance }) =>
            [temperature, structure, heat, pump, resistance].every((row) => sound(row, count)),
          ),
      )
    )
  } catch {
    return false
  }
}
