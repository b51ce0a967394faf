/** Commands over the bus: asking for one as a program, waking the connector that has the device, and what came of it. */
import {
  allCommandResults,
  type CommandResult,
  type CommandState,
  commandResultsOf,
  commandResultTopic,
  commandStates,
  commandTopic,
  parseCommandTopic,
} from '@nabolag/core'
import type { Bus } from './bus.ts'

/** Which device. */
export type CommandPlace = { readonly houseId: number; readonly integration: string; readonly count: number }

/** A command as a program publishes it. */
export type AskedCommand = {
  /** The asker's own id, so that it knows the answer and nothing is done twice. */
  readonly id?: string
  readonly capability: string
  readonly verb: string
  readonly arguments: Readonly<Record<string, unknown>>
  /** Seconds it may be carried out in; 60 when neither is given. */
  readonly validFor?: number
  /** ISO 8601. */
  readonly validUntil?: string
}

/**
 * Asks for a command in the name of an account (one of the system's own roles; an outside program's own is completed by
 * the broker). Resolves when the broker has it; what comes of it is told to `onCommandResult`.
 *
 * @throws ProblemError `engine-down`
 */
export const publishCommand = (
  bus: Bus,
  { houseId, integration, count }: CommandPlace,
  account: string,
  command: AskedCommand,
): Promise<void> => bus.publish(`${commandTopic(houseId, integration, count)}/${account}`, command)

/** Tells the connectors that a command waits in the store. */
export const wakeForCommand = (bus: Bus, { houseId, integration, count }: CommandPlace, id: string): Promise<void> =>
  bus.publish(commandTopic(houseId, integration, count), { id })

/** Tells everybody who listens what a command's state is now. */
export const publishCommandResult = (
  bus: Bus,
  { houseId, integration, count }: CommandPlace,
  result: CommandResult,
): Promise<void> => bus.publish(commandResultTopic(houseId, integration, count), result)

/**
 * Hands over every change of a command's state, of one house or of all; what is no result is left out.
 *
 * @returns ends it
 * @throws ProblemError `not-allowed` when the account may not listen there
 */
export const onCommandResult = (
  bus: Bus,
  of: { readonly houseId: number } | 'all',
  handler: (place: CommandPlace, result: CommandResult) => void,
): Promise<() => Promise<void>> =>
  bus.subscribe(of === 'all' ? allCommandResults : commandResultsOf(of.houseId), (topic, payload) => {
    const place = parseCommandTopic(topic)
    const result = readResult(payload)
    if (place?.last === 'result' && result)
      handler({ houseId: place.houseId, integration: place.device, count: place.count }, result)
  })

function readResult(payload: Buffer): CommandResult | undefined {
  let read: unknown
  try {
    read = JSON.parse(payload.toString())
  } catch {
    return undefined
  }
  const { id, state } = (read ?? {}) as Partial<CommandResult>
  return typeof id === 'string' && isState(state) ? (read as CommandResult) : undefined
}

const isState = (state: unknown): state is CommandState =>
  typeof state === 'string' && Object.hasOwn(commandStates, state)
