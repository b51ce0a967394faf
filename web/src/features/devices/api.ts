import { ask, type Channel, type Device } from '../../api.ts'
import { type DeviceRef, devicePath } from '../control/api.ts'

/** A kind of device. */
export type Kind = {
  readonly id: number
  readonly name: string
  readonly label: string
  readonly vendor: string
  readonly kind: 'built-in' | 'container' | 'outside'
  readonly required_fields: readonly string[]
  readonly database_group_name: string
  readonly credentials_schema: unknown
  readonly sampling_seconds: number
  readonly allow_multiple: boolean
}
export type Typed = Readonly<Record<string, string | number | boolean>>

type Failure = {
  readonly ok: false
  readonly kind: string
  readonly message: string
  readonly who: string
  readonly do: string
  readonly until?: string
}
export type Found = {
  readonly ok: true
  readonly samples: number
  readonly fields: readonly string[]
  readonly places: readonly string[]
  readonly message?: string
}
export type Tried = Found | (Failure & { readonly sign_in?: { readonly channels: readonly Channel[] } })
export type SignedIn = ({ readonly ok: true } | Failure) & {
  readonly waiting_for: 'code' | null
  readonly channel: Channel | null
  readonly expires: string | null
}
/** What a program needs to publish for a device. */
export type Publishing = {
  readonly url: string
  readonly username: string
  readonly password: string
  readonly topic: string
}
export type LogLine = { readonly run: number; readonly time: string; readonly level: string; readonly message: string }

export const kindsQuery = { queryKey: ['kinds'], queryFn: () => ask<Kind[]>('/api/devices/'), staleTime: 60_000 }

const kindPath = (houseId: number, kind: string) => `/api/houses/${houseId}/devices/${kind}`

export const tryCredentials = (houseId: number, kind: string, credentials: Typed) =>
  ask<Tried>(`${kindPath(houseId, kind)}/test`, 'POST', { credentials })
export const tryDevice = (houseId: number, device: DeviceRef) =>
  ask<Tried>(`${devicePath(houseId, device)}/test`, 'POST', {})
export const addDevice = (houseId: number, kind: string, credentials: Typed, label: string) =>
  ask<Device & { readonly publishing?: Publishing }>(`${kindPath(houseId, kind)}/new`, 'POST', {
    ...credentials,
    ...(label === '' ? {} : { label }),
  })

/** Whose sign-in it is: of credentials that are typed just now, or of a device. */
export type Account =
  | { readonly houseId: number; readonly kind: string; readonly credentials: Typed }
  | { readonly houseId: number; readonly device: DeviceRef }

const signInPath = (account: Account) =>
  `${'device' in account ? devicePath(account.houseId, account.device) : kindPath(account.houseId, account.kind)}/sign-in`

/** Makes the vendor send a code. */
export const askCode = (account: Account, channel: Channel) =>
  ask<SignedIn>(signInPath(account), 'POST', {
    channel,
    ...('credentials' in account ? { credentials: account.credentials } : {}),
  })
export const handInCode = (account: Account, code: string) => ask<SignedIn>(signInPath(account), 'POST', { code })

export const device = (houseId: number, one: DeviceRef) => ask<Device>(devicePath(houseId, one))
export const log = (houseId: number, one: DeviceRef) => ask<LogLine[]>(`${devicePath(houseId, one)}/log`)
export const changeDevice = (
  houseId: number,
  one: DeviceRef,
  change: { readonly label?: string | null; readonly credentials?: Typed },
) => ask<Device>(devicePath(houseId, one), 'PATCH', change)
export const order = (houseId: number, one: DeviceRef, verb: 'restart' | 'start' | 'stop') =>
  ask<Device>(`${devicePath(houseId, one)}/${verb}`, 'POST')
export const removeDevice = (houseId: number, one: DeviceRef, erase: boolean) =>
  ask(`${devicePath(houseId, one)}${erase ? '?erase=true' : ''}`, 'DELETE')
export const renewPublishing = (houseId: number, one: DeviceRef) =>
  ask<Publishing>(`${devicePath(houseId, one)}/publishing`, 'POST')
