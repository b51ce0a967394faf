/**
 * The thesis's price-responsive PI (equations 5.1 to 5.3, defaults of table 7.4): the wish is lowered by the discounted
 * mean of the coming prices, and a PI law moves the set-point of the unit's own thermostat until the room is there. What
 * the text leaves open is an option whose default is the published reading; `carefulSettings` are those we would choose.
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
  minute,
  rounded,
} from './define-control.ts'
import { integralOf, isResting } from './pi-integrator.ts'
import { piStep } from './pi-law.ts'
import { type PriceTerm, priceTerm, priceTermSettings } from './price-term.ts'
import type { HeatingSet } from './schedule.ts'
import { type HeatingView, stepAt } from './view.ts'
import { hoursBetween, nearestStep, type Stepping, stepTowards } from './whole-steps.ts'

const Settings = Type.Object({
  ...priceTermSettings,
  integralGain: Type.Number({ minimum: 0, maximum: 1, default: 1 / 24, title: 'Integral gain per step (Ki)' }),
  proportionalGain: Type.Number({ minimum: 0, maximum: 10, default: 1, title: 'Proportional gain (Kp)' }),
  alpha: Type.Number({ minimum: 0, maximum: 1, default: 0.1, title: 'Integral scaling factor (α)' }),
  stepMinutes: Type.Number({ minimum: 1, maximum: 60, default: 5, title: 'Step (minutes)' }),
  offForAnotherReason: Type.Enum(['leak', 'freeze'], {
    default: 'leak',
    title:
      'Integrator while the unit is off for a reason that is not its thermostat: leaks as in 5.3b, or stands still',
  }),
  unitUnknown: Type.Enum(['freeze', 'taken-as-on'], {
    default: 'freeze',
    title: 'Integrator while nobody knows whether the unit is on',
  }),
  integralLimit: Type.Number({
    minimum: 0,
    maximum: 20,
    default: 0,
    unit: 'K',
    title: 'Most that the integral part may move the set-point (K); 0 for no limit',
  }),
  referenceClamp: Type.Enum(['none', 'comfort-band'], {
    default: 'none',
    title: 'Whether the lowered wish stays within the allowed deviation',
  }),
  referenceRate: Type.Number({
    minimum: 0,
    maximum: 10,
    default: 0,
    unit: 'K/h',
    title: 'Fastest change of what the prices do to the reference (K/h); 0 for no limit. A new wish holds at once',
  }),
  idleBelow: Type.Number({
    minimum: 0,
    maximum: 10,
    default: 0,
    unit: 'K',
    title:
      'A unit set so far below the room seems to idle: the integrator goes on at a quarter of its pace, and stands still where the set-point is at its end (K); 0 for never, as published',
  }),
  rounding: Type.Enum(['error-feedback', 'nearest', 'none'], {
    default: 'error-feedback',
    title: 'How a unit of whole degrees is served: rounding errors carried on, the nearest step, or not rounded at all',
  }),
  hysteresis: Type.Number({ minimum: 0, maximum: 1, default: 0.5, unit: 'K', title: 'Hysteresis of a step (K)' }),
  minutesBetween: Type.Number({ minimum: 0, maximum: 120, default: 15, title: 'Least minutes between two steps' }),
  restWithin: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 0.5,
    unit: 'K',
    title:
      'Set-point and integrator rest while the room is so near its aim (K): half a step of the unit, so that it does not go to and fro; 0 for never, as published',
  }),
})
export type PriceResponsiveSettings = Static<typeof Settings>

/** Table 7.4 and the published reading of everything that is left open: the defaults, but for the unit's whole degrees. */
export const publishedSettings = {
  ...Object.fromEntries(
    Object.entries(Settings.properties).map(([name, schema]) => [name, (schema as { default?: unknown }).default]),
  ),
  restWithin: 0,
} as unknown as PriceResponsiveSettings

/** Shifts use instead of cooling the house: more gain on what differs from the mean, and every limit in place. */
export const carefulSettings: PriceResponsiveSettings = {
  ...publishedSettings,
  priceGain: 1,
  priceIndex: 'current-hour',
  priceBasis: 'marginal',
  meanRemoval: 'slow-mean',
  offForAnotherReason: 'freeze',
  integralLimit: 5,
  referenceClamp: 'comfort-band',
  referenceRate: 1,
  idleBelow: 1.5,
  restWithin: 0.5,
}

export type PiMemory = {
  readonly at: number
  readonly measuredAt: number
  readonly integral: number
  readonly error: number
  readonly reference: number
  readonly carry: number
  /** °C that was wished for. */
  readonly wish: number
}

/** An error older than this says nothing about now; the integral, which stands for the house's load, is kept. */
const longestGap = 0.5 * hour
const carryHours = 1

export const priceResponsivePi = defineControl<HeatingView>()({
  name: 'price-responsive-pi',
  label: 'Lower the temperature a little while power is dear',
  settings: Settings,

  decide(view, settings, memory?: PiMemory): Decision<HeatingSet, PiMemory | undefined> {
    const { now, room, wish } = view
    const seen = { room: room === 'unknown' ? null : room.value, wish: wish.temperature, wishFrom: wish.from }
    const leave = (because: string) => ({ leave: 'as-is', because, saw: seen, bound: [], memory }) as const
    if (room === 'unknown' || !isNumber(room.value)) return leave('The temperature of the room is not known')
    if (!isNumber(wish.temperature)) return leave('No wish is known for this hour')
    const before = memory && Object.values(memory).every(isNumber) ? memory : undefined
    // Somebody who wants it otherwise does not wait for the next reading.
    const isAsked = before !== undefined && before.wish !== wish.temperature
    const wait = (because: string) => {
      const left = leave(because)
      return { ...left, saw: { ...left.saw, waits: true } }
    }
    if (before && !isAsked && room.at === before.measuredAt) return wait('The room has not been measured again yet')
    const isEarly = before !== undefined && now >= before.at && now - before.at < (settings.stepMinutes * minute) / 2
    if (isEarly && !isAsked) return wait('It was looked at just now')

    const { reference, price, planned, target, bound: onReference } = referenceOf(view, settings, before)
    const law = piStep(
      settings,
      {
        reference,
        measured: room.value,
        on: view.unit === 'on' || (view.unit === 'unknown' && settings.unitUnknown === 'taken-as-on'),
      },
      { integral: before?.integral ?? 0, error: errorBefore(before, now, room.value - reference) },
    )
    // An owner who asks twice in a minute does not make the integrator go twice.
    const { integral, bound: onIntegral } = isEarly
      ? { integral: before.integral, bound: [] }
      : integralOf(law, before?.integral ?? 0, view, settings)
    const wanted = reference - settings.integralGain * integral - settings.proportionalGain * law.error
    const {
      setpoint,
      carry,
      bound: onSetpoint,
    } = isResting(law.error, view, settings)
      ? { setpoint: view.held.value, carry: 0, bound: [] }
      : setpointOf(wanted, view, settings, before)
    const perKwh = priceNow(view, settings)
    const lowered = wish.temperature - reference
    return {
      set: { temperature: setpoint, ...(wish.fan === undefined ? {} : { fanLevel: wish.fan }) },
      because: reasonOf({ planned, price, target, error: law.error, wish: wish.temperature, reference }),
      saw: {
        ...seen,
        unit: view.unit,
        held: view.held === 'unknown' ? null : view.held.value,
        reference: rounded(reference, 3),
        price: perKwh === 'unknown' ? null : rounded(perKwh, 4),
        discountedMeanPrice: price === 'unknown' ? null : rounded(price.discountedMean, 4),
        pricesAhead: price === 'unknown' ? 0 : price.prices,
        integral: rounded(integral, 3),
        wantedSetpoint: rounded(wanted, 3),
      },
      bound: [...onReference, ...onIntegral, ...onSetpoint],
      nextBest: {
        choice: `Keeping ${rounded(wish.temperature)} °C whatever power costs`,
        costsMore:
          view.powerPerKelvin === undefined || perKwh === 'unknown'
            ? 'unknown'
            : rounded(lowered * view.powerPerKelvin * perKwh, 4),
      },
      memory: { at: now, measuredAt: room.at, integral, error: law.error, reference, carry, wish: wish.temperature },
    }
  },
})

/** Before the first step there is nothing, and e(t-1) is 0 like I; after a gap, e(t-1) is taken to be e(t). */
const errorBefore = (before: PiMemory | undefined, now: number, error: number) =>
  before === undefined ? 0 : now > before.at && now - before.at <= longestGap ? before.error : error

/**
 * The plan's path where there is one, else the wish lowered by the price term, at its rate and within the clamp. The rate
 * is that of the prices' part alone: a wish that rises in the morning, with its band, is not held back.
 */
function referenceOf(view: HeatingView, settings: PriceResponsiveSettings, before: PiMemory | undefined) {
  const { wish, now } = view
  const planned = view.path && stepAt(view.path, now)
  const price = priceTerm(view.prices, now, settings)
  const bound: Bound[] = []
  const usable = planned && isNumber(planned.temperature)
  let reference = usable ? planned.temperature : wish.temperature + (price === 'unknown' ? 0 : price.delta)
  const limit = (by: string, lowest: number, highest: number) => {
    const got = clamp(reference, lowest, highest)
    if (got !== reference) bound.push({ by, wanted: reference, got, unit: '°C' })
    reference = got
  }
  const keepWithin = () =>
    settings.referenceClamp === 'comfort-band' && limit('allowed deviation', wish.lowest, wish.highest)
  keepWithin()
  const target = reference
  if (settings.referenceRate > 0 && before && !usable) {
    const most = settings.referenceRate * hoursBetween(before.at, now, 24)
    const last = wish.temperature + before.reference - before.wish
    limit(`at most ${settings.referenceRate} K an hour`, last - most, last + most)
    keepWithin()
  }
  return { reference, price, planned: usable === true, target, bound }
}

function setpointOf(
  wanted: number,
  { held, now, setpoints }: HeatingView,
  { rounding, hysteresis, minutesBetween }: PriceResponsiveSettings,
  before: PiMemory | undefined,
): Stepping {
  if (rounding === 'error-feedback') {
    const time = { now, hours: before ? hoursBetween(before.at, now, 0.5) : 0 }
    return stepTowards(wanted, held, before?.carry ?? 0, time, setpoints, { hysteresis, minutesBetween, carryHours })
  }
  const within = clamp(wanted, setpoints.lowest, setpoints.highest)
  const by = wanted > within ? 'highest set-point' : 'lowest set-point'
  return {
    setpoint: rounding === 'none' ? within : nearestStep(within, setpoints),
    carry: 0,
    bound: within === wanted ? [] : [{ by, wanted, got: within, unit: '°C' }],
  }
}

function priceNow({ prices, now }: HeatingView, { vat }: PriceResponsiveSettings): Known<number> {
  const step = stepAt(prices, now)
  const price = step && (step.marginal ?? vat * (step.spot + step.grid))
  return isNumber(price) ? price : 'unknown'
}

function reasonOf(of: {
  readonly planned: boolean
  readonly price: PriceTerm | 'unknown'
  /** What the reference goes to, at its own pace, °C. */
  readonly target: number
  readonly error: number
  readonly wish: number
  readonly reference: number
}): string {
  const off = Math.abs(of.error)
  const room =
    off < 0.05
      ? 'and the room is there'
      : `and the room is ${off.toFixed(1)} degrees too ${of.error > 0 ? 'warm' : 'cold'}`
  const aim = `${of.reference.toFixed(1)} °C`
  const lowered = of.wish - of.target
  const moved = `${Math.abs(lowered).toFixed(1)} degrees ${lowered > 0 ? 'below' : 'above'} the wish of ${of.wish} °C`
  const isMoved = Math.abs(lowered) >= 0.05
  if (of.planned) return `The plan wants ${aim} now, ${room}`
  // The aim is slow to follow the prices: what it is now is not yet their doing, or no more.
  if (Math.abs(of.reference - of.target) >= 0.05) {
    const end = isMoved ? `${of.target.toFixed(1)} °C, for the coming prices ${moved}` : `the wish of ${of.wish} °C`
    return `The aim is ${aim} now, on its way to ${end}, ${room}`
  }
  if (of.price === 'unknown') return `The coming prices are not known, so the wish of ${of.wish} °C holds, ${room}`
  return isMoved
    ? `The coming prices take the aim to ${aim}, ${moved}, ${room}`
    : `The coming prices leave the wish of ${of.wish} °C as it is, ${room}`
}
