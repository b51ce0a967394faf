/** What a SAVE unit can be told: the supply air's temperature, the fans' step, strong airing for a while. */
import { VendorFailure } from '@nabolag/core'
import type { Commands, FoundActuator } from '../define.ts'
import { CloudFailure } from './cloud.ts'
import {
  decodeItems,
  fanLevels,
  type Ids,
  type Item,
  idOf,
  isFahrenheit,
  modes,
  rawDegrees,
  rawOf,
  type Signal,
  setpointLimits,
  sortItems,
} from './items.ts'
import type { Credentials, Session } from './sign-in.ts'
import { type Asking, nameOf, readAccount, readItems, type Status, type Unit, writeItems } from './units.ts'

type Wanted = Asking & { readonly status: Status | undefined; readonly place: string | undefined }

/** Before each further try of one write while Systemair is busy, as it often is. */
const pauses = ['0.5 s', '1 s'] as const

export const commands: Commands<typeof Credentials, typeof Status, typeof Session> = {
  ventilation: {
    setSupplySetpoint: async (given, { temperature }) => {
      const { unit, ids, sorted } = await find(given)
      const { minimum, maximum } = setpointLimits(sorted, idOf(ids, 'temperatureUnit'))
      if (temperature < minimum || temperature > maximum)
        throw new VendorFailure('rejected', `${nameOf(unit)} takes ${minimum} to ${maximum} °C`)
      const raw = rawDegrees(temperature, isFahrenheit(sorted), sorted.get('setpoint'))
      return write(given, unit, ids, { setpoint: raw })
    },

    setFanLevel: async (given, { fanLevel }) => {
      const { unit, ids } = await find(given)
      if (fanLevel === 'auto') return write(given, unit, ids, { modeWish: wish('auto') })
      // By hand it has effect in manual mode only.
      return write(given, unit, ids, { modeWish: wish('manual'), fanLevel: levelOf(fanLevel) })
    },

    boost: async (given, { minutes }) => {
      const { unit, ids } = await find(given)
      const present = await presentMode(given, unit, ids)
      const isBoosting = present === modes.indexOf('refresh')
      const learnt = given.session.units[unit.identifier] ?? { ids, missing: [] }
      if (minutes === 0) {
        if (!isBoosting) return 'applied'
        const before = learnt.before === modes.indexOf('manual') ? 'manual' : 'auto'
        return write(given, unit, ids, { modeWish: wish(before) })
      }
      const outcome = await write(given, unit, ids, { refreshMinutes: minutes, modeWish: wish('refresh') })
      if (!isBoosting && present !== undefined)
        given.keep({
          ...given.session,
          units: { ...given.session.units, [unit.identifier]: { ...learnt, before: present } },
        })
      return outcome
    },
  },
}

/** What can be asked of each unit that was read, within its own bounds. */
export const actuatorsOf = ({ units }: Status): FoundActuator[] =>
  units.flatMap((unit) => {
    if (!unit.items) return []
    const ids = unit.ids ?? {}
    const sorted = sortItems(decodeItems(unit.items) ?? [], ids)
    const levels = (sorted.get('fanLevel')?.options ?? [2, 3, 4].map((value) => ({ value })))
      .map(({ value }) => (typeof value === 'number' ? fanLevels[value] : undefined))
      .filter((level) => level !== undefined && level !== 'off')
    const { min, max } = sorted.get('refreshMinutes') ?? {}
    const most = typeof max === 'number' && max > 0 ? Math.min(240, max) : 240
    return {
      place: unit.identifier,
      location: nameOf(unit),
      capability: 'ventilation' as const,
      verbs: {
        setSupplySetpoint: { temperature: setpointLimits(sorted, idOf(ids, 'temperatureUnit')) },
        setFanLevel: { fanLevel: { values: ['auto', ...levels] as string[] } },
        boost: {
          minutes:
            typeof min === 'number' && min > 1 ? { minimum: 0, maximum: most, step: 1 } : { minimum: 0, maximum: most },
        },
      },
    }
  })

/** The mode's number as it is written: one more than as it is read. */
const wish = (mode: 'auto' | 'manual' | 'refresh') => modes.indexOf(mode) + 1

const levelOf = (level: string): number =>
  Number(Object.keys(fanLevels).find((number) => fanLevels[Number(number)] === level))

async function find(given: Wanted): Promise<{
  readonly unit: Unit
  readonly ids: Ids
  readonly sorted: ReadonlyMap<Signal, Item>
}> {
  const { units } = given.status ?? (await readAccount(given))
  const unit =
    given.place === undefined && units.length === 1
      ? units[0]
      : units.find(({ identifier }) => identifier === given.place)
  if (!unit) throw new VendorFailure('rejected', 'There is no such unit in the account (any more)')
  const ids = given.session.units[unit.identifier]?.ids ?? unit.ids ?? {}
  return { unit, ids, sorted: sortItems(decodeItems(unit.items ?? []) ?? [], ids) }
}

async function presentMode(given: Wanted, unit: Unit, ids: Ids): Promise<number | undefined> {
  const items = await readItems(given, unit, [idOf(ids, 'mode')]).catch(refuse)
  return rawOf(sortItems(decodeItems(items) ?? [], ids).get('mode'))
}

/** Writes all points in one mutation, so that they take effect together. */
async function write(
  given: Wanted,
  unit: Unit,
  ids: Ids,
  values: Readonly<Partial<Record<Signal, number>>>,
): Promise<'applied'> {
  const points = Object.entries(values).map(([signal, value]) => ({
    id: idOf(ids, signal as Signal),
    value: String(value),
  }))
  for (let nth = 0; ; nth++) {
    try {
      if ((await writeItems(given, unit, points, pauses[nth - 1])) === true) return 'applied'
    } catch (error) {
      if (error instanceof CloudFailure && error.about === 'busy' && nth < pauses.length) continue
      return refuse(error)
    }
    throw new VendorFailure('rejected', `Systemair did not take it for ${nameOf(unit)}`)
  }
}

/**
 * What Systemair says of this unit or these values concerns the command alone: nothing was done. Where the unit may have
 * been reached, nobody knows.
 */
function refuse(error: unknown): never {
  if (error instanceof CloudFailure && error.kind !== 'refused' && isCertain(error))
    throw new VendorFailure('rejected', error.message)
  throw error
}

const isCertain = ({ about, message }: CloudFailure) =>
  about === 'items' || about === 'busy' || (about === 'unit' && !/timed? ?out|heartbeat|incomplete/i.test(message))
