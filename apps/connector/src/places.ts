/**
 * Where a device's readings are logged: a place of the vendor's keeps the location under which it was first logged,
 * whatever it is called later. So a renamed room is no new series, and two rooms of one name are two.
 */
import { type Static, Type } from 'typebox'
import { Check } from 'typebox/value'
import { inWords } from './course.ts'
import type { CheckedReading } from './readings.ts'

const Place = Type.Object({
  place: Type.String(),
  /** What its samples say, for ever. */
  location: Type.String(),
  /** What the vendor calls it now. */
  name: Type.String(),
  /** ms since the epoch. */
  lastSeenAt: Type.Number(),
  gone: Type.Optional(Type.Boolean()),
})
export type Place = Static<typeof Place>
/** Keyed by the vendor's id of the place. */
export type Places = Map<string, Place>

const PlaceList = Type.Array(Place)
/** More of them are logged all the same, but not remembered. */
const mostPlaces = 500
/** Characters, so that there is room for an id behind it. */
const longestName = 200
/** Without other news, what is stored of them is not older than this, ms. */
const saveEvery = 15 * 60_000

/** Places as they were stored; none where that cannot be read. */
export const readPlaces = (stored: unknown): Places =>
  new Map(Check(PlaceList, stored) ? stored.map((place) => [place.place, { ...place }]) : [])

export const writePlaces = (places: Places): readonly Place[] => [...places.values()]

export type Located = {
  /** The readings at the locations they are logged under. */
  readonly readings: readonly CheckedReading[]
  /** What the owner should read of it. */
  readonly lines: readonly string[]
}

/**
 * Puts the readings of one answer where they belong, and notes in `places` what it learns.
 *
 * @param quiet how long a place may be missing from the answers before that is told, ms
 */
export function locate(places: Places, readings: readonly CheckedReading[], now: number, quiet: number): Located {
  if (!readings.some(({ place }) => place !== undefined)) return { readings, lines: [] }
  const lines: string[] = []
  const located = readings.map((reading) => {
    if (reading.place === undefined) return reading
    return { ...reading, location: settle(places, reading.place, nameOf(reading), now, lines) }
  })
  for (const place of places.values()) {
    if (place.gone || now - place.lastSeenAt <= quiet) continue
    place.gone = true
    lines.push(`${calledOf(place)} has not been in the vendor's answers for ${inWords(now - place.lastSeenAt)}.`)
  }
  return { readings: located, lines }
}

const nameOf = ({ location = '', place = '' }: CheckedReading) =>
  (location === '' ? place : location).slice(0, longestName)

function settle(places: Places, id: string, name: string, now: number, lines: string[]): string {
  const known = places.get(id)
  if (!known) {
    const fresh: Place = { place: id, location: freeLocation(places, name, id), name, lastSeenAt: now }
    if (places.size >= mostPlaces) return fresh.location
    places.set(id, fresh)
    const instead =
      fresh.location === name ? '' : `, as another place has that name: it is logged as "${fresh.location}"`
    lines.push(`New: "${name}"${instead}.`)
    return fresh.location
  }
  if (known.gone) {
    delete known.gone
    lines.push(`${calledOf(known)} is back.`)
  }
  if (known.name !== name) {
    lines.push(`"${known.name}" is now called "${name}"; it goes on being logged as "${known.location}".`)
    known.name = name
  }
  known.lastSeenAt = now
  return known.location
}

function freeLocation(places: Places, name: string, id: string): string {
  const taken = new Set([...places.values()].map(({ location }) => location))
  let location = name
  while (taken.has(location)) location += ` (${id})`
  return location
}

const calledOf = ({ name, location }: Place) =>
  name === location ? `"${name}"` : `"${name}" (logged as "${location}")`

/** Says when what is known of places is worth storing: after news, and now and then for `lastSeenAt`. */
export function makePlaceSaver(): (places: Places, hasNews: boolean, now: number) => boolean {
  let savedAt = 0
  return (places, hasNews, now) => {
    if (places.size === 0 || (!hasNews && now - savedAt < saveEvery)) return false
    savedAt = now
    return true
  }
}
