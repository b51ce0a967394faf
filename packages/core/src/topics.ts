/**
 * The topics of the bus.
 *
 * `sensors/<name>/<house>/…`    samples. `sensors/<name>` is the older form: the broker completes it with the house
 *                               that the publisher's account may write for.
 * `devices/<house>/<name>/<count>`  a device's state changed (no payload of interest: read it from the store).
 * `desired/<house>/<name>/<count>`  somebody wants a device started, stopped, restarted or re-read.
 * `commands/<house>/<name>/<count>`  a command for that device is waiting (`{"id"}`: read it from the store). A program
 *                               writes its command here, and the broker completes the topic with its account; or
 * `commands/<house>/<name>/<count>/<account>`  it writes the long form itself, which is all that its account allows.
 * `commands/<house>/<name>/<count>/result`  what came of a command, at every change of its state.
 * `stored`                      which hours of which houses were written or erased, said before a sample is acknowledged.
 * `rights`                      who may do what has changed (no payload of interest).
 * `trials/<id>` and `…/done`      something is to be tried once for somebody who waits; it was tried (read it from the store).
 * `vendors/<vendor>`            a vendor began or ceased to have trouble with many houses.
 * `echo/<name>`                 what a process says to itself, to know that it hears the bus.
 */

/** Names of integrations, devices and publishers: what may stand as one level of a topic and in a user name. */
export const namePattern = '^[a-z0-9][a-z0-9._-]{0,62}$'
const name = new RegExp(namePattern)

/** Whether the text can be the name of an integration or a publisher. */
export const isName = (text: string): boolean => name.test(text)

export const allSensors = 'sensors/#'

/** The topic a device's samples are published on. */
export const sensorTopic = (device: string, houseId: number, count = 0): string =>
  `sensors/${device}/${houseId}/${count}`

/** The topics an account may publish samples on. */
export const sensorTopicsOf = (device: string, houseId: number): string => `sensors/${device}/${houseId}/#`

/** Where a sample came from. `houseId` is absent in the older form; `count` where the topic does not go so far. */
export type SensorSource = { readonly device: string; readonly houseId?: number; readonly count?: number }

/** Where a sample came from, read from its topic. */
export function parseSensorTopic(topic: string): SensorSource | undefined {
  const [root, device, house, count] = topic.split('/')
  if (root !== 'sensors' || !device || !isName(device)) return undefined
  if (house === undefined) return { device }
  if (!/^\d{1,9}$/.test(house)) return undefined
  const known = { device, houseId: Number(house) }
  return count !== undefined && /^\d{1,4}$/.test(count) ? { ...known, count: Number(count) } : known
}

export const deviceTopic = (houseId: number, device: string, count: number): string =>
  `devices/${houseId}/${device}/${count}`
export const desiredTopic = (houseId: number, device: string, count: number): string =>
  `desired/${houseId}/${device}/${count}`
export const allDesired = 'desired/#'
export const allDevices = 'devices/#'
/** A command waits for this device. */
export const commandTopic = (houseId: number, device: string, count: number): string =>
  `commands/${houseId}/${device}/${count}`
/** What a program with this account may publish, and where results of the house are to be heard. */
export const commandTopicsOf = (houseId: number, account: string): string => `commands/${houseId}/+/+/${account}`
export const commandResultTopic = (houseId: number, device: string, count: number): string =>
  `${commandTopic(houseId, device, count)}/result`
export const commandResultsOf = (houseId: number): string => `commands/${houseId}/+/+/result`
export const allWaitingCommands = 'commands/+/+/+'
export const allCommandResults = 'commands/+/+/+/result'

export type CommandTopic = {
  readonly houseId: number
  readonly device: string
  readonly count: number
  /** The fifth level: an account's name, or `result`. */
  readonly last: string | undefined
}

/** Takes a topic below `commands/` apart; `undefined` when it is none. */
export function parseCommandTopic(topic: string): CommandTopic | undefined {
  const [root, house = '', device = '', count = '', last, ...more] = topic.split('/')
  if (root !== 'commands' || more.length > 0 || !isName(device) || last === '') return undefined
  if (!/^\d{1,9}$/.test(house) || !/^\d{1,4}$/.test(count)) return undefined
  return { houseId: Number(house), device, count: Number(count), last }
}

export const storedTopic = 'stored'
export const rightsTopic = 'rights'
export const trialTopic = (id: string): string => `trials/${id}`
export const allTrials = 'trials/+'
export const triedTopic = (id: string): string => `trials/${id}/done`
export const vendorTopic = (vendor: string): string => `vendors/${vendor}`
export const allVendors = 'vendors/+'
export const echoTopic = (name: string): string => `echo/${name}`
