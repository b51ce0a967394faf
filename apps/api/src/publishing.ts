/** Accounts at the broker for devices that publish by themselves: made with the device, renewed, and gone with it. */
import { ProblemError, type Settings, sensorTopic } from '@nabolag/core'
import type { Device, Tenant } from '@nabolag/store'
import type { App } from './app.ts'

type Names = Pick<Device, 'id' | 'houseId' | 'integration' | 'count'>

/** What a program needs to publish for a device. The password is nowhere else. */
export type Publishing = {
  readonly url: string
  readonly username: string
  readonly password: string
  readonly topic: string
}

/** The account of a device that was just added; without one the device is taken away again. */
export async function openAccount(app: App, tenant: Tenant, device: Names): Promise<Publishing> {
  const { houseId, integration: name, count } = device
  try {
    return await makeAccount(app, tenant, device)
  } catch (error) {
    await tenant.removeDevice(houseId, name, count)
    throw error
  }
}

/** A new password; the one before is worth nothing any more, and whoever is connected with it is let go. */
export async function renewAccount(app: App, tenant: Tenant, device: Names): Promise<Publishing> {
  const { houseId, integration: name } = device
  const publisher = await publisherOf(tenant, device)
  if (!publisher) return makeAccount(app, tenant, device)
  const { username } = await tenant.renewPublisher(houseId, publisher.id)
  await app.parts.accounts.removeAccount(username)
  const login = await app.parts.accounts.addPublisherAccount({ username, houseId, name })
  return publishing(app, device, login)
}

/** Ends the account, before the device is taken away: a row without an account harms nobody. */
export async function closeAccount(app: App, tenant: Tenant, device: Names): Promise<void> {
  const publisher = await publisherOf(tenant, device)
  if (publisher) await app.parts.accounts.removeAccount(publisher.username)
}

async function makeAccount(app: App, tenant: Tenant, device: Names): Promise<Publishing> {
  const { id, houseId, integration: name } = device
  const publisher = await tenant.addPublisher(houseId, name, id)
  const { username } = publisher
  try {
    const login = await app.parts.accounts.addPublisherAccount({ username, houseId, name })
    return publishing(app, device, login)
  } catch (error) {
    await tenant.revokePublisher(houseId, publisher.id).catch((later: unknown) => {
      if (!(later instanceof ProblemError)) throw later
    })
    throw error
  }
}

const publisherOf = async (tenant: Tenant, { id, houseId }: Names) =>
  (await tenant.publishers(houseId)).find(({ deviceId, revokedAt }) => deviceId === id && revokedAt === undefined)

const publishing = (
  app: App,
  { houseId, integration, count }: Names,
  { username, password }: { username: string; password: string },
): Publishing => ({ url: app.brokerUrl, username, password, topic: sensorTopic(integration, houseId, count) })

/** The broker's address for programs outside: as set, or our own one without its account, at the host people reach us at. */
export function brokerUrlOf({ NABOLAG_BROKER_URL, MQTT_URL, NABOLAG_URL }: Settings): string {
  if (NABOLAG_BROKER_URL !== undefined) return NABOLAG_BROKER_URL
  const ours = new URL(MQTT_URL ?? 'mqtt://127.0.0.1:1883')
  const host = NABOLAG_URL === undefined ? undefined : new URL(NABOLAG_URL).hostname
  const reached = isLoopback(ours.hostname) && host !== undefined ? host : ours.hostname
  const path = ours.pathname === '/' ? '' : ours.pathname
  return `${ours.protocol}//${reached}${ours.port === '' ? '' : `:${ours.port}`}${path}`
}

const isLoopback = (host: string) => host === 'localhost' || host === '[::1]' || host.startsWith('127.')
