/**
 * Credentials at rest: AES-256-GCM with a random data key per device, which in turn is wrapped by a master key. Both
 * are bound to the device, so that a row copied to another device does not open.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { Problem } from '@nabolag/core'

const version = 1
const ivBytes = 12
const tagBytes = 16
const keyBytes = 32

export type MasterKey = { readonly id: string; readonly key: Buffer }
/** The first one is used for what is new; the others only open what is old. */
export type MasterKeys = readonly [MasterKey, ...MasterKey[]]

/** The id is drawn from the key itself, so that a key may be given another name, or none, in the setting. */
const keyId = (key: Buffer) => Buffer.from(hkdfSync('sha256', key, '', 'nabolag key id', 6)).toString('hex')

/**
 * Reads NABOLAG_MASTER_KEY: 32 bytes in base64, or several as `id:key` with commas.
 *
 * @throws ProblemError `bad-request` that says what is wrong and never shows the key
 */
export function readMasterKeys(text: string): MasterKeys {
  const keys = text.split(',').map((part, index) => {
    const match = /^(?:[A-Za-z0-9_.-]{1,64}:)?([A-Za-z0-9+/_-]+={0,2})$/.exec(part.trim())
    const where = text.includes(',') ? `key ${index + 1} of NABOLAG_MASTER_KEY` : 'NABOLAG_MASTER_KEY'
    if (!match) throw Problem('bad-request', `${where} is not base64, or id:base64`)
    const key = Buffer.from(match[1]!, 'base64')
    if (key.length !== keyBytes) {
      throw Problem(
        'bad-request',
        `${where} has ${key.length} bytes; it must have ${keyBytes} (openssl rand -base64 32)`,
      )
    }
    return { id: keyId(key), key }
  })
  if (new Set(keys.map((k) => k.id)).size !== keys.length) {
    throw Problem('bad-request', 'NABOLAG_MASTER_KEY has the same key twice')
  }
  return keys as [MasterKey, ...MasterKey[]]
}

/** A secret for another purpose, drawn from the first master key. */
export const derive = (keys: MasterKeys, purpose: string): string =>
  Buffer.from(hkdfSync('sha256', keys[0].key, '', purpose, 32)).toString('base64url')

/** What the encryption is bound to. */
export type Identity = { readonly deviceId: number; readonly houseId: number; readonly integrationId: number }
const bound = (identity: Identity, part: 'credentials' | 'data key') =>
  Buffer.from(`nabolag ${part} ${identity.deviceId}/${identity.houseId}/${identity.integrationId}`)

/** version, IV, tag, ciphertext */
function seal(key: Buffer, plain: Buffer, aad: Buffer): Buffer {
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes })
  cipher.setAAD(aad)
  const body = Buffer.concat([cipher.update(plain), cipher.final()])
  return Buffer.concat([Buffer.from([version]), iv, cipher.getAuthTag(), body])
}

function unseal(key: Buffer, sealed: Buffer, aad: Buffer): Buffer {
  if (sealed.length < 1 + ivBytes + tagBytes || sealed[0] !== version) throw new Error('not sealed by this program')
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 1 + ivBytes), { authTagLength: tagBytes })
  decipher.setAAD(aad)
  decipher.setAuthTag(sealed.subarray(1 + ivBytes, 1 + ivBytes + tagBytes))
  return Buffer.concat([decipher.update(sealed.subarray(1 + ivBytes + tagBytes)), decipher.final()])
}

/** As the columns of `devices` hold it. */
export type Sealed = { readonly credentials: Buffer; readonly data_key: Buffer; readonly key_id: string }

/** Encrypts a device's credentials under a new data key. */
export function sealCredentials(keys: MasterKeys, identity: Identity, credentials: unknown): Sealed {
  const dataKey = randomBytes(keyBytes)
  return {
    credentials: seal(dataKey, Buffer.from(JSON.stringify(credentials)), bound(identity, 'credentials')),
    data_key: seal(keys[0].key, dataKey, bound(identity, 'data key')),
    key_id: keys[0].id,
  }
}

/** @throws ProblemError `internal-error` that says what the operator can do */
export function openCredentials(keys: MasterKeys, identity: Identity, sealed: Sealed): Record<string, unknown> {
  const dataKey = openDataKey(keys, identity, sealed)
  try {
    return JSON.parse(unseal(dataKey, sealed.credentials, bound(identity, 'credentials')).toString())
  } catch {
    throw Problem(
      'internal-error',
      'The credentials of this device were changed or damaged in the database; enter them anew',
    )
  }
}

/** A value under the first master key itself, for what is kept for minutes. `purpose` binds it to its row. */
export const sealValue = (keys: MasterKeys, purpose: string, value: unknown): { sealed: Buffer; key_id: string } => ({
  sealed: seal(keys[0].key, Buffer.from(JSON.stringify(value)), Buffer.from(`nabolag ${purpose}`)),
  key_id: keys[0].id,
})

/** What `sealValue` sealed; `undefined` when it cannot be opened. */
export function openValue(
  keys: MasterKeys,
  purpose: string,
  { sealed, key_id }: { readonly sealed: Buffer; readonly key_id: string },
): unknown {
  const master = keys.find((key) => key.id === key_id)
  if (!master) return undefined
  try {
    return JSON.parse(unseal(master.key, sealed, Buffer.from(`nabolag ${purpose}`)).toString())
  } catch {
    return undefined
  }
}

/** The same credentials and data key, wrapped by the first master key. @throws as `openCredentials` */
export const rewrap = (keys: MasterKeys, identity: Identity, sealed: Sealed): Pick<Sealed, 'data_key' | 'key_id'> => ({
  data_key: seal(keys[0].key, openDataKey(keys, identity, sealed), bound(identity, 'data key')),
  key_id: keys[0].id,
})

function openDataKey(keys: MasterKeys, identity: Identity, sealed: Sealed): Buffer {
  const master = keys.find((k) => k.id === sealed.key_id)
  if (!master) {
    throw Problem(
      'internal-error',
      `The credentials of this device are under the master key ${sealed.key_id}, which NABOLAG_MASTER_KEY does not hold`,
    )
  }
  try {
    return unseal(master.key, sealed.data_key, bound(identity, 'data key'))
  } catch {
    throw Problem('internal-error', 'The data key of this device was changed or damaged; enter its credentials anew')
  }
}
