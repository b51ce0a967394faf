/**
 * The topics of the bus.
 *
 * `sensors/<name>/<house>/…`    samples. `sensors/<name>` is the older form: the broker completes it with the house
 *                               that the publisher's account may write for.
 * `devices/<house>/<name>/<count>`  a device's state changed (no payload of interest: read it from the store).
 * `desired/<house>/<name>/<count>`  somebody wants a device started, stopped, restarted or re-read.
 * `commands/<house>/<name>/<count>` and `…/result`  moving an actuator.
 * `stored`                      which hours of which houses were written or erased, said before a sample is acknowledged.
 * `rights`                      who may do what has changed (no payload of interest).
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

/** Where a sample came from, read from its topic. `houseId` is absent in the older form. */
export function parseSensorTopic(topic: string): { device: string; houseId?: number } | undefined {
  const [root, device, house] = topic.split('/')
  if (root !== 'sensors' || !device || !isName(device)) return undefined
  if (house === undefined) return { device }
  if (!/^\d{1,9}$/.test(house)) return undefined
  return { device, houseId: Number(house) }
}

export const deviceTopic = (houseId: number, device: string, count: number): string =>
  `devices/${houseId}/${device}/${count}`
export const desiredTopic = (houseId: number, device: string, count: number): string =>
  `desired/${houseId}/${device}/${count}`
export const allDesired = 'desired/#'
export const allDevices = 'devices/#'
export const storedTopic = 'stored'
export const rightsTopic = 'rights'
export const echoTopic = (name: string): string => `echo/${name}`
