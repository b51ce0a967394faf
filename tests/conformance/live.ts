/**
 * Every integration in a real connector, with a real store and broker, against its own simulator: what it does when all
 * is well, under each fault of the menu, and after it.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Bus, connectBus, consume } from '@nabolag/bus'
import { startConnector } from '@nabolag/connector'
import { type DeviceStatus, desiredTopic, readMessage, readSettings, type Sample } from '@nabolag/core'
import { startBroker } from '@nabolag/engines/broker'
import { startPostgres } from '@nabolag/engines/postgres'
import type { AnyIntegration } from '@nabolag/integrations'
import { startSimulators, type VendorName } from '@nabolag/simulators'
import { openStore, operator, type Tenant } from '@nabolag/store'
import { stayWithinTheHour } from '../stack.ts'
import { tryBudgets } from './live-budgets.ts'
import { tryCommands } from './live-commands.ts'
import { readSubject, type Subject } from './subject.ts'
import { type LiveReport, type Met, quiet, type Trial, trials } from './trials.ts'
import { waitFor } from './wait.ts'

type Run = { readonly credentials: Subject['credentials']; readonly live: LiveReport }

/** Waits after failures are this much shorter than in earnest. */
const tempo = 0.02
/** ms that a device is waited for after a fault. */
const longestWait = 40_000

/** ms after its first word in which a device meets a fault, if its vendor can carry it out. */
const metWithin = 8000

/**
 * Runs them all side by side; an integration for which no simulator has an account is left out. Most of it is waiting, so
 * there are two lanes, each with engines and simulators of its own: what stops a device, and all the rest.
 */
export async function runLive(
  integrations: readonly AnyIntegration[],
  say: (line: string) => void,
): Promise<Map<string, Run>> {
  const [whole, stopped] = await Promise.all([
    runLane(integrations, { isWhole: true, trials: trials.filter(({ name }) => quiet.has(name)) }, say),
    runLane(integrations, { isWhole: false, trials: trials.filter(({ name }) => !quiet.has(name)) }, say),
  ])
  return new Map(
    [...whole].map(([name, { credentials, live }]) => {
      const other = stopped.get(name)?.live
      const met = { ...other?.met, ...live.met }
      const leaks = [...new Set([...live.leaks, ...(other?.leaks ?? [])])]
      return [name, { credentials, live: { ...live, met, leaks } }]
    }),
  )
}

/** @param lane whether commands and budgets are tried besides, and what goes wrong in it one after the other */
async function runLane(
  integrations: readonly AnyIntegration[],
  lane: { readonly isWhole: boolean; readonly trials: readonly Trial[] },
  say: (line: string) => void,
): Promise<Map<string, Run>> {
  const ends: (() => Promise<unknown>)[] = []
  const folder = await mkdtemp(join(tmpdir(), 'nabolag-conformance-'))
  try {
    const postgres = await startPostgres({ folder: join(folder, 'pg') })
    ends.push(() => postgres.close())
    const account = { host: '127.0.0.1', port: 0, user: 'system', password: randomBytes(12).toString('hex') }
    const broker = await startBroker({ folder: join(folder, 'mq'), ...account })
    ends.push(() => broker.close())
    const simulators = await startSimulators()
    ends.push(() => simulators.close())
    const masterKey = randomBytes(32).toString('base64')
    const store = openStore({ url: postgres.url, masterKey })
    ends.push(() => store.close())
    await store.migrate()
    const subjects = integrations
      .map((integration) =>
        readSubject(
          integration,
          simulators.started
            .get(integration.vendor as VendorName)
            ?.accounts?.find((account) => account.integration === integration.name)?.credentials,
        ),
      )
      .filter(({ credentials }) => credentials)
    await store.fleet.syncIntegrations(
      subjects.map(({ integration: { name, label, vendor, group, several } }) => ({
        name,
        label,
        vendor,
        group,
        requiredFields: [],
        credentialsSchema: {},
        samplingSeconds: 60,
        allowMultiple: several ?? false,
      })),
    )
    await store.people.createUser(
      { username: 'owner', password: randomBytes(12).toString('hex'), role: 'admin' },
      operator,
    )
    const tenant = store.as(await store.people.askerNamed('owner'))
    const { id: house } = await tenant.createHouse({ name: 'Conformance' })
    for (const { integration, credentials } of subjects)
      await tenant.addDevice(house, integration.name, { credentials: credentials ?? {} })

    const samples: (Sample & { heard: number })[] = []
    const texts: string[] = []
    const consumer = consume({
      url: broker.url,
      clientId: 'datalogger-conformance',
      filters: ['sensors/#'],
      onMessage: (delivery) => {
        const checked = readMessage(delivery.topic, delivery.payload)
        for (const sample of checked.samples) samples.push({ ...sample, heard: Date.now() })
        if (texts.length < 5000) texts.push(delivery.payload.toString('utf8'))
        consumer.acknowledge([delivery])
      },
    })
    ends.push(() => consumer.close())
    await consumer.ready
    const bus = await connectBus({ url: broker.url })
    ends.push(() => bus.close())

    const log = (...given: unknown[]) => void texts.push(JSON.stringify(given))
    const settings = readSettings({
      DATABASE_URL: postgres.url,
      MQTT_URL: broker.url,
      NABOLAG_MASTER_KEY: masterKey,
      NABOLAG_CONTACT: 'conformance@example.org',
      NABOLAG_VENDOR_URLS: Object.entries(simulators.urls)
        .map(([name, url]) => `${name}=${url}`)
        .join(','),
    })
    /** Each trial has a connector of its own, which remembers no answer and no pause of the one before. */
    const connect = async (options: { budgets: boolean }) =>
      startConnector(settings, {
        log: { debug: log, info: log, warn: log, error: log },
        fleet: options.budgets
          ? store.fleet
          : { ...store.fleet, loadBudget: async () => undefined, saveBudget: async () => {} },
        tempo,
        callTimeout: 2000,
        runTimeout: 6000,
        budgetScale: options.budgets ? 1 : 1000,
      })
    const fleet = { tenant, bus, house }
    const statuses = async () =>
      new Map((await tenant.devices(house)).map((device) => [device.integration, device.status]))
    const names = subjects.map(({ integration }) => integration.name)
    const vendors = [...new Set(subjects.map(({ integration }) => integration.vendor as VendorName))]
    const after = (name: string, since: number) =>
      samples.filter(({ device, heard }) => device === name && heard >= since)

    if (lane.isWhole) say('all is well')
    const met: Record<string, Record<string, Met>> = Object.fromEntries(names.map((name) => [name, {}]))
    let began = Date.now()
    let connector = await connect({ budgets: false })
    const running = (all: Map<string, DeviceStatus>, name: string) => all.get(name)?.state === 'running'
    // Two connectors, and whatever else the machine has to do, begin at the same time.
    await waitFor(180_000, async () => {
      const all = await statuses()
      return names.every((name) => running(all, name) && after(name, began).length > 0)
    })
    if (lane.isWhole) await sleep(3000)
    const well = Object.fromEntries(names.map((name) => [name, after(name, began)]))
    if (lane.isWhole) say('commands')
    const commanded = lane.isWhole ? subjects : []
    const commands = await tryCommands(commanded, fleet, 45_000)
    for (const vendor of vendors) simulators.faults[vendor].set('rejected')
    // A broker has no word for it: what is asked of it is not waited for.
    const overMqtt = ({ integration }: Subject) => integration.base.startsWith('mqtt')
    const refused = await Promise.all([
      tryCommands(commanded.filter(overMqtt), fleet, 8000),
      tryCommands(
        commanded.filter((subject) => !overMqtt(subject)),
        fleet,
        45_000,
      ),
    ])
    const refusedCommands = new Map(refused.flatMap((tried) => [...tried]))
    for (const vendor of vendors) simulators.faults[vendor].clear()
    await connector.close()

    for (const trial of lane.trials) {
      say(trial.name)
      // They are asked whether they made a zero of nothing.
      if (trial.name === 'nulls' || trial.name === 'missing') await stayWithinTheHour(120_000)
      const struckBefore = Object.fromEntries(vendors.map((v) => [v, simulators.faults[v].struck[trial.fault] ?? 0]))
      for (const vendor of vendors) simulators.faults[vendor].set(trial.fault, trial.options)
      for (const name of names) await tenant.setDesired(house, name, 0, 'restart')
      began = Date.now()
      connector = await connect({ budgets: false })
      const struck = (vendor: string) =>
        (simulators.faults[vendor as VendorName].struck[trial.fault] ?? 0) > (struckBefore[vendor] ?? 0)
      const vendorOf = new Map(subjects.map(({ integration }) => [integration.name, integration.vendor]))
      const told = (status: DeviceStatus | undefined) =>
        quiet.has(trial.name) ? heardOf(status) : status?.reason !== undefined && status.since >= began - 50
      const longestTold = new Map<string, number>()
      // On a busy machine the connector itself comes late: who has not been asked yet is waited for.
      let heardSince = Number.POSITIVE_INFINITY
      const look = async () => {
        const all = await statuses()
        for (const [name, { nextTryAt }] of all)
          longestTold.set(name, Math.max(longestTold.get(name) ?? 0, (nextTryAt ?? 0) - Date.now()))
        return all
      }
      await waitFor(90_000, async () => {
        const all = await look()
        if (names.every((name) => struck(vendorOf.get(name) ?? '') && told(all.get(name)))) return true
        // Not every vendor can carry out every fault: who has been asked for so long has not met it.
        heardSince = names.every((name) => heardOf(all.get(name)))
          ? Math.min(heardSince, Date.now())
          : Number.POSITIVE_INFINITY
        return Date.now() > heardSince + metWithin
      })
      // Who was struck last has perhaps been seen only at the end of its pause: the next one is seen from its beginning.
      const watchedUntil = Date.now() + (quiet.has(trial.name) || trial.fault === 'throttled' ? 2500 : 500)
      await waitFor(2500, async () => (await look()) && Date.now() > watchedUntil)
      const then = await statuses()
      const during = Object.fromEntries(names.map((name) => [name, after(name, began)]))
      for (const vendor of vendors) simulators.faults[vendor].clear()
      if (trial.name === 'refused') await typeAgain(subjects, fleet)
      if (quiet.has(trial.name)) {
        // What is asked seldom, or kept until it expires, would show only much later that all is well again.
        await connector.close()
        for (const name of names) await tenant.setDesired(house, name, 0, 'restart')
        connector = await connect({ budgets: false })
      }
      const back = new Set<string>()
      const off = Date.now()
      const waits = new Map(names.map((name) => [name, (then.get(name)?.nextTryAt ?? off) - off]))
      // Quotas make some wait for hours, rightly: they are started by their owner.
      for (const [name, wait] of waits)
        if (wait > longestWait && trial.name !== 'refused') {
          await tenant.setDesired(house, name, 0, 'restart')
          await bus.publish(desiredTopic(house, name, 0), '{}')
        }
      await waitFor(30_000 + Math.min(longestWait, Math.max(0, ...waits.values())), async () => {
        const all = await statuses()
        for (const name of names) if (running(all, name) && after(name, off).length > 0) back.add(name)
        return back.size === names.length
      })
      await connector.close()
      const lost = names.filter((name) => !back.has(name))
      if (lost.length > 0) say(`  not back in ${Math.round((Date.now() - off) / 1000)} s: ${lost.join(', ')}`)
      for (const name of names) {
        const status = then.get(name)
        const all = met[name]
        if (!all) continue
        all[trial.name] = {
          struck: struck(vendorOf.get(name) ?? ''),
          state: status?.state ?? 'starting',
          reason: status?.reason ?? '',
          waits: longestTold.get(name) ?? 0,
          samples: during[name] ?? [],
          back: back.has(name),
        }
      }
    }

    if (lane.isWhole) say('budgets')
    const budgets = await tryBudgets(
      commanded,
      fleet,
      connect,
      (vendor) => simulators.started.get(vendor as VendorName)?.calls?.() ?? 0,
    )

    const lines = (await Promise.all(names.map((name) => tenant.log(house, name, 0)))).flat()
    const everything = [...texts, ...lines.map(({ message }) => message)]
    for (const one of Object.values(met)) for (const { reason } of Object.values(one)) everything.push(reason)
    return new Map(
      subjects.map((subject) => {
        const { name } = subject.integration
        const live = {
          fields: [
            ...new Set((well[name] ?? []).flatMap((s) => Object.keys(s.fields).map((f) => `${s.group}.${f}`))),
          ].sort(),
          samples: well[name] ?? [],
          met: met[name] ?? {},
          budget: budgets.get(name),
          leaks: secretsOf(subject)
            .filter((secret) => everything.some((text) => text.includes(secret.value)))
            .map(({ name }) => name),
          commands: commands.get(name) ?? {},
          refusedCommands: refusedCommands.get(name) ?? {},
        } satisfies LiveReport
        return [name, { credentials: subject.credentials, live }]
      }),
    )
  } finally {
    for (const end of ends.reverse()) await end().catch(() => {})
    await rm(folder, { recursive: true, force: true })
  }
}

/** It has been asked in this run: it measures, failed, or says why it does not. */
const heardOf = (status: DeviceStatus | undefined): boolean =>
  status !== undefined && (status.state !== 'starting' || status.reason !== undefined)

type Subjects = readonly ReturnType<typeof readSubject>[]
export type Fleet = { readonly tenant: Tenant; readonly bus: Bus; readonly house: number }

const secretsOf = ({ integration, credentials = {} }: Subjects[number]) =>
  Object.entries(integration.credentials.properties)
    .filter(([, schema]) => (schema as { secret?: boolean }).secret)
    .map(([name]) => ({ name, value: String(credentials[name] ?? '') }))
    .filter(({ value }) => value.length >= 4)

async function typeAgain(subjects: Subjects, { tenant, bus, house }: Fleet) {
  for (const { integration, credentials } of subjects) {
    await tenant.replaceCredentials(house, integration.name, 0, { credentials: credentials ?? {} })
    await bus.publish(desiredTopic(house, integration.name, 0), '{}')
  }
}
