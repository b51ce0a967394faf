/** What belongs to the whole house: the battery and the ventilation, and their turns. */
import { wishAt } from '../comfort/wish.ts'
import { type BatteryPlan, type BatteryView, battery } from '../controls/battery.ts'
import { hour, type Known, type Measured } from '../controls/define-control.ts'
import { type FanLevel, type VentilationView, ventilation } from '../controls/ventilation.ts'
import type { Plan } from '../mpc/plan.ts'
import { believed, type Reading, type ReadingRules, roomRules } from '../safety/readings.ts'
import { takeTurn } from '../safety/turn.ts'
import { cop, usualHeatPump } from '../thermal/index.ts'
import { settingsOf } from './controllers.ts'
import { sayingSo } from './experiment.ts'
import { homeName } from './plan-view.ts'
import { outdoorNow, outlookAt } from './room-state.ts'
import type { LoopGiven, LoopOutcome, LoopPart } from './turn.ts'
import type { HouseSetup, LoopSetup } from './types.ts'

const fresh = (one: Reading | undefined, now: number, rules: ReadingRules): Known<Measured> =>
  one ? believed([one], now, { ...rules, agreeing: 1 }) : 'unknown'
const powerRules: ReadingRules = {
  ...{ freshMinutes: 15, lowest: -100_000, highest: 100_000 },
  ...{ jump: 1e6, perHour: 1e6, agreeing: 1 },
}

export function batteryTurn(part: LoopPart, given: LoopGiven): LoopOutcome {
  const { setup, seen, now, prices, isBaseline } = given
  const plan = isBaseline ? undefined : batteryPlanOf(given.plan, given.planMadeAt)
  const charge = seen.battery?.charge
  const most = mostOf(part.loop, setup)
  const sell = prices.intervals.find(({ start, end }) => start <= now && now < end)?.sell
  const view: BatteryView = {
    now,
    charge: fresh(charge, now, part.limits.reading),
    load: fresh(seen.battery?.load, now, powerRules),
    sun: fresh(seen.battery?.sun, now, powerRules),
    ...(plan && { plan }),
    prices: prices.steps,
    ...(sell !== undefined && { sell }),
    most: { charge: most, discharge: most, draw: 1000 * (setup.fuse ?? 20), give: 1000 * (setup.fuse ?? 20) },
  }
  const turn = takeTurn(isBaseline ? sayingSo(battery) : battery, {
    view,
    settings: settingsOf(battery.settings, part.loop.settings),
    memory: part.memoryOf(battery.name) as never,
    guard: part.guard(charge ? [charge] : []),
    // What a plan held shut is open again.
    limits: { ...part.limits, fallback: { ...part.limits.fallback, chargeLimit: most, dischargeLimit: most } },
    ...{ history: part.history, place: part.place, zone: setup.timezone, price: part.price },
  })
  return { turn, by: battery.name }
}

/** W; what the owner says, else what the inverter's own bounds say. */
const mostOf = ({ actuator }: LoopSetup, { battery: own }: HouseSetup) =>
  own ? own.power * 1000 : (actuator.verbs?.setChargeLimit?.power?.maximum ?? 0)

/** The battery's part of a plan, as its control follows it. */
export function batteryPlanOf(plan: Plan | undefined, madeAt: number | undefined): BatteryPlan | undefined {
  const home = plan?.homes.find(({ name }) => name === homeName)
  const flows = home?.battery
  if (!plan || !flows || madeAt === undefined || plan.status === 'thermostat') return undefined
  let from = plan.from
  const steps = plan.steps.map((hours, k) => {
    const to = from + hours * hour
    const step = { from, to, battery: 1000 * (flows.charge[k]! - flows.discharge[k]!) }
    from = to
    return step
  })
  const isHeld = home?.limits.some(({ limit }) => limit === 'capacity-step')
  const bought = home?.meter?.bought.filter((_, k) => steps[k]!.from < plan.from + 24 * hour) ?? []
  return { madeAt, steps, ...(isHeld && bought.length > 0 && { highest: 1000 * Math.max(...bought) }) }
}

/** Fresh air by floor area for the three steps of usual units, m³/h per m², and a fan's power at the middle one. */
const flows = { low: 0.7, normal: 1.2, high: 2 } as const
/** kW for each m³/s, at `normal`. */
const specificFanPower = 1.5

function levelsOf(area: number): FanLevel[] {
  return Object.entries(flows).map(([name, each]) => {
    const flow = each * area
    // At a fixed duct the power rises with the flow to the power of 2.5.
    return { name, flow, power: ((specificFanPower * flows.normal * area) / 3600) * (each / flows.normal) ** 2.5 }
  })
}

export function ventilationTurn(part: LoopPart, given: LoopGiven): LoopOutcome {
  const { setup, seen, now, prices, rooms, isBaseline } = given
  const temperatures = [...rooms.values()].flatMap(({ reading }) => (reading === 'unknown' ? [] : [reading]))
  const indoor: Known<Measured> =
    temperatures.length === 0
      ? 'unknown'
      : {
          at: Math.max(...temperatures.map(({ at }) => at)),
          value: temperatures.reduce((sum, { value }) => sum + value, 0) / temperatures.length,
        }
  const outdoor = outdoorNow(seen, now)
  const wishes = setup.rooms.map(({ comfort }) => wishAt(comfort, now, setup.timezone))
  const area = setup.area ?? (setup.rooms.reduce((sum, room) => sum + (room.area ?? 25), 0) || 100)
  const rules: ReadingRules = { freshMinutes: 45, lowest: 0, highest: 1e5, jump: 1e6, perHour: 1e6, agreeing: 1 }
  const air = seen.air
  const humidity = outlookAt(seen.weather, now, 'humidity')
  const view: VentilationView = {
    now,
    co2: fresh(air?.co2, now, rules),
    tvoc: fresh(air?.tvoc, now, rules),
    humidity: fresh(air?.humidity, now, { ...rules, highest: 100 }),
    indoor,
    outdoor: outdoor === undefined ? 'unknown' : { at: now, value: outdoor },
    outdoorHumidity: humidity === undefined ? 'unknown' : { at: now, value: humidity },
    somebodyHome: wishes.length > 0 && wishes.every(({ from }) => from === 'away') ? false : 'unknown',
    highest: wishes.length > 0 ? Math.max(...wishes.map(({ highest }) => highest)) + 1 : 25,
    prices: isBaseline ? [] : prices.steps,
    area,
    levels: levelsOf(area),
    recovery: 0.8,
    cop: outdoor === undefined ? 3 : cop(usualHeatPump, outdoor),
  }
  const newest = [air?.co2, air?.tvoc, air?.humidity].flatMap((one) => one ?? [])
  const at = Math.max(0, ...newest.map((one) => one.at))
  const turn = takeTurn(isBaseline ? sayingSo(ventilation) : ventilation, {
    view,
    settings: settingsOf(ventilation.settings, part.loop.settings),
    memory: part.memoryOf(ventilation.name) as never,
    // The guard wants a temperature that can be believed; where no room is measured, the age of the air's readings counts.
    guard: part.guard(indoor !== 'unknown' ? [{ ...indoor }] : at > 0 ? [{ at, value: 20 }] : []),
    limits: { ...part.limits, reading: { ...roomRules, freshMinutes: 45, agreeing: 1 } },
    ...{ history: part.history, place: part.place, zone: setup.timezone, price: part.price },
  })
  return { turn, by: ventilation.name }
}
