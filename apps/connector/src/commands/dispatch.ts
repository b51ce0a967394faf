/**
 * Takes commands from the store to the threads of their devices, one at a time for each device, and what comes of them
 * back. The store decides: a command is sent by whoever claims it there, once.
 */
import type { Bus } from '@nabolag/bus'
import { allWaitingCommands, recheckCommand } from '@nabolag/core'
import type { Command, Fleet, OpenCommand } from '@nabolag/store'
import type { Crew, CrewCommands } from '../crew.ts'
import type { Log } from '../log.ts'
import { type Teller, type Unit, writeLine } from '../unit.ts'
import type { CommandFromThread, Outcome } from './contract.ts'
import { tellOfCommands } from './tell.ts'

export type DispatchGiven = {
  readonly fleet: Fleet
  readonly bus: Bus
  readonly tell: Teller
  readonly log: Log
  /** Scales waits; for tests. */
  readonly tempo: number
  readonly units: () => ReadonlyMap<number, Unit>
  readonly crewOf: (integration: string) => Crew | undefined
  /** The shards that are held now. */
  readonly shards: () => readonly number[]
}

export type Dispatch = CrewCommands & {
  start(): Promise<void>
  /** Looks what is to be done, soon. */
  look(): void
  /**
   * Sends nothing more to devices of these shards, and waits (ms) for what is on its way to their vendors.
   *
   * @returns call it when the shards are given up
   */
  leave(shards: readonly number[], patience: number): Promise<() => void>
  close(): Promise<void>
}

/** How often the store is asked whether a message of the bus was missed, and what has become too old, ms. */
const lookEvery = 2000
/** How long an outcome is tried to be kept. */
const mostTries = 60
const longestWait = 30_000
const restFor = 1000

type Flight = {
  readonly command: OpenCommand
  state: 'handed' | 'claiming' | 'sent'
  /** Its thread ended; another may run by now, and knows nothing of it. */
  isOrphan: boolean
}

export function makeDispatch(given: DispatchGiven): Dispatch {
  const { fleet, bus, tell, log } = given
  const flights = new Map<string, Flight>()
  const busy = new Map<number, string>()
  const leaving = new Set<number>()
  const insisting = new Map<string, number>()
  const resting = new Set<string>()
  let closed = false
  let looking: Promise<void> | undefined
  let again = false
  let unsubscribe: (() => Promise<void>) | undefined
  let timer: NodeJS.Timeout | undefined

  const announce = (commands: readonly (Command | undefined)[]) =>
    tellOfCommands(
      bus,
      commands.filter((one) => one !== undefined),
    )

  const note = (deviceId: number, command: Command) => {
    const unit = given.units().get(deviceId)
    if (!unit) return
    const what = `Command ${command.capability}.${command.verb}${command.location === '' ? '' : ` of "${command.location}"`} by ${command.askedBy}`
    const bad = command.state === 'failed' || command.state === 'refused'
    writeLine(
      unit,
      tell,
      bad ? 'warn' : 'info',
      `${what}: ${command.state}${command.reason ? `. ${command.reason}` : ''}`,
    )
  }

  const lookNow = async () => {
    const shards = given.shards().filter((shard) => !leaving.has(shard))
    const { changed, waiting } = await fleet.openCommands(shards, [...flights.keys()])
    announce(changed)
    const open = new Set(waiting.map(({ id }) => id))
    for (const [id, { command, state }] of flights)
      if (state === 'handed' && !open.has(id))
        given.crewOf(command.integration)?.order({ to: 'drop-command', command: id })
    for (const command of waiting) {
      const { id, deviceId } = command
      dropReplaced(command)
      if (closed || busy.has(deviceId) || flights.has(id) || resting.has(id) || !given.units().has(deviceId)) continue
      const { capability, verb, location, arguments: args, bounds } = command
      const order = { id, device: deviceId, capability, verb, location, arguments: args, bounds }
      flights.set(id, { command, state: 'handed', isOrphan: false })
      busy.set(deviceId, id)
      if (!given.crewOf(command.integration)?.order({ to: 'command', order })) land(id)
    }
  }

  /** One that its vendor had no time for, and that waits to be asked again, is not wanted any more after this one. */
  const dropReplaced = ({ deviceId, capability, verb, location }: OpenCommand) => {
    const before = flights.get(busy.get(deviceId) ?? '')
    if (before?.state !== 'sent') return
    const { id, integration, ...old } = before.command
    if (old.capability !== capability || old.verb !== verb || old.location !== location) return
    given.crewOf(integration)?.order({ to: 'drop-command', command: id })
  }

  const look = () => {
    if (closed) return
    if (looking) {
      again = true
      return
    }
    looking = lookNow()
      .catch((error: unknown) => log.warn({ error: String(error) }, 'could not look for commands'))
      .finally(() => {
        looking = undefined
        if (again) {
          again = false
          look()
        }
      })
  }

  /** It is on its way no more. */
  const land = (id: string) => {
    const flight = flights.get(id)
    flights.delete(id)
    if (flight && busy.get(flight.command.deviceId) === id) busy.delete(flight.command.deviceId)
  }

  const claim = async (id: string, integration: string) => {
    const flight = flights.get(id)
    const answer = (left: number | undefined) =>
      (!flight?.isOrphan && given.crewOf(integration)?.order({ to: 'claimed', command: id, left })) ?? false
    const isOurs = (shard: number) => !closed && !leaving.has(shard) && given.shards().includes(shard)
    if (flight?.state !== 'handed' || !isOurs(flight.command.shard)) return answer(undefined)
    const refuse = () => {
      flight.state = 'handed'
      if (!answer(undefined)) void done(id, undefined, undefined)
    }
    flight.state = 'claiming'
    try {
      const claimed = await fleet.claimCommand(id, tell.connector, (command, commandable) => {
        const checked = recheckCommand(command, commandable)
        return 'complaint' in checked ? checked.complaint.message : undefined
      })
      if (!claimed.go) {
        if (claimed.changed) announce([claimed.command])
        return refuse()
      }
      flight.state = 'sent'
      announce([claimed.command])
      // The thread ended meanwhile: it was not sent.
      if (!answer(claimed.left)) await done(id, 'failed', 'It was not sent: its thread had ended')
    } catch (error) {
      log.warn({ error: String(error) }, 'could not claim a command; it is not sent')
      refuse()
    }
  }

  /** Keeps what came of it; the store may be away for a while. */
  const keep = async (id: string, state: Outcome, reason: string | undefined): Promise<void> => {
    const flight = flights.get(id)
    for (let tries = 0; tries < mostTries; tries++) {
      try {
        const command = await fleet.finishCommand(id, { state, reason })
        announce([command])
        if (command && flight) note(flight.command.deviceId, command)
        return
      } catch (error) {
        if (closed) return
        if (tries === 0)
          log.warn({ error: String(error) }, 'the store does not take what came of a command; it is tried again')
        await new Promise((resolve) => setTimeout(resolve, 1000 * given.tempo))
      }
    }
  }

  /** What came back unsent is not handed over again at once: its thread may have nothing to do with it. */
  const rest = (id: string) => {
    resting.add(id)
    const wake = () => {
      resting.delete(id)
      look()
    }
    setTimeout(wake, restFor * given.tempo).unref()
  }

  const done = async (id: string, state: Outcome | undefined, reason: string | undefined) => {
    if (state !== undefined) await keep(id, state, reason)
    else rest(id)
    land(id)
    look()
  }

  /** Tells the store something that nobody says again; of one thing only the newest. */
  const insist = async (thing: string, task: () => Promise<void>) => {
    const mine = (insisting.get(thing) ?? 0) + 1
    insisting.set(thing, mine)
    const isNewest = () => insisting.get(thing) === mine
    for (let tries = 0; tries < mostTries && isNewest() && !closed; tries++) {
      try {
        await task()
        break
      } catch (error) {
        if (tries === 0)
          log.warn({ error: String(error) }, 'the store does not take news of commands; it is told again')
        await new Promise((resolve) => setTimeout(resolve, Math.min(longestWait, 1000 * 2 ** tries) * given.tempo))
      }
    }
    if (isNewest()) insisting.delete(thing)
  }

  const heard = (message: CommandFromThread, integration: string) => {
    if (message.from === 'claim') void claim(message.command, integration)
    else if (message.from === 'command-done') void done(message.command, message.state, message.reason)
    else if (message.from === 'confirmed')
      void insist(message.command, async () => announce([await fleet.confirmCommand(message.command)]))
    else if (message.from === 'unconfirmed')
      void insist(message.command, async () => announce([await fleet.giveUpCommand(message.command, message.reason)]))
    else
      void insist(`device ${message.id}`, async () => {
        await fleet.remember(message.id, 'actuators', message.actuators)
        const unit = given.units().get(message.id)
        if (unit && busy.has(unit.id)) look()
      })
  }

  return {
    look,
    heard,
    started(ids) {
      look()
      fleet
        .awaitingCommands(ids)
        .then((commands) => {
          for (const { id, deviceId, integration, capability, verb, location, arguments: args, doneAt } of commands) {
            const awaited = { id, device: deviceId, capability, verb, location, arguments: args, doneAt: doneAt ?? 0 }
            given.crewOf(integration)?.order({ to: 'await', commands: [awaited] })
          }
        })
        .catch((error: unknown) => log.warn({ error: String(error) }, 'could not look for commands to be confirmed'))
    },
    gone(integration) {
      for (const [id, flight] of flights) {
        const { command, state } = flight
        if (command.integration !== integration) continue
        const ended = 'The thread that carried it out was ended; nobody knows what became of it'
        if (state === 'sent') void done(id, 'failed', ended)
        else if (state === 'handed') land(id)
        else flight.isOrphan = true
      }
      setImmediate(look)
    },
    async start() {
      unsubscribe = await bus.subscribe(allWaitingCommands, look)
      timer = setInterval(look, lookEvery)
      look()
    },
    async leave(shards, patience) {
      for (const shard of shards) leaving.add(shard)
      const deadline = Date.now() + patience
      const isBusy = () =>
        [...flights.values()].some(({ state, command }) => state !== 'handed' && leaving.has(command.shard))
      while (isBusy() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20))
      return () => {
        for (const shard of shards) leaving.delete(shard)
      }
    },
    async close() {
      closed = true
      clearInterval(timer)
      await looking
      await unsubscribe?.().catch(() => {})
    },
  }
}
