/** The role `controller`: takes the turns of houses under control, and learns what their rooms are like. */
import { randomBytes, randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { connectBus } from '@nabolag/bus'
import { Problem, type Settings } from '@nabolag/core'
import { openStore } from '@nabolag/store'
import { openTimeSeries } from '@nabolag/timeseries'
import { makeClock } from './clock.ts'
import { startFits } from './fits.ts'
import { makeMetrics } from './metrics.ts'
import { type Controller, type ControllerOptions, defaults } from './options.ts'
import { isAway, textOf, watchFor } from './outage.ts'
import { openPool } from './pool.ts'
import { startRounds } from './rounds.ts'
import { watchHouses } from './slow-houses.ts'
import { takeHouseTurn } from './turn.ts'

const day = 24 * 3_600_000

/**
 * Starts the role. Needs DATABASE_URL, CLICKHOUSE_URL and MQTT_URL, unless a fleet, time series and a bus are handed in.
 *
 * @throws ProblemError `bad-request` for a missing setting, `engine-down` when the broker does not answer
 */
export async function startController(
  settings: Pick<Settings, 'DATABASE_URL' | 'CLICKHOUSE_URL' | 'MQTT_URL' | 'NABOLAG_CONTROL_THREADS'>,
  options: ControllerOptions,
): Promise<Controller> {
  const { log } = options
  const threads =
    settings.NABOLAG_CONTROL_THREADS === undefined ? {} : { threads: Number(settings.NABOLAG_CONTROL_THREADS) }
  const given = { ...defaults, ...threads, ...definedOf(options) }
  const id = `${hostname().slice(0, 40)}-${randomUUID().slice(0, 8)}`
  const controller = { id, address: hostname() }
  const store = options.fleet ? undefined : openStore(needStore(settings))
  const fleet = options.fleet ?? store!.fleet
  const series = options.series ?? openTimeSeries(need(settings, 'CLICKHOUSE_URL'))
  const closeEngines = async () => {
    if (!options.series) await series.close()
    await store?.close()
  }
  const bus =
    options.bus ??
    (await connectBus({ url: need(settings, 'MQTT_URL'), log }).catch(async (error) => {
      await closeEngines()
      throw error
    }))

  const clock = makeClock(() => fleet.databaseTime(), log)
  const metrics = makeMetrics({
    underWay: () => rounds.underWay,
    waitingPlans: () => pool.waiting('plan'),
    ahead: () => clock.ahead(),
  })
  const pool = openPool({
    threads: Math.max(1, given.threads),
    file: given.threadFile,
    limits: { plan: given.planLimit, fit: given.fitLimit },
    heapLimit: given.heapLimit,
    onEnded(why) {
      metrics.threadsEnded.inc()
      log.warn({ reason: why }, 'a planning thread was ended; another takes its place')
    },
  })
  const outages = { store: watchFor('PostgreSQL', log), series: watchFor('ClickHouse', log) }
  const slow = watchHouses()
  const parts = { fleet, series, bus, pool, clock, metrics, log }
  const rounds = startRounds({
    ...{ fleet, controller, clock, log, ...outages },
    ...{
      room: given.room,
      every: given.every,
      tick: given.tick,
      claimSeconds: given.claimSeconds,
      blindAfter: given.blindAfter,
    },
    take: (claim) =>
      takeHouseTurn(claim, {
        ...parts,
        outage: outages.series,
        slow,
        every: given.every,
        planPatience: given.planPatience,
        planPause: given.planPause,
        lookLimit: given.lookLimit,
        blindAfter: given.blindAfter,
      }),
  })
  const fits = startFits({
    ...{ fleet, controller, series, pool, clock, metrics, log },
    ...{ every: given.fitEvery, tick: given.fitTick, limit: given.fitLimit },
    isIdle: () => rounds.idle && pool.waiting('plan') === 0,
  })
  const forget = () =>
    fleet.forgetControl().catch((error: unknown) => {
      if (!isAway(error)) log.warn({ error: textOf(error) }, 'could not remove old receipts and plans')
    })
  void forget()
  const forgetter = setInterval(forget, day)
  log.info({ controller: id, threads: given.threads }, 'controller started')

  let closing: Promise<void> | undefined
  const close = async () => {
    clearInterval(forgetter)
    const learning = fits.close()
    await rounds.close(given.lastTurns)
    await pool.close()
    await learning
    if (!options.bus) await bus.close()
    await closeEngines()
  }
  return {
    id,
    registry: metrics.registry,
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

const definedOf = (options: ControllerOptions): Partial<typeof defaults> =>
  Object.fromEntries(Object.entries(options).filter(([name, value]) => name in defaults && value !== undefined))

function need<Name extends 'DATABASE_URL' | 'CLICKHOUSE_URL' | 'MQTT_URL'>(
  settings: Pick<Settings, Name>,
  name: Name,
): string {
  const value = settings[name]
  if (value === undefined) throw Problem('bad-request', `The controller needs ${name}`)
  return value
}

/** It opens no credentials, so it has no key for them: one made up here opens nothing. */
const needStore = (settings: Pick<Settings, 'DATABASE_URL'>) => ({
  url: need(settings, 'DATABASE_URL'),
  masterKey: randomBytes(32).toString('base64'),
})
