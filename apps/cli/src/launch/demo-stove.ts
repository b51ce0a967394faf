/**
 * The sensor over the wood stove of the demo: a program of the owner's own that publishes over MQTT with the account it
 * was given when the device was added. Knows nothing of the rest, as such a program would.
 */
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Bus, connectBus } from '@nabolag/bus'
import { formatTime, writeMessage } from '@nabolag/core'
import { stoveSampleAt, stoveSensor, type World } from '@nabolag/simulators'

/** As the API gives it for a device that publishes by itself. */
export type Publishing = { readonly username: string; readonly password: string; readonly topic: string }

const houseOf = (world: World) => world.houses.find(({ house }) => house.stove !== undefined)

/**
 * Publishes until `signal` ends it. Whatever goes wrong (no account yet, one that is void, a broker that is away) is
 * tried again.
 *
 * @param file where the account is laid down once there is one
 * @param broker its address; an account in it is not used
 */
export async function runStove(world: World, file: string, broker: string, signal: AbortSignal): Promise<void> {
  const living = houseOf(world)
  if (!living) return
  while (!signal.aborted) {
    const account = readAccount(file)
    if (account) await publish(account).catch(() => {})
    await sleep(account ? 10_000 : 1000, undefined, { signal }).catch(() => {})
  }

  async function publish({ username, password, topic }: Publishing) {
    const url = new URL(broker)
    Object.assign(url, { username: encodeURIComponent(username), password: encodeURIComponent(password) })
    const bus: Bus = await connectBus({ url: url.href, window: 1 })
    try {
      while (!signal.aborted && readAccount(file)?.password === password) {
        const sample = stoveSampleAt(living!, living!.house.number, world.now())
        if (sample)
          await bus.publish(topic, writeMessage({ ...sample, time: formatTime(sample.time), issued: undefined }))
        await sleep(1000 * stoveSensor.every, undefined, { signal }).catch(() => {})
      }
    } finally {
      await bus.close()
    }
  }
}

function readAccount(file: string): Publishing | undefined {
  try {
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Publishing) : undefined
  } catch {
    return undefined
  }
}
