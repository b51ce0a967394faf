/**
 * Commands that programs publish. Every connector hears each of them, and the store keeps it once; so there is no
 * moment in which nobody takes them. What a program hears nothing of (`accepted` or `refused`) was not taken.
 */
import { createHash } from 'node:crypto'
import { type Bus, publishCommandResult, wakeForCommand } from '@nabolag/bus'
import { longestValidity, parseCommandTopic, parseTime, usualValidity } from '@nabolag/core'
import type { BusCommand, Fleet, Validity } from '@nabolag/store'
import type { Log } from '../log.ts'
import { tellOfCommands } from './tell.ts'

export type Intake = { close(): Promise<void> }

export type IntakeGiven = {
  readonly fleet: Pick<Fleet, 'takeCommand'>
  readonly bus: Bus
  readonly log: Log
  /** Whether this connector speaks where one is enough. */
  readonly isFirst: () => boolean
}

const programs = 'commands/+/+/+/+'
const mostBytes = 16 * 1024
const mostWaiting = 1000
const mostPerMinute = 120
const known = new Set(['id', 'capability', 'verb', 'arguments', 'validFor', 'validUntil'])

export async function startIntake({ fleet, bus, log, isFirst }: IntakeGiven): Promise<Intake> {
  let work = Promise.resolve()
  let waiting = 0
  const rate = makeRate()

  const take = async (command: BusCommand) => {
    const taken = await fleet.takeCommand(command)
    if (taken.outcome === 'nowhere') return refuse(command, taken.complaint.message)
    if (taken.outcome === 'again' && !isFirst()) return
    tellOfCommands(bus, [...taken.superseded, taken.command])
    if (taken.command.state === 'accepted') await wakeForCommand(bus, command, taken.command.id)
  }

  /** What is not kept is at least answered, by one of the connectors. */
  const refuse = async (command: BusCommand, reason: string) => {
    if (!isFirst()) return
    const { capability, verb } = command.given
    await publishCommandResult(bus, command, {
      id: command.requestId ?? '',
      command: '',
      state: 'refused',
      reason,
      time: new Date().toISOString(),
      capability: typeof capability === 'string' ? capability.slice(0, 100) : '',
      verb: typeof verb === 'string' ? verb.slice(0, 100) : '',
      location: '',
      asked_by: command.account,
    })
  }

  const stop = await bus.subscribe(programs, (topic, payload) => {
    const place = parseCommandTopic(topic)
    if (!place?.last || place.last === 'result') return
    const { houseId, device: integration, count, last: account } = place
    const command = readBusCommand({ houseId, integration, count, account }, payload)
    const tooMany = !rate(account) ? `More than ${mostPerMinute} commands came within a minute` : undefined
    const isFull = waiting >= mostWaiting ? 'Too many commands wait to be taken' : undefined
    waiting++
    work = work
      .then(() => (tooMany || isFull ? refuse(command, (tooMany ?? isFull)!) : take(command)))
      .catch((error: unknown) => log.warn({ error: String(error) }, 'could not take a command from the bus'))
      .finally(() => {
        waiting--
      })
  })
  return {
    async close() {
      await stop().catch(() => {})
      await work
    },
  }
}

/** Reads what a program published; what is wrong with it is part of the result. Never throws. */
export function readBusCommand(
  where: Pick<BusCommand, 'houseId' | 'integration' | 'count' | 'account'>,
  payload: Uint8Array,
): BusCommand {
  const digest = createHash('sha256').update(payload).digest('base64url')
  const none = { capability: undefined, verb: undefined, arguments: undefined }
  const usual: Validity = { seconds: usualValidity }
  const bad = (malformed: string) => ({
    ...where,
    requestId: undefined,
    digest,
    given: none,
    validity: usual,
    malformed,
  })
  if (payload.length > mostBytes) return bad(`The command is larger than ${mostBytes} bytes`)
  let read: unknown
  try {
    read = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch {
    return bad('The command is not JSON in UTF-8')
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read)) return bad('The command is not a JSON object')
  const { id, validFor, validUntil, capability, verb, arguments: args } = read as Record<string, unknown>
  const isId = typeof id === 'string' && id.length > 0 && id.length <= 100 && !id.includes('\0')
  const strange = Object.keys(read).find((key) => !known.has(key))
  const validity = readValidity(validFor, validUntil)
  const malformed =
    strange !== undefined
      ? `There is no ${JSON.stringify(strange).slice(0, 60)} in a command; there is ${[...known].join(', ')}`
      : id !== undefined && !isId
        ? 'id must be a text of 1 to 100 characters'
        : typeof validity === 'string'
          ? validity
          : undefined
  return {
    ...where,
    requestId: isId ? id : undefined,
    digest,
    given: { capability, verb, arguments: args },
    validity: typeof validity === 'string' ? usual : validity,
    ...(malformed === undefined ? {} : { malformed }),
  }
}

/** How long it may be carried out, or what is wrong with that. One whose time is over is kept, and expires. */
function readValidity(validFor: unknown, validUntil: unknown): Validity | string {
  if (validFor !== undefined && validUntil !== undefined) return 'validFor and validUntil cannot both be given'
  if (validUntil !== undefined) {
    const micros = typeof validUntil === 'string' ? parseTime(validUntil) : undefined
    if (micros === undefined) return 'validUntil is not an ISO 8601 time'
    if (micros / 1000 > Date.now() + longestValidity * 1000) return 'validUntil is more than an hour ahead'
    return { until: micros / 1000 }
  }
  if (validFor === undefined) return { seconds: usualValidity }
  if (typeof validFor !== 'number' || !(validFor >= 1 && validFor <= longestValidity))
    return `validFor must be 1 to ${longestValidity} seconds`
  return { seconds: validFor }
}

/** Whether one more may come from that account in this minute. */
function makeRate(): (account: string) => boolean {
  let minute = 0
  let counts = new Map<string, number>()
  return (account) => {
    const now = Math.floor(Date.now() / 60_000)
    if (now !== minute) {
      minute = now
      counts = new Map()
    }
    const count = (counts.get(account) ?? 0) + 1
    counts.set(account, count)
    return count <= mostPerMinute
  }
}
