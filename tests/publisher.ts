/** A program of a house that publishes numbered samples at QoS 1, for the tests that count what becomes of them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { connectAsync, type MqttClient } from 'mqtt'
import type { Ask } from './stack.ts'

export type Login = { readonly username: string; readonly password: string }

export type Publisher = {
  /** The numbers whose PUBACK has come. */
  readonly acknowledged: ReadonlySet<number>
  readonly sent: number
  /** Sends no more, and waits a while for what is in flight. */
  stop(): Promise<void>
}

const begin = Date.parse('2026-01-01T00:00:00Z')
const mostInFlight = 50

/** Publishes one sample after another, some in flight at a time, over every loss of the connection. */
export async function startPublisher(options: {
  readonly mqttPort: number
  readonly house: number
  readonly name: string
  readonly login: Login
  /** ms between two samples. */
  readonly every?: number
}): Promise<Publisher> {
  const { mqttPort, house, name, login, every = 2 } = options
  const client: MqttClient = await connectAsync(`mqtt://127.0.0.1:${mqttPort}`, {
    ...login,
    clientId: `${name}-${process.pid}`,
    clean: false,
    reconnectPeriod: 200,
  })
  client.on('error', () => {})
  const acknowledged = new Set<number>()
  const inFlight = new Set<Promise<void>>()
  let sent = 0
  let stopped = false
  const running = (async () => {
    while (!stopped) {
      const index = sent++
      const done: Promise<void> = client
        .publishAsync(`sensors/${name}/${house}`, JSON.stringify(sampleOf(house, name, index)), { qos: 1 })
        .then(() => {
          acknowledged.add(index)
          inFlight.delete(done)
        })
      done.catch(() => {})
      inFlight.add(done)
      while (inFlight.size >= mostInFlight && !stopped) await Promise.race([...inFlight, sleep(200)])
      await sleep(every)
    }
  })()
  return {
    acknowledged,
    get sent() {
      return sent
    },
    async stop() {
      stopped = true
      await running
      await Promise.race([Promise.all(inFlight), sleep(30_000)])
      await client.endAsync(true)
    },
  }
}

export const sampleOf = (house: number, name: string, index: number) => ({
  measurement: 'airSensor',
  tags: { house_id: String(house), device_name: name, location: 'Kjeller' },
  fields: { eco2: index },
  time: new Date(begin + index * 10).toISOString(),
})

/** The numbers that are stored, each as often as it is stored. */
export async function storedNumbers(ask: Ask, house: number, device: string): Promise<number[]> {
  const { status, body } = await ask(`/api/houses/${house}/data`, {
    method: 'POST',
    body: {
      group: 'airSensor',
      field: 'eco2',
      device,
      start: new Date(begin).toISOString(),
      end: new Date(begin + 86_400_000).toISOString(),
      resolution: 'raw',
    },
  })
  if (status !== 200) throw new Error(`status ${status}: ${JSON.stringify(body)}`)
  return (body as { series: { values: number[] }[] }).series.flatMap(({ values }) => values)
}
