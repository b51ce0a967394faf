/** Learns what rooms are like, once a week and while no turn waits: the model their plans are made with. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '@nabolag/bus'
import type { HouseSetup, Identified, IdentifySettings, RoomSetup } from '@nabolag/control'
import { roomHistory, setupOf } from '@nabolag/house-data'
import type { Fleet, RoomModel } from '@nabolag/store'
import type { TimeSeries } from '@nabolag/timeseries'
import type { Clock } from './clock.ts'
import type { Metrics } from './metrics.ts'
import { isAway, textOf } from './outage.ts'
import { NoResult, type Pool } from './pool.ts'

export type FitsGiven = {
  readonly fleet: Pick<Fleet, 'claimFits' | 'controlledHouse' | 'saveModel'>
  readonly controller: { readonly id: string }
  readonly series: TimeSeries
  readonly pool: Pick<Pool, 'run'>
  readonly clock: Clock
  readonly metrics: Metrics
  readonly log: Log
  /** ms between two models of a room. */
  readonly every: number
  /** ms between two questions while there is none to learn. */
  readonly tick: number
  /** Longest time of one, ms. */
  readonly limit: number
  /** Whether no turn waits. */
  readonly isIdle: () => boolean
}

type Claim = Awaited<ReturnType<Fleet['claimFits']>>[number]

const day = 24 * 3_600_000
/** Enough to see the house cold, warm, by day and by night; what is older is of another season. */
const lookBack = 42 * day

export function startFits(given: FitsGiven): { close(): Promise<void> } {
  const { fleet, controller, clock, log, every, tick, limit, isIdle } = given
  const stop = new AbortController()

  const once = async (): Promise<boolean> => {
    if (!isIdle() || clock.isOff()) return false
    const seconds = Math.ceil((3 * limit) / 1000)
    const [claim] = await fleet.claimFits(controller, clock.database() - every, 1, seconds)
    if (!claim) return false
    await learn(claim, given)
    return true
  }
  const run = async () => {
    while (!stop.signal.aborted) {
      const found = await once().catch((error: unknown) => {
        if (!isAway(error)) log.error({ error: textOf(error) }, 'could not learn what a room is like')
        return false
      })
      if (!found) await sleep(tick, undefined, { signal: stop.signal }).catch(() => {})
    }
  }
  const running = run()
  return {
    async close() {
      stop.abort()
      await running
    },
  }
}

async function learn(claim: Claim, { fleet, series, pool, clock, metrics, log, limit }: FitsGiven): Promise<void> {
  const { houseId, room } = claim
  const house = await fleet.controlledHouse(houseId)
  if (!house) return
  const now = clock.wall()
  let model: Omit<RoomModel, 'room'>
  try {
    const setup = setupOf(house, house.control)
    const own = setup.rooms.find(({ id }) => id === room)
    if (!own) return
    const samples = await roomHistory(series, setup, room, { from: now - lookBack, to: now })
    const settings = settingsFor(own, setup, house.control.models[room])
    model = asModel(await pool.run('fit', { samples, settings }, limit), now)
  } catch (error) {
    // Given way to plans, or an engine is away: tried again when the claim has run out.
    if (isAway(error) || (error instanceof NoResult && error.wasPutOff)) return
    log.warn({ house: houseId, room, error: textOf(error) }, 'could not learn what a room is like; again in a week')
    model = { madeAt: now, outcome: 'rejected', because: `It failed: ${textOf(error)}`, model: undefined }
  }
  metrics.fits.inc({ outcome: model.outcome })
  if (await fleet.saveModel(claim, model)) log.info({ house: houseId, room, outcome: model.outcome }, model.because)
}

const asModel = ({ outcome, because, days, model }: Identified, madeAt: number): Omit<RoomModel, 'room'> => ({
  madeAt,
  outcome,
  because,
  model: model && { ...model, days },
})

/** What is believed beforehand: the room's floor, the house's year, and the model in use. */
function settingsFor(room: RoomSetup, { built }: HouseSetup, kept: RoomModel | undefined): IdentifySettings {
  const former = kept?.model as NonNullable<IdentifySettings['former']> | undefined
  return {
    ...(room.area !== undefined && { area: room.area }),
    ...(built !== undefined && { built }),
    ...(former?.house && former.noise && { former }),
  }
}
