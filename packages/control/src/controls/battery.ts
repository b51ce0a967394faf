/**
 * The layer under a battery's plan: every few minutes it turns the plan's step into the inverter's set-points, and where
 * no usable plan covers the moment it keeps to a rule: what the roof makes is used at home, and nothing below the least
 * charge. Powers in W; into the house and into the battery are positive.
 */
import { type Static, Type } from 'typebox'
import {
  type Bound,
  clamp,
  type Decision,
  defineControl,
  hour,
  isNumber,
  type Known,
  type Measured,
  rounded,
} from './define-control.ts'
import { type PriceStep, stepAt } from './view.ts'

export type BatteryPlan = {
  /** ms since 1970, UTC. */
  readonly madeAt: number
  /** `battery` in W, positive while it charges. */
  readonly steps: readonly { readonly from: number; readonly to: number; readonly battery: number }[]
  /** W: the highest that it has the meter draw in the coming day, where the grid company's capacity step holds it down. */
  readonly highest?: number
}

export type BatteryView = {
  readonly now: number
  /** State of charge, %. */
  readonly charge: Known<Measured>
  /** Power of the house without the battery, W; and of the roof, W, 0 or more. */
  readonly load: Known<Measured>
  readonly sun: Known<Measured>
  readonly plan?: BatteryPlan
  readonly prices: readonly PriceStep[]
  /** What a kWh sold gives now, NOK/kWh; as much as one costs when absent. */
  readonly sell?: number
  /** Most power into and out of the battery, and most drawn from and given to the grid, W. */
  readonly most: {
    readonly charge: number
    readonly discharge: number
    readonly draw: number
    readonly give: number
  }
}

const Settings = Type.Object({
  minimumCharge: Type.Number({ minimum: 0, maximum: 100, default: 20, unit: '%', title: 'Keep at least (%)' }),
  maximumCharge: Type.Number({ minimum: 0, maximum: 100, default: 95, unit: '%', title: 'Charge up to (%)' }),
  hysteresis: Type.Number({ minimum: 0, maximum: 10, default: 2, unit: '%', title: 'Before it is used again (%)' }),
  planHours: Type.Number({ minimum: 1, maximum: 48, default: 6, unit: 'h', title: 'A plan is followed for (hours)' }),
  step: Type.Number({ minimum: 1, maximum: 1000, default: 50, unit: 'W', title: 'Powers in steps of (W)' }),
})
export type BatterySettings = Static<typeof Settings>

/** As the verbs of the capability `battery` take them: power at the grid, and most in and out of the battery, W. */
export type BatterySet = { readonly power: number; readonly chargeLimit: number; readonly dischargeLimit: number }
/** Whether it is full or empty, which lasts until the hysteresis is passed. */
export type BatteryMemory = { readonly empty: boolean; readonly full: boolean }

export const battery = defineControl<BatteryView>()({
  name: 'battery',
  label: 'Store sun and cheap power',
  settings: Settings,

  decide(view, settings, memory?: BatteryMemory): Decision<BatterySet, BatteryMemory | undefined> {
    const { charge, load, sun, now } = view
    const value =
      charge === 'unknown' || !isNumber(charge.value) || charge.value < 0 || charge.value > 100
        ? undefined
        : charge.value
    const price = stepAt(view.prices, now)
    const saw = {
      charge: value ?? null,
      load: load === 'unknown' ? null : load.value,
      sun: sun === 'unknown' ? null : sun.value,
      price: price?.marginal ?? null,
    }
    if (value === undefined)
      return { leave: 'as-is', because: 'The charge of the battery is not known', saw, bound: [], memory }
    const state = stateOf(value, settings, memory)
    const planned = plannedNow(view, settings)
    const surplus = load === 'unknown' || sun === 'unknown' ? 'unknown' : sun.value - load.value
    const asked: Asked =
      typeof planned === 'number'
        ? below(view.plan?.highest, follow(planned, surplus), surplus, view.most)
        : {
            power: 0,
            charge: view.most.charge,
            discharge: view.most.discharge,
            because: `${planned}, so the sun is kept for the house`,
          }

    const bound: Bound[] = []
    const limit = (by: string, wanted: number, got: number) => {
      if (wanted !== got) bound.push({ by, wanted, got, unit: 'W' })
      return got
    }
    const into = limit('most the battery takes', asked.charge, clamp(asked.charge, 0, view.most.charge))
    const out = limit('most the battery gives', asked.discharge, clamp(asked.discharge, 0, view.most.discharge))
    const chargeLimit = state.full ? limit(`charge up to ${settings.maximumCharge} %`, into, 0) : into
    const dischargeLimit = state.empty ? limit(`keep at least ${settings.minimumCharge} %`, out, 0) : out
    const power = limit(
      'what the grid connection takes',
      asked.power,
      clamp(asked.power, -view.most.give, view.most.draw),
    )
    return {
      set: {
        power: stepped(power, settings.step),
        chargeLimit: stepped(chargeLimit, settings.step),
        dischargeLimit: stepped(dischargeLimit, settings.step),
      },
      because: state.empty && out > 0 ? `${asked.because}; the least charge is kept` : asked.because,
      saw: { ...saw, planned: typeof planned === 'number' ? planned : null },
      bound,
      ...secondBest(planned, surplus, price, view.sell),
      memory: state,
    }
  },
})

type Asked = { readonly power: number; readonly charge: number; readonly discharge: number; readonly because: string }

/** Towards zero, so that no bound is passed. */
const stepped = (power: number, step: number) => Math.trunc(power / step) * step + 0

const stateOf = (
  charge: number,
  { minimumCharge, maximumCharge, hysteresis }: BatterySettings,
  before?: BatteryMemory,
) => ({
  empty: charge <= minimumCharge + (before?.empty ? hysteresis : 0),
  full: charge >= maximumCharge - (before?.full ? hysteresis : 0),
})

/** The plan's power now in W, or why there is none. */
function plannedNow({ plan, now }: BatteryView, { planHours }: BatterySettings): number | string {
  if (!plan) return 'There is no plan'
  if (now - plan.madeAt > planHours * hour) return 'The plan is too old'
  if (plan.madeAt > now + hour) return 'The plan is from the future'
  const power = stepAt(plan.steps, now)?.battery
  return isNumber(power) ? power : 'The plan does not cover this moment'
}

/**
 * What the plan wants, said so that the inverter stays right when load and sun move before the next turn: charging as
 * the roof allows, or using what is stored at home, is a grid set-point of zero with a limit; only more than that names
 * a power at the grid.
 */
function follow(planned: number, surplus: Known<number>): Asked {
  const at = `${rounded(Math.abs(planned) / 1000, 1)} kW`
  if (Math.abs(planned) < 50) return { power: 0, charge: 0, discharge: 0, because: 'The plan lets the battery rest' }
  const spare = surplus === 'unknown' || !isNumber(surplus) ? 'unknown' : surplus
  if (planned > 0) {
    const fromGrid = spare === 'unknown' ? 0 : Math.max(0, planned - spare)
    const because =
      spare === 'unknown'
        ? `The plan charges with ${at}, but load or sun are not known, so only spare sun is taken`
        : `The plan charges with ${at}`
    return { power: fromGrid, charge: planned, discharge: 0, because }
  }
  const toGrid = spare === 'unknown' ? 0 : Math.min(0, planned - spare)
  return { power: toGrid, charge: 0, discharge: -planned, because: `The plan gives ${at} from the battery` }
}

/**
 * More is used than the plan knew of, and the hour would be the highest of the month: the battery holds the meter at the
 * highest that was planned, whatever it was to do.
 */
function below(highest: number | undefined, asked: Asked, surplus: Known<number>, most: BatteryView['most']): Asked {
  if (!isNumber(highest) || surplus === 'unknown' || !isNumber(surplus)) return asked
  const at = `${rounded(highest / 1000, 1)} kW, the highest hour that was planned`
  if (-surplus > highest) {
    const enough = -surplus - highest <= asked.discharge
    return enough
      ? asked
      : { power: highest, charge: 0, discharge: most.discharge, because: `The meter is held at ${at}` }
  }
  if (asked.charge <= highest + surplus) return asked
  const because = `${asked.because}, and the meter is held at ${at}`
  return { ...asked, power: Math.min(asked.power, highest), charge: highest + surplus, because }
}

/** Resting instead, in NOK an hour: what the meter would then draw or sell otherwise, at this moment's prices. */
function secondBest(
  planned: number | string,
  surplus: Known<number>,
  price: PriceStep | undefined,
  sell: number | undefined,
) {
  if (typeof planned !== 'number' || planned === 0) return {}
  const choice = 'Letting the battery rest now'
  const perKwh = price?.marginal
  if (surplus === 'unknown' || !isNumber(surplus) || !isNumber(perKwh))
    return { nextBest: { choice, costsMore: 'unknown' as const } }
  const costOf = (drawn: number) => (drawn / 1000) * (drawn > 0 ? perKwh : (sell ?? perKwh))
  return { nextBest: { choice, costsMore: rounded(costOf(-surplus) - costOf(planned - surplus), 4) } }
}
