/**
 * Ventilation: air quality first, then price and heat. What the air needs is a floor under the flow that money never
 * lowers; above it the fans may air in advance while power is cheap, and cool for nothing in summer.
 *
 * Minimum flows after the Norwegian building rules (TEK17 § 13-2); heat lost by a flow is 0.33 Wh/(m³ K).
 */
import { type Static, Type } from 'typebox'
import { airNeeds, type Band } from './air.ts'
import {
  type Bound,
  type Decision,
  defineControl,
  isNumber,
  type Known,
  type Measured,
  rounded,
} from './define-control.ts'
import { type PriceStep, stepAt } from './view.ts'

/** A step of the fans. */
export type FanLevel = {
  /** In the unit's own word, as a command names it. */
  readonly name: string
  /** Fresh air, m³/h. */
  readonly flow: number
  /** Both fans, kW. */
  readonly power: number
}

export type VentilationView = {
  /** ms since 1970, UTC. */
  readonly now: number
  /** ppm. */
  readonly co2: Known<Measured>
  /** ppb. */
  readonly tvoc: Known<Measured>
  /** Relative humidity indoors, %. */
  readonly humidity: Known<Measured>
  /** °C. */
  readonly indoor: Known<Measured>
  readonly outdoor: Known<Measured>
  /** Relative humidity outdoors, %. */
  readonly outdoorHumidity: Known<Measured>
  readonly somebodyHome: Known<boolean>
  /** °C; above the highest it is too warm and cool air is welcome. */
  readonly highest: number
  readonly prices: readonly PriceStep[]
  /** Heated floor area, m². */
  readonly area: number
  /** From the least flow to the most; `off` is not one of them. */
  readonly levels: readonly FanLevel[]
  /** Share of the heat that the unit recovers. */
  readonly recovery: number
  /** COP of the heating. */
  readonly cop: number
  /** Supply set-point for usual days, and the lowest the unit takes, °C; without them it is left alone. */
  readonly supply?: { readonly usual: number; readonly lowest: number }
}

const Settings = Type.Object({
  co2Fair: Type.Number({
    minimum: 500,
    maximum: 1500,
    default: 800,
    unit: 'ppm',
    title: 'CO₂ where more air is given',
  }),
  co2Poor: Type.Number({
    minimum: 600,
    maximum: 2000,
    default: 1000,
    unit: 'ppm',
    title: 'CO₂ where all air is given',
  }),
  tvocFair: Type.Number({
    minimum: 50,
    maximum: 2000,
    default: 220,
    unit: 'ppb',
    title: 'TVOC where more air is given',
  }),
  tvocPoor: Type.Number({ minimum: 100, maximum: 5000, default: 660, unit: 'ppb', title: 'TVOC where all is given' }),
  humidityFair: Type.Number({
    minimum: 30,
    maximum: 80,
    default: 55,
    unit: '%',
    title: 'Humidity where more is given',
  }),
  humidityPoor: Type.Number({ minimum: 35, maximum: 95, default: 70, unit: '%', title: 'Humidity where all is given' }),
  minimumHome: Type.Number({ minimum: 0, maximum: 5, default: 1.2, unit: 'm³/h per m²', title: 'Least while in use' }),
  minimumAway: Type.Number({ minimum: 0, maximum: 5, default: 0.7, unit: 'm³/h per m²', title: 'Least while empty' }),
  cheapBelow: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 0.75,
    title: 'Air in advance when power costs less than this share of the mean of the next twelve hours; 0 for never',
  }),
  coolerBy: Type.Number({ minimum: 1, maximum: 10, default: 2, unit: 'K', title: 'Outdoors cooler for free cooling' }),
})
export type VentilationSettings = Static<typeof Settings>

export type VentilationSet = { readonly fanLevel: string; readonly temperature?: number }
/** What the air's bands were, so that they are left lower than they are entered, and whether it cools. */
export type VentilationMemory = { readonly bands: Readonly<Record<string, Band>>; readonly cools: boolean }

export const ventilation = defineControl<VentilationView>()({
  name: 'ventilation',
  label: 'Fresh air first, then price and heat',
  settings: Settings,

  decide(view, settings, memory?: VentilationMemory): Decision<VentilationSet, VentilationMemory | undefined> {
    const levels = view.levels
      .filter(({ flow, power }) => isNumber(flow) && isNumber(power))
      .toSorted((a, b) => a.flow - b.flow)
    const most = levels.at(-1)
    const air = airNeeds(view, settings, memory?.bands ?? {})
    const saw = {
      ...air.saw,
      somebodyHome: view.somebodyHome,
      indoor: numberIn(view.indoor),
      outdoor: numberIn(view.outdoor),
    }
    const leave = (because: string) => ({ leave: 'as-is', because, saw, bound: [], memory }) as const
    if (!most) return leave('The steps of the fans are not known')
    if (air.worst === 'unknown') return leave('Nothing is known of the air')

    // Who does not know whether somebody is home supposes so.
    const minimum = view.area * (view.somebodyHome === false ? settings.minimumAway : settings.minimumHome)
    const usual = view.area * settings.minimumHome
    const needed =
      air.worst === 'poor' ? most.flow : air.worst === 'fair' ? Math.max(minimum, (usual + most.flow) / 2) : minimum
    const floor = levels.find(({ flow }) => flow >= needed - 1e-9) ?? most
    const bound: Bound[] =
      floor.flow < needed - 1e-9
        ? [{ by: 'most the fans give', wanted: rounded(needed), got: floor.flow, unit: 'm³/h' }]
        : []

    const cools = coolsForNothing(view, settings, memory?.cools ?? false)
    const price = priceOf(view)
    const cheap =
      !cools && air.worst === 'good' && view.somebodyHome !== false && air.hasSomethingToAir
        ? price !== 'unknown' && isCheap(price, settings)
        : false
    const next = levels[levels.indexOf(floor) + 1]
    const level = cools ? most : cheap && next ? next : floor
    const temperature = view.supply && (cools ? view.supply.lowest : view.supply.usual)
    return {
      set: { fanLevel: level.name, ...(temperature === undefined ? {} : { temperature }) },
      because: cools
        ? 'It is too warm indoors and cooler outdoors, so the fans cool for nothing'
        : level !== floor
          ? 'Power is cheap just now, so the house is aired in advance'
          : air.because,
      saw: { ...saw, price: price === 'unknown' ? null : rounded(price.now, 4), neededFlow: rounded(needed, 1) },
      bound,
      ...secondBest(level === floor ? next : floor, level, view, price === 'unknown' ? 'unknown' : price.now),
      memory: { bands: air.bands, cools },
    }
  },
})

const numberIn = (measured: Known<Measured>) => (measured === 'unknown' ? null : measured.value)

/** Cool air outdoors and a warm house; it ends when the house is half a kelvin below its limit. */
function coolsForNothing(
  { indoor, outdoor, highest }: VentilationView,
  { coolerBy }: VentilationSettings,
  cools: boolean,
) {
  if (indoor === 'unknown' || outdoor === 'unknown' || !isNumber(indoor.value) || !isNumber(outdoor.value)) return false
  const tooWarm = indoor.value > highest - (cools ? 0.5 : 0)
  return tooWarm && outdoor.value < indoor.value - coolerBy + (cools ? 0.5 : 0)
}

/** A share of a mean below zero says nothing: what costs nothing is cheap whatever comes. */
const isCheap = (
  price: { readonly now: number; readonly ahead: number },
  { cheapBelow }: VentilationSettings,
): boolean => cheapBelow > 0 && (price.now <= 0 || price.now < cheapBelow * price.ahead)

/** The marginal price now and its mean over the next twelve hours, NOK/kWh. */
function priceOf({ prices, now }: VentilationView): Known<{ readonly now: number; readonly ahead: number }> {
  const cost = (step: PriceStep | undefined) => step && (step.marginal ?? 1.25 * (step.spot + step.grid))
  const present = cost(stepAt(prices, now))
  const ahead = prices.filter(({ from, to }) => to > now && from < now + 12 * 3_600_000).map(cost)
  if (!isNumber(present) || ahead.length < 2 || !ahead.every(isNumber)) return 'unknown'
  return { now: present, ahead: ahead.reduce((sum, one) => sum + one, 0) / ahead.length }
}

/** NOK an hour of one step of the fans: their power, and the heat that goes out. */
export function fanCost(
  { flow, power }: FanLevel,
  { indoor, outdoor, recovery, cop }: Pick<VentilationView, 'indoor' | 'outdoor' | 'recovery' | 'cop'>,
  price: Known<number>,
): Known<number> {
  if (price === 'unknown' || indoor === 'unknown' || outdoor === 'unknown') return 'unknown'
  const lost = Math.max(0, (0.33 * flow * (1 - recovery) * (indoor.value - outdoor.value)) / 1000)
  const cost = price * (power + lost / cop)
  return isNumber(cost) ? cost : 'unknown'
}

function secondBest(other: FanLevel | undefined, level: FanLevel, view: VentilationView, price: Known<number>) {
  if (!other) return {}
  const [own, others] = [fanCost(level, view, price), fanCost(other, view, price)]
  const costsMore = own === 'unknown' || others === 'unknown' ? ('unknown' as const) : rounded(others - own, 4)
  return { nextBest: { choice: `Fans on ${other.name}`, costsMore } }
}
