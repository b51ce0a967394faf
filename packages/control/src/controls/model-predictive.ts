/**
 * The layer under a plan: the planner looks two days ahead (`mpc/`) and hands down a path of room temperatures; every few
 * minutes the PI law makes the unit follow it. Where no plan covers the moment, the same law goes on with the price term,
 * so that a lost plan costs some money and never the warmth.
 */
import { type Static, Type } from 'typebox'
import { type Decision, defineControl, hour, isNumber, rounded } from './define-control.ts'
import { carefulSettings, type PiMemory, priceResponsivePi } from './price-responsive-pi.ts'
import type { HeatingSet } from './schedule.ts'
import { type HeatingView, type PriceStep, stepAt } from './view.ts'

const Settings = Type.Object({
  useOfBand: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 0.8,
    title: 'How much of the allowed deviation a plan may use (0 none, 1 all); the rest is for what it did not foresee',
  }),
  keepMean: Type.Boolean({
    default: true,
    title:
      'In the warm hours of the day on average as warm as wished for: heat is moved in time, not saved by a colder room',
  }),
  proportionalGain: Type.Number({
    minimum: 0,
    maximum: 10,
    default: 1,
    title: 'How hard the unit is driven towards the plan (Kp)',
  }),
  integralGain: Type.Number({ minimum: 0, maximum: 1, default: 1 / 24, title: 'Integral gain per step (Ki)' }),
  restWithin: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 0.5,
    unit: 'K',
    title: 'The set-point rests while the room is so near the plan (K)',
  }),
  minutesBetween: Type.Number({ minimum: 0, maximum: 120, default: 15, title: 'Least minutes between two steps' }),
})
export type ModelPredictiveSettings = Static<typeof Settings>

export const modelPredictive = defineControl<HeatingView>()({
  name: 'model-predictive',
  label: 'Plan two days ahead by price and weather',
  settings: Settings,

  decide(view, { useOfBand: _, keepMean: __, ...own }, memory?: PiMemory): Decision<HeatingSet, PiMemory | undefined> {
    const step = view.path && stepAt(view.path, view.now)
    const planned = step !== undefined && isNumber(step.temperature)
    // A plan's path falls and rises by itself: the integrator is not slowed on it.
    const tracking = { ...carefulSettings, referenceRate: 0, ...(planned && { idleBelow: 0 }), ...own }
    const decision = priceResponsivePi.decide(view, tracking, memory)
    const plan = planned ? rounded(step.temperature) : null
    const saw = { ...decision.saw, planned: plan }
    if (!planned || decision.set === undefined)
      return {
        ...decision,
        saw,
        because: planned ? decision.because : `There is no plan just now. ${decision.because}`,
      }
    return { ...decision, saw, because: reasonOf(view, step.temperature) }
  },
})

/** Further off the wish than this is a choice, K. */
const notable = 0.25
/** Power that is dearer or cheaper by less than this share is no reason to tell. */
const notablePrice = 0.05
/** A plan that moves by less in the coming hours stays, K. */
const still = 0.15

function reasonOf(view: HeatingView, temperature: number): string {
  const { wish, now, prices } = view
  const aim = `${temperature.toFixed(1)} °C`
  const off = temperature - wish.temperature
  const present = costOf(stepAt(prices, now))
  const ahead = prices.filter(({ from, to }) => to > now && from < now + 12 * hour)
  const extreme = (better: (a: number, b: number) => boolean) =>
    ahead.reduce<{ at: number; price: number } | undefined>((best, step) => {
      const price = costOf(step)
      return price !== undefined && (best === undefined || better(price, best.price)) ? { at: step.from, price } : best
    }, undefined)
  const last = view.path?.at(-1)
  const trend = last && isNumber(last.temperature) ? last.temperature - temperature : 0
  const beside = besideOf(view.room, temperature)
  if (Math.abs(off) < notable || present === undefined) return `The plan holds the room at ${aim}${beside}`
  const hours = (at: number) => Math.max(1, Math.round((at - now) / hour))
  if (off > 0) {
    // Left from a warmer wish, and not stored for a dear hour: the room is slow to cool.
    if (trend < -still) return `The plan lets the room cool, to ${aim} now${beside}`
    const dear = extreme((a, b) => a > b)
    if (dear && dear.price > present * (1 + notablePrice))
      return `The plan stores heat at ${aim} now${beside}, because in ${hours(dear.at)} h power costs ${dear.price.toFixed(2)} NOK/kWh`
    return trend > still
      ? `The plan has the room at ${aim} now${beside}, on its way to what is wished for next`
      : `The plan lets the room be ${aim}${beside}, within what you allow`
  }
  // Towards a warmer wish: nothing is saved by it.
  if (trend > still) return `The plan warms the room, to ${aim} now${beside}`
  const cheap = extreme((a, b) => a < b)
  return cheap && cheap.price < present * (1 - notablePrice)
    ? `The plan lets the room be ${aim}${beside}, because in ${hours(cheap.at)} h power costs only ${cheap.price.toFixed(2)} NOK/kWh`
    : `The plan lets the room be ${aim}${beside}, within what you allow`
}

/** Why a plan can ask for less heat than it has the room at, or for more. */
function besideOf(room: HeatingView['room'], temperature: number): string {
  if (room === 'unknown' || !isNumber(room.value) || Math.abs(room.value - temperature) < notable) return ''
  const by = Math.abs(room.value - temperature).toFixed(1)
  return ` (it is ${by} degrees ${room.value > temperature ? 'warmer' : 'colder'})`
}

const costOf = (step: PriceStep | undefined): number | undefined => {
  const price = step && (step.marginal ?? step.spot + step.grid)
  return isNumber(price) ? price : undefined
}
