/** The role `connector`: runs the devices of its shards, each integration in a thread of its own. */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { connectBus } from '@nabolag/bus'
import { allDesired, type DeviceState, Problem, type Settings } from '@nabolag/core'
import { integrations as builtIn } from '@nabolag/integrations/list'
import { openStore } from '@nabolag/store'
import { makeBudgets } from './budgets.ts'
import { makeDispatch } from './commands/dispatch.ts'
import { startIntake } from './commands/intake.ts'
import { type Crew, type Measured, makeCrew } from './crew.ts'
import { watchVendors } from './incidents.ts'
import { keepLease } from './lease.ts'
import { type Connector, type ConnectorOptions, defaults } from './options.ts'
import { makeOutbox } from './outbox.ts'
import { watchOutside } from './outside/outside.ts'
import { makeRecorder } from './recorder.ts'
import { makeRoster } from './roster.ts'
import { keepSessions } from './session-keeper.ts'
import { runTrial } from './trials/run.ts'
import { takeTrials } from './trials/trials.ts'
import { userAgent } from './user-agent.ts'

export type { Connector, ConnectorOptions, ConnectorStats, IntegrationPlace } from './options.ts'

const day = 24 * 3_600_000

/**
 * Starts the role. Needs DATABASE_URL, MQTT_URL and NABOLAG_MASTER_KEY, unless a fleet and a bus are handed in.
 *
 * @throws ProblemError `bad-request` for a missing setting, `engine-down` when the broker does not answer
 */
export async function startConnector(settings: Settings, options: ConnectorOptions): Promise<Connector> {
  const { log } = options
  const given = { ...defaults, ...definedOf(options) }
  const places = new Map(
    (options.integrations ?? builtIn.map(({ name }) => ({ name, module: '@nabolag/integrations/list' }))).map(
      ({ name, module }) => [name, module],
    ),
  )
  const id = `${hostname().slice(0, 40)}-${randomUUID().slice(0, 8)}`
  const store = options.fleet ? undefined : openStore(needStore(settings))
  const fleet = options.fleet ?? store!.fleet
  const bus =
    options.bus ??
    (await connectBus({ url: need(settings, 'MQTT_URL'), log }).catch(async (error) => {
      await store?.close()
      throw error
    }))
  const crews = new Map<string, Crew>()
  const recorder = makeRecorder(
    fleet,
    (topic) => {
      if (bus.connected) bus.publish(topic, '{}').catch(() => {})
    },
    seldom((error) => log.warn({ error: textOf(error) }, 'the store does not take states and log lines; they wait')),
  )
  const outbox = makeOutbox({
    bus,
    messages: given.mostWaiting,
    onFull: (full) => {
      for (const crew of crews.values()) crew.hold(full)
    },
    onDrop: seldom(() =>
      log.error({ dropped: outbox.dropped }, 'no room for samples while the broker is away: the oldest are dropped'),
    ),
  })
  const budgets = makeBudgets(
    fleet,
    seldom((error) => log.warn({ error: textOf(error) }, 'the store does not keep the budgets of vendors')),
    options.budgetScale,
    () => lease.connectors,
  )
  const sayNotKept = seldom((error) => log.warn({ error: textOf(error) }, 'the store does not keep answers of vendors'))
  const kept = {
    load: (name: string) => fleet.loadBudget(name).catch(sayNotKept),
    save: (name: string, answer: unknown) => void fleet.saveBudget(name, answer).catch(sayNotKept),
    ...keepSessions(
      fleet,
      seldom((error) => log.error({ error: textOf(error) }, 'the store does not keep the sessions of vendor accounts')),
    ),
  }
  const tell = { recorder, connector: id }
  const commands = makeDispatch({
    fleet,
    bus,
    tell,
    log,
    tempo: options.tempo ?? 1,
    units: () => roster.units,
    crewOf: (name) => crews.get(name),
    shards: () => lease.shards,
  })
  const crewOf = (name: string): Crew | undefined => {
    const module = places.get(name)
    const known = crews.get(name)
    if (known || module === undefined) return known
    const crew = makeCrew({
      name,
      module,
      budgets,
      outbox,
      kept,
      tell,
      log,
      commands,
      devicesAtLeast: given.devicesAtLeast,
      threads: {
        vendorUrls: readVendorUrls(settings.NABOLAG_VENDOR_URLS),
        userAgent: userAgent(settings.NABOLAG_CONTACT),
        tempo: options.tempo ?? 1,
        callTimeout: given.callTimeout,
        runTimeout: given.runTimeout,
        silence: given.silence,
        heapLimit: given.heapLimit,
        externalLimit: given.externalLimit,
      },
    })
    crews.set(name, crew)
    return crew
  }
  const roster = makeRoster({ tell, crewOf, crews: () => crews.values() })

  const outside = watchOutside({ fleet, bus, tell, log })

  const lease = keepLease({
    fleet,
    id,
    log,
    rereadEvery: given.rereadEvery,
    onShards: async (shards, held) => {
      await roster.adjust(await fleet.devicesOfShards(shards), shards, held)
      await outside.adjust(shards, held)
    },
    onDevice: async (houseId, integration, count, held) => {
      const device = await fleet.device(houseId, integration, count)
      const place = { houseId, integration, count }
      if (device?.kind !== 'built-in' && (await outside.adjustOne(place, held))) return
      await roster.adjustOne(device, place, held)
    },
    onLost: async (shards) => {
      const left = await commands.leave(shards, 3000)
      try {
        await roster.stopShards(shards)
        await outside.stopShards(shards)
      } finally {
        left()
      }
      await budgets.handOver()
    },
  })
  await lease.start()
  await commands.start()
  const intake = await startIntake({ fleet, bus, log, isFirst: () => lease.shards.includes(0) })
  const unsubscribe = await bus.subscribe(allDesired, (topic) => {
    const [, house, integration, count] = topic.split('/')
    if (integration !== undefined) lease.look(Number(house), integration, Number(count ?? 0))
  })
  bus.onReconnect(() => lease.lookAtAll())
  const trials = await takeTrials({
    fleet,
    bus,
    id,
    log,
    run: (job) =>
      runTrial({
        job,
        module: places.get(job.integration),
        vendorUrls: readVendorUrls(settings.NABOLAG_VENDOR_URLS),
        contact: settings.NABOLAG_CONTACT,
        budgets,
        loadSession: kept.loadSession,
        saveSession: (name, device, session) => fleet.saveSession(name, session, device),
        timeout: given.callTimeout,
        life: given.runTimeout,
        heapLimit: given.heapLimit,
        externalLimit: given.externalLimit,
      }),
  })
  const incidents = watchVendors({ fleet, bus, log, every: given.judgeEvery })
  const saver = setInterval(() => void budgets.save(), 5000)
  const forget = () => {
    fleet.forgetBudgets().catch(sayNotKept)
    fleet.forgetSessions().catch(sayNotKept)
    fleet.forgetCommands().catch(sayNotKept)
  }
  forget()
  const forgetter = setInterval(forget, day)
  log.info({ connector: id }, 'connector started')

  return {
    id,
    stats() {
      const devices: Partial<Record<DeviceState, number>> = {}
      for (const { status } of roster.units.values()) devices[status.state] = (devices[status.state] ?? 0) + 1
      const { waiting, dropped, published } = outbox
      return {
        devices,
        outbox: { waiting, dropped, published },
        budgets: budgets.gauges(),
        integrations: Object.fromEntries(
          [...crews].map(([name, crew]) => {
            const { heap, external } = crew.memory()
            return [name, { ...crew.counts, devices: crew.units.size, heapMiB: heap, externalMiB: external }]
          }),
        ),
      }
    },
    async measure() {
      const results: Record<string, Measured> = {}
      for (const [name, crew] of crews) {
        const result = await crew.measure()
        if (result) results[name] = result
      }
      return results
    },
    async close() {
      clearInterval(saver)
      clearInterval(forgetter)
      await unsubscribe().catch(() => {})
      await trials.close()
      await incidents.close()
      await intake.close()
      await commands.close()
      await commands.leave(lease.shards, 5000)
      await lease.stop()
      await outside.close()
      for (const crew of crews.values()) await crew.close()
      await outbox.drain(2000)
      outbox.close()
      await recorder.close()
      await budgets.save()
      budgets.close()
      await lease.release()
      if (!options.bus) await bus.close()
      await store?.close()
    },
  }
}

const definedOf = (options: ConnectorOptions): Partial<typeof defaults> =>
  Object.fromEntries(Object.entries(options).filter(([name, value]) => name in defaults && value !== undefined))

function need(settings: Settings, name: 'DATABASE_URL' | 'MQTT_URL' | 'NABOLAG_MASTER_KEY'): string {
  const value = settings[name]
  if (value === undefined) throw Problem('bad-request', `The connector needs ${name}`)
  return value
}
const needStore = (settings: Settings) => ({
  url: need(settings, 'DATABASE_URL'),
  masterKey: need(settings, 'NABOLAG_MASTER_KEY'),
})

/** `met=http://…,tibber=…` taken apart. */
export const readVendorUrls = (text: string | undefined): Record<string, string> =>
  Object.fromEntries(
    (text ?? '')
      .split(',')
      .filter((part) => part.includes('='))
      .map((part) => {
        const [name = '', ...address] = part.trim().split('=')
        return [name, address.join('=')]
      }),
  )

const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** Says it at most twice a minute. */
function seldom<Given extends unknown[]>(say: (...given: Given) => void): (...given: Given) => void {
  let last = Number.NEGATIVE_INFINITY
  return (...given) => {
    const now = performance.now()
    if (now - last < 30_000) return
    last = now
    say(...given)
  }
}
