/** From what the store keeps of a house to what its controls are given. Nothing here throws: what does not fit is left out. */
import {
  Comfort,
  checkPriceSettings,
  controllers,
  controlNamed,
  type HouseSetup,
  type LoopSetup,
  type PriceSettings,
  type RoomSetup,
  settingsOf,
  usualComfort,
} from '@nabolag/control'
import { ProblemError } from '@nabolag/core'
import type { HouseControl, Loop, Room, RoomModel } from '@nabolag/store'
import { type Static, type TObject, type TSchema, Type } from 'typebox'
import { Check, Errors } from 'typebox/value'
import { HouseFacts, OwnLimits, RoomHeating, RoomParameters } from './setup-schemas.ts'

export type HouseOfStore = {
  readonly id: number
  readonly name: string
  readonly timezone: string
  readonly latitude: number | undefined
  readonly longitude: number | undefined
}

export type Setup = {
  readonly setup: HouseSetup
  /** What was left out and why, in sentences; usually none. */
  readonly leftOut: readonly string[]
}

/** The house as its controls know it; settings of the present controllers with their defaults filled in. */
export const setupOf = (house: HouseOfStore, control: HouseControl): HouseSetup => readSetup(house, control).setup

/** The same, and what was left out of it. */
export function readSetup(house: HouseOfStore, { facts, prices, rooms, loops, models }: HouseControl): Setup {
  const leftOut: string[] = []
  const { id, name, timezone, latitude, longitude } = house
  const isZone = knownZone(timezone)
  if (!isZone) leftOut.push(`The time zone ${timezone} is not known; UTC is taken`)
  const place = latitude === undefined || longitude === undefined ? {} : { latitude, longitude }
  const ids = new Set(rooms.map((room) => room.id))
  return {
    leftOut,
    setup: {
      ...{ id, name, timezone: isZone ? timezone : 'UTC' },
      ...place,
      ...fitting(HouseFacts, facts, 'The facts of the house', leftOut),
      ...(prices !== undefined && priceSettings(prices, leftOut)),
      rooms: rooms.map((room) => roomSetup(room, models[room.id], leftOut)),
      loops: loops.flatMap((loop) => loopSetup(loop, ids, leftOut) ?? []),
    },
  }
}

function knownZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

function priceSettings(given: unknown, leftOut: string[]): { readonly prices: PriceSettings } | undefined {
  try {
    return { prices: checkPriceSettings(given) }
  } catch (error) {
    const why = error instanceof ProblemError ? (error.detail ?? error.message) : String(error)
    leftOut.push(`The price settings: ${why}; the usual ones are assumed`)
    return undefined
  }
}

function roomSetup(room: Room, model: RoomModel | undefined, leftOut: string[]): RoomSetup {
  const { id, name, area, comfort, heating, sensors } = room
  const whose = `The room ${name}`
  const isComfort = Check(Comfort, comfort)
  if (!isComfort) leftOut.push(`${whose}: its wishes ${firstOf(Comfort, comfort)}; the usual ones are taken`)
  const parameters = model?.outcome === 'accepted' ? parametersOf(model, whose, leftOut) : undefined
  const heats = heating === undefined ? undefined : fitting(RoomHeating, heating, `${whose}: what heats it`, leftOut)
  // How its heat pump answers to set-points was found together with the model.
  const band = parameters && Check(KeptBand, model?.model) ? model.model.band : undefined
  return {
    ...{ id, name, sensors },
    ...(area !== undefined && area > 0 && { area }),
    comfort: isComfort ? comfort : usualComfort(),
    ...((heats || band !== undefined) && {
      heating: { ...heats, ...(band !== undefined && { pump: { ...heats?.pump, band } }) },
    }),
    ...(parameters && { model: parameters }),
  }
}

/** As `identify` hands it out, or the parameters alone. */
const Kept = Type.Object({ house: RoomParameters })
const KeptBand = Type.Object({ band: Type.Number({ minimum: 0.2, maximum: 10 }) })

function parametersOf({ model }: RoomModel, whose: string, leftOut: string[]) {
  if (Check(Kept, model)) return model.house
  if (Check(RoomParameters, model)) return model
  leftOut.push(`${whose}: its model cannot be read; a usual one is taken`)
  return undefined
}

function loopSetup(loop: Loop, rooms: ReadonlySet<number>, leftOut: string[]): LoopSetup | undefined {
  const { id, kind, room, actuator, mode, pausedUntil } = loop
  const { verbs, ...place } = actuator
  const whose = `The loop of ${place.device} ${place.count}${place.location && ` (${place.location})`}`
  if (!Object.hasOwn(controllers, kind)) {
    leftOut.push(`${whose} is of an unknown kind, ${kind}, and is left alone`)
    return undefined
  }
  if (kind === 'heating' && (room === undefined || !rooms.has(room))) {
    leftOut.push(`${whose} heats no room, and is left alone`)
    return undefined
  }
  const control = controlNamed(kind, loop.controller)
  if (control.name !== loop.controller) {
    leftOut.push(`${whose}: there is no control ${loop.controller}; ${control.name} takes its place`)
  }
  const given = loop.settings[control.name] ?? {}
  for (const [name, value] of Object.entries(given)) {
    const schema: TSchema | undefined = (control.settings as TObject).properties[name]
    if (!schema || !Check(schema, value)) {
      const why = schema ? firstOf(schema, value) : 'is unknown'
      leftOut.push(`${whose}: ${name} of ${control.name} ${why}; its default is taken`)
    }
  }
  return {
    ...{ id, kind, mode, actuator: { ...place, ...(verbs && { verbs }) } },
    ...(room !== undefined && { room }),
    ...(pausedUntil !== undefined && { pausedUntil }),
    controller: control.name,
    settings: settingsOf(control.settings as TObject, given) as Readonly<Record<string, unknown>>,
    limits: fitting(OwnLimits, loop.limits, `${whose}: its limits`, leftOut),
  }
}

/** The properties that fit; the others are named, each with what is wrong. */
function fitting<S extends TObject>(schema: S, given: unknown, what: string, leftOut: string[]): Partial<Static<S>> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    if (given !== undefined && given !== null) leftOut.push(`${what} cannot be read`)
    return {}
  }
  const kept = Object.entries(given).filter(([name, value]) => {
    if (value === undefined || value === null) return false
    const property = Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined
    if (property && Check(property, value)) return true
    leftOut.push(`${what}: ${name} ${property ? firstOf(property, value) : 'is unknown'}`)
    return false
  })
  return Object.fromEntries(kept) as Partial<Static<S>>
}

function firstOf(schema: TSchema, value: unknown): string {
  const [first] = Errors(schema, value)
  const where = first?.instancePath.slice(1).replaceAll('/', '.') ?? ''
  return `${where && `(${where}) `}${first?.message ?? 'cannot be read'}`
}
