/** What goes in and out of the store. Every time is in ms since the epoch. */
import type { DeviceStatus } from '@nabolag/core'
import type { CommandTenant } from './command-types.ts'
import type { ControlTenant } from './control-types.ts'
import type { DevicePlace, Fleet } from './fleet-types.ts'
import type { TrialsOfTenant } from './trial-types.ts'
import type { VendorsOfTenant } from './vendor-types.ts'

export type * from './command-types.ts'
export type * from './control-types.ts'
export { controlModes } from './control-types.ts'
export type * from './fleet-types.ts'
export type * from './trial-types.ts'
export { channels } from './trial-types.ts'
export type * from './vendor-types.ts'

export const scopes = ['read', 'write', 'control', 'admin'] as const
export type Scope = (typeof scopes)[number]

export type UserRole = 'admin' | 'user'
export type HouseRole = 'owner' | 'resident' | 'reader'

/** Who asks. Made by `people.askerOf`; `houses` is present for a token that is limited to some. */
export type Asker = {
  readonly userId: string
  readonly username: string
  readonly role: UserRole
  readonly scopes: readonly Scope[]
  readonly houses?: readonly number[]
}

export type User = {
  readonly id: string
  readonly username: string
  /** Absent for somebody who was made without one. */
  readonly email: string | undefined
  readonly role: UserRole
  readonly createdAt: number
}

export type NewUser = {
  readonly username: string
  readonly password: string
  readonly email?: string
  readonly role?: UserRole
}

export type House = {
  readonly id: number
  readonly name: string
  readonly ownerId: string | undefined
  readonly owner: string | undefined
  readonly timezone: string
  readonly latitude: number | undefined
  readonly longitude: number | undefined
  readonly createdAt: number
  /** What the asker is in this house; `admin` where only the admin role lets them in. */
  readonly role: HouseRole | 'admin'
}

/** `owner` (a user name) may be given by an admin; otherwise the house belongs to the one who asks. */
export type NewHouse = HouseChange & { readonly owner?: string }
export type HouseChange = {
  readonly name?: string
  readonly timezone?: string
  readonly latitude?: number | null
  readonly longitude?: number | null
}
export type Member = { readonly userId: string; readonly username: string; readonly role: HouseRole }

/** A number or a name of an integration. */
export type IntegrationRef = number | string

export type IntegrationKind = 'built-in' | 'container' | 'outside'

export type IntegrationInfo = {
  readonly id: number
  readonly name: string
  readonly label: string
  readonly vendor: string
  readonly kind: IntegrationKind
  readonly group: string
  /** Names that the credentials must hold. */
  readonly requiredFields: readonly string[]
  /** JSON schema of the credentials of a built-in one. */
  readonly credentialsSchema: unknown
  readonly dockerHubImage: string | undefined
  readonly samplingSeconds: number
  readonly allowMultiple: boolean
  readonly createdAt: number
}

/** One row that the caller of `syncIntegrations` hands in for every built-in integration. */
export type BuiltInIntegration = {
  readonly name: string
  readonly label: string
  readonly vendor: string
  readonly group: string
  readonly requiredFields: readonly string[]
  readonly credentialsSchema: unknown
  readonly samplingSeconds: number
  readonly allowMultiple: boolean
}

export type NewIntegration = {
  readonly name: string
  readonly label?: string
  readonly vendor?: string
  /** `container` when an image is given, else `outside`. */
  readonly kind?: 'container' | 'outside'
  readonly group: string
  readonly requiredFields?: readonly string[]
  readonly dockerHubImage?: string | null
  readonly samplingSeconds?: number
  readonly allowMultiple?: boolean
}
export type IntegrationChange = Partial<Omit<NewIntegration, 'kind'>>

export type Desired = 'running' | 'stopped'
export type Credentials = Readonly<Record<string, unknown>>

/** A device of a house. Credentials never leave the store this way. */
export type Device = {
  readonly id: number
  readonly houseId: number
  readonly integrationId: number
  readonly integration: string
  readonly integrationLabel: string
  readonly vendor: string
  readonly group: string
  readonly kind: IntegrationKind
  readonly count: number
  readonly label: string | undefined
  readonly desired: Desired
  /** Raised by every restart and every change of credentials. */
  readonly generation: number
  readonly createdAt: number
  readonly status: DeviceStatus
  /** Which connector it runs in. */
  readonly connector: string | undefined
}

export type NewDevice = {
  /** Checked by the caller against the integration's schema. */
  readonly credentials: Credentials
  readonly label?: string
  /** Hash of the vendor's account (the same over integrations of one vendor); absent where each device is its own. */
  readonly accountHash?: string
}

/** What names a device's samples in the time series. */
export type ErasableDevice = {
  readonly houseId: number
  readonly integration: string
  readonly group: string
  readonly count: number
}

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]
export type LogEntry = {
  readonly run: number
  readonly time: number
  readonly level: LogLevel
  readonly message: string
}

export type Publisher = {
  readonly id: number
  readonly houseId: number
  readonly name: string
  readonly count: number
  /** The account's name at the broker. */
  readonly username: string
  readonly createdAt: number
  readonly revokedAt: number | undefined
  /** Whether it may command the devices of the house. */
  readonly commands: boolean
  /** The outside device it publishes for; absent for one that stands alone. */
  readonly deviceId: number | undefined
}

export type ApiToken = {
  readonly id: number
  readonly name: string
  readonly scopes: readonly Scope[]
  /** Absent: all houses of its user. */
  readonly houses: readonly number[] | undefined
  readonly createdAt: number
  readonly expiresAt: number | undefined
  readonly lastUsedAt: number | undefined
}
export type NewToken = {
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly houses?: readonly number[]
  /** ms since the epoch. */
  readonly expires?: number
}

export type AuditEntry = {
  readonly time: number
  readonly username: string
  readonly action: string
  readonly houseId: number | undefined
  readonly detail: unknown
}

type TenantItself = {
  readonly asker: Asker
  houses(): Promise<House[]>
  house(houseId: number): Promise<House>
  createHouse(house?: NewHouse): Promise<House>
  changeHouse(houseId: number, change: HouseChange): Promise<House>
  /** Deletes the house with everything in it (owner or admin); the caller erases the series and the broker accounts. */
  deleteHouse(houseId: number): Promise<{ houseId: number; devices: ErasableDevice[]; publishers: string[] }>
  members(houseId: number): Promise<Member[]>
  setMember(houseId: number, username: string, role: 'resident' | 'reader'): Promise<Member[]>
  removeMember(houseId: number, username: string): Promise<void>

  devices(houseId: number): Promise<Device[]>
  devicesOf(houseId: number, integration: IntegrationRef): Promise<Device[]>
  device(houseId: number, integration: IntegrationRef, count: number): Promise<Device>
  /** Takes the smallest free count. `conflict`: the integration allows one only, or the vendor account is there already. */
  addDevice(houseId: number, integration: IntegrationRef, device: NewDevice): Promise<Device>
  removeDevice(houseId: number, integration: IntegrationRef, count: number): Promise<ErasableDevice>
  replaceCredentials(
    houseId: number,
    integration: IntegrationRef,
    count: number,
    given: { readonly credentials: Credentials; readonly accountHash?: string },
  ): Promise<Device>
  changeDevice(
    houseId: number,
    integration: IntegrationRef,
    count: number,
    change: { readonly label: string | null },
  ): Promise<Device>
  /** `restart` also starts a stopped device. The caller tells the connectors over the bus. */
  setDesired(houseId: number, integration: IntegrationRef, count: number, desired: Desired | 'restart'): Promise<Device>
  /** The lines of the present and the previous run, oldest first. */
  log(houseId: number, integration: IntegrationRef, count: number): Promise<LogEntry[]>
  /** The places it measures at, where its vendor names them; in the order of their first samples. */
  places(houseId: number, integration: IntegrationRef, count: number): Promise<DevicePlace[]>

  publishers(houseId: number): Promise<Publisher[]>
  /** Makes the row and the account's name; the caller makes the account at the broker. */
  addPublisher(houseId: number, name: string, deviceId?: number): Promise<Publisher>
  /** Notes that the account of that publisher is made anew; the caller does it at the broker. */
  renewPublisher(houseId: number, publisherId: number): Promise<Publisher>
  revokePublisher(houseId: number, publisherId: number): Promise<Publisher>
  /** Notes that the account of that publisher may command the house; the caller makes it so at the broker. */
  letCommand(houseId: number, publisherId: number): Promise<Publisher>

  integrations(): Promise<IntegrationInfo[]>
  integration(ref: IntegrationRef): Promise<IntegrationInfo>
  addIntegration(integration: NewIntegration): Promise<IntegrationInfo>
  changeIntegration(ref: IntegrationRef, change: IntegrationChange): Promise<IntegrationInfo>
  /** `conflict` while a house has such a device, or for a built-in one. */
  removeIntegration(ref: IntegrationRef): Promise<void>
  /** All devices of an integration, over the houses the asker sees (what `/update` restarts). */
  devicesOfIntegration(ref: IntegrationRef): Promise<Device[]>
  /** Raises the generation of those devices; answers which. Admin only. */
  restartDevicesOf(ref: IntegrationRef): Promise<Device[]>

  /** Everybody for an admin, otherwise only the asker. */
  users(): Promise<User[]>
  createUser(user: NewUser): Promise<User>

  tokens(): Promise<ApiToken[]>
  /** The token itself is shown this once. Scopes and houses beyond the asker's own are `not-allowed`. */
  createToken(token: NewToken): Promise<ApiToken & { readonly token: string }>
  revokeToken(tokenId: number): Promise<void>
  /** The changes of a house, newest first; without a house all of them (admin only). */
  audit(filter?: { readonly houseId?: number; readonly limit?: number }): Promise<AuditEntry[]>
}

/**
 * The store as one asker may see it: the only way to a house.
 *
 * Everywhere: a house that is missing or somebody else's is `no-such-house`; a right that is missing (a reader who
 * changes, a token without the scope) is `not-allowed`; devices `no-such-device`, integrations `no-such-integration`.
 */
export type Tenant = TenantItself & CommandTenant & ControlTenant & TrialsOfTenant & VendorsOfTenant

/** A cookie as plain values; the caller adds HttpOnly, SameSite, Path and (on https) Secure. `maxAge` in seconds. */
export type SessionCookie = { readonly name: string; readonly value: string; readonly maxAge: number }

export type People = {
  /** The session cookie's name. */
  readonly cookieName: string
  /** @throws `invalid-login`, or `too-many-requests` with `retry_after` in seconds */
  signIn(
    username: string,
    password: string,
    from: { readonly ip: string },
  ): Promise<{ cookie: SessionCookie; user: User }>
  signOut(cookieValue: string): Promise<void>
  /** Who that cookie or bearer token stands for; `undefined` when it is nobody (any more). */
  askerOf(given: { readonly cookie?: string; readonly bearer?: string }): Promise<Asker | undefined>
  /** The asker of a user, for a program on the server itself (launcher, CLI, demo). @throws `no-such-user` */
  askerNamed(username: string): Promise<Asker>
  /** @throws `not-allowed` unless `by` is an admin; `conflict` for a taken name or mail; `bad-request` */
  createUser(user: NewUser, by: Asker): Promise<User>
  /** Sets a password and ends the user's sessions. By an admin, or by the user. */
  setPassword(username: string, password: string, by: Asker): Promise<void>
  hasAdmin(): Promise<boolean>
  /** A link that makes the first admin, good for 24 h and once; a new one replaces the one before. */
  makeSetupLink(): Promise<{ token: string; url: string | undefined; expiresAt: number }>
  /** @throws `not-allowed` when the link is wrong, used, expired, or there is an admin already */
  useSetupLink(token: string, user: Omit<NewUser, 'role'>): Promise<User>
}

export type Log = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export type Store = {
  /** Brings the schema up to date. @throws `bad-request` (schema newer than this program; nothing is touched) */
  migrate(): Promise<{ applied: string[] }>
  close(): Promise<void>
  /** @throws `engine-down` */
  ping(): Promise<void>
  readonly people: People
  readonly fleet: Fleet
  as(asker: Asker): Tenant
}

export type StoreOptions = {
  /** DATABASE_URL. */
  readonly url: string
  /** NABOLAG_MASTER_KEY. */
  readonly masterKey: string
  /** Address people reach the server at, for links. */
  readonly baseUrl?: string
  readonly log?: Log
  /** Connections at most; 5 when absent. */
  readonly connections?: number
}
