/** Rooms of a house: what measures them, what heats them, and what is wished for. */
import { ask } from '../../api.ts'
import type { Comfort, ExceptionKind } from '../comfort/comfort.ts'
import type { ActuatorRef } from '../heating/api.ts'

export type Sensor = {
  readonly device: string
  readonly count: number
  readonly location: string
  /** Measurement group. */
  readonly group: string
}
export type Wish = {
  readonly temperature: number
  readonly lowest: number
  readonly highest: number
  readonly fan?: string
  readonly from: 'weekday' | 'weekend' | ExceptionKind
}
export type Room = {
  readonly id: number
  readonly name: string
  /** m². */
  readonly area?: number | null
  readonly sensors: readonly (Sensor & { readonly newest?: { readonly time: string; readonly temperature: number } })[]
  readonly actuator?: ActuatorRef | null
  readonly loop?: number | null
  readonly comfort: Comfort
  /** Now. */
  readonly wish: Wish
  /** What the data say against the sensors. */
  readonly contradictions: readonly { readonly sensor: Sensor; readonly sentence: string }[]
}
export type RoomForm = {
  readonly name: string
  readonly area?: number | null
  readonly sensors: readonly Sensor[]
  readonly actuator?: Heats | null
}
/** As the data have it; what kind of thing it is, the server knows. */
type Heats = Omit<ActuatorRef, 'capability'> & { readonly capability?: string }
export type Pair = {
  readonly sensor: Sensor
  readonly actuator: Heats
  readonly sentence: string
}
export type Proposal = {
  readonly pairs: readonly Pair[]
  readonly rooms: readonly {
    readonly name: string
    readonly sensors: readonly Sensor[]
    readonly actuator?: Heats | null
  }[]
  readonly unmatched: readonly (Sensor & { readonly because: string })[]
}

/** Older than this, a thermometer is silent, and the next one stands in, ms. */
const silence = 30 * 60_000

/** The thermometer that a room goes by now. */
export const presentSensor = ({ sensors }: Room, now = Date.now()): Room['sensors'][number] | undefined =>
  sensors.find(({ newest }) => newest && now - Date.parse(newest.time) < silence) ?? sensors[0]

const path = (houseId: number) => `/api/houses/${houseId}/rooms`
export const roomsKey = (houseId: number) => ['rooms', houseId] as const
export const rooms = (houseId: number) => ask<Room[]>(path(houseId))
export const addRoom = (houseId: number, form: RoomForm) => ask<Room>(path(houseId), 'POST', form)
export const changeRoom = (houseId: number, room: number, form: Partial<RoomForm>) =>
  ask<Room>(`${path(houseId)}/${room}`, 'PATCH', form)
export const removeRoom = (houseId: number, room: number) => ask(`${path(houseId)}/${room}`, 'DELETE')
export const proposal = (houseId: number, days = 14) => ask<Proposal>(`${path(houseId)}/proposal?days=${days}`)

/** One string for a place, for lists to choose from. */
export const placeKey = ({ device, count, location }: Pick<Sensor, 'device' | 'count' | 'location'>): string =>
  `${device}/${count}/${location}`
export const isSamePlace = (
  a: Pick<Sensor, 'device' | 'count' | 'location'>,
  b: Pick<Sensor, 'device' | 'count' | 'location'>,
): boolean => placeKey(a) === placeKey(b)
