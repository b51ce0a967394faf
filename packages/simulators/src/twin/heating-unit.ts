/**
 * A heat pump or heater with a thermostat of its own, as the twin has it: it takes whole degrees, hears not every
 * command, shows late what it was told, has a least power below which it stands still, warms up slowly and defrosts.
 */
import type { Held } from '@nabolag/control'
import { cop, type HeatPump, mostHeat } from '@nabolag/control/thermal/index'
import { clamp, random } from '../world/noise.ts'
import type { Outside } from './surroundings.ts'

export type Machine = {
  /** Absent: a plain heater, one to one. */
  readonly pump?: HeatPump
  /** Most electricity, kW. */
  readonly power: number
  /** Heaters beside a pump, kW, with a thermostat of their own that nobody commands, °C. */
  readonly backup: number
  readonly backupAt: number
}

/** How it behaves; everything has a usual value. */
export type Manners = {
  /** Below this share of its power it stands still, and starts again a tenth above. */
  readonly least: number
  /** From command to heat: time constant, minutes. */
  readonly lagMinutes: number
  /** Share of the commands that never arrive. */
  readonly lost: number
  /** Until a command is carried out, and until the reading shows it, at most, minutes. */
  readonly commandMinutes: number
  readonly showMinutes: number
  /** What its own thermometer shows above the room's, K. */
  readonly offset: number
  /** Whether it tells the power that it draws. */
  readonly tellsPower: boolean
}

export const usualManners: Manners = {
  least: 0.15,
  lagMinutes: 8,
  lost: 0.02,
  commandMinutes: 1,
  showMinutes: 4,
  offset: 0,
  tellsPower: false,
}

export type Setting = { readonly temperature: number; readonly on: boolean; readonly fanLevel: string }

const minute = 60_000
/** A defrosting takes so long, and comes after so many minutes of running in such weather. */
const defrostMinutes = 4
const runsBetween = 50

export type Unit = {
  /** Lives through a minute. Heat that reaches the room and electricity that is drawn, kW. */
  step(at: number, room: number, outside: Outside): { readonly heat: number; readonly electric: number }
  /** False when it was lost on its way. */
  tell(at: number, change: Partial<Setting>): boolean
  /** As its last reading shows it. */
  held(now: number): Held
  readonly setting: () => Setting
}

export function makeUnit(machine: Machine, manners: Manners, seed: number, start: number, first: Setting): Unit {
  const { pump, power, backup, backupAt } = machine
  let setting = first
  let shown = { setting: first, since: start - 24 * 60 * minute }
  let waiting: { readonly at: number; readonly change: Partial<Setting> }[] = []
  let toShow: { readonly at: number; readonly setting: Setting; readonly since: number }[] = []
  let commands = 0
  let runs = false
  let delivered = 0
  let drawn = 0
  let ran = Math.floor(random(seed, 7) * runsBetween)
  let defrosts = 0
  const rises = 1 - Math.exp(-1 / Math.max(0.5, manners.lagMinutes))

  const obey = (at: number) => {
    for (const { change } of waiting.filter((one) => one.at <= at)) {
      setting = {
        ...setting,
        ...change,
        ...(change.temperature !== undefined && { temperature: whole(change.temperature) }),
      }
      const late = manners.showMinutes * random(seed + 3, commands++) * minute
      toShow.push({ at: at + late, setting, since: at })
    }
    waiting = waiting.filter((one) => one.at > at)
  }
  const show = (at: number) => {
    for (const one of toShow) if (one.at <= at) shown = one
    toShow = toShow.filter((one) => one.at > at)
  }

  return {
    setting: () => setting,
    tell(at, change) {
      const nth = commands++
      if (random(seed + 1, nth) < manners.lost) return false
      waiting.push({ at: at + manners.commandMinutes * random(seed + 2, nth) * minute, change })
      return true
    },
    step(at, room, outside) {
      if (waiting.length > 0) obey(at)
      if (toShow.length > 0) show(at)
      const demand = clamp((setting.temperature - (room + manners.offset) + 0.5) / 2, 0, 1)
      runs = setting.on && demand > (runs ? manners.least : manners.least + 0.1)
      const { temperature: cold, humidity } = outside
      const gain = pump ? cop(pump, cold, humidity) : 1
      const most = pump ? Math.min(power, mostHeat(pump, cold) / gain) : power
      const frosts = pump !== undefined && cold > -5 && cold < 4 && humidity > 80
      if (runs && frosts && ++ran >= runsBetween) {
        ran = 0
        defrosts = defrostMinutes
      }
      const stands = !runs || defrosts > 0
      if (defrosts > 0) defrosts--
      const compressor = stands ? 0 : most * demand
      const heaters = backup * clamp(backupAt - room + 0.5, 0, 1)
      delivered += rises * (compressor * gain - delivered)
      drawn = compressor + heaters
      return { heat: delivered + heaters, electric: drawn }
    },
    held(now) {
      if (toShow.length > 0) show(now)
      return {
        at: now - (now % minute) - minute,
        set: { temperature: shown.setting.temperature, on: shown.setting.on, fanLevel: shown.setting.fanLevel },
        since: shown.since,
        ...(manners.tellsPower && { power: drawn * 1000 }),
        mode: 'heat',
      }
    },
  }
}

/** Half degrees go the way the vendor rounds. */
const whole = (celsius: number): number => clamp(Math.round(celsius), 5, 31)
