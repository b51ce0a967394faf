/** A command to one integration alone, without store or bus: looks, commands, and looks again until a reading shows it. */
import { type CheckedCommand, checkCommand, type GivenCommand, VendorFailure, verbOf } from '@nabolag/core'
import { shows } from './commands/confirm.ts'
import { findActuators, placeOf } from './commands/found.ts'
import type { Places } from './places.ts'
import type { CheckedReading } from './readings.ts'
import { type Attempt, attempt, type Heard, hear, type TryGiven } from './try.ts'

export type TriedCommand = {
  readonly command: CheckedCommand
  /** `confirmed`: a later reading shows it; else what the integration said. */
  readonly state: 'confirmed' | 'applied' | 'sent'
  /** The reading that shows it. */
  readonly reading: CheckedReading | undefined
}

/** Looks so often, at most. */
const mostLooks = 5

/**
 * Asks the vendor once, carries the command out within the bounds that this answer shows, and asks again as long as the
 * time-out allows, until a reading shows it.
 *
 * @throws VendorFailure `rejected` when it is not within bounds, the integration has no such command, or the vendor
 * would not have it; else as `runOnce`
 */
export const commandOnce = ({
  command: asked,
  timeout = 120_000,
  ...given
}: TryGiven & { readonly command: GivenCommand }): Promise<TriedCommand> => {
  const end = Date.now() + timeout
  return attempt({ ...given, timeout }, async (trying) => {
    const { loaded, credentials } = trying
    const places: Places = new Map()
    const first = await hear(trying, places)
    const actuators = findActuators(loaded, { status: first.answer, credentials }, { places })
    const checked = checkCommand(asked, { actuators: actuators?.map(({ actuator }) => actuator), bounds: {} })
    if ('complaint' in checked) throw new VendorFailure('rejected', checked.complaint.message)
    const { command } = checked
    const { capability, verb, location } = command
    const action = loaded.commands?.[capability]?.[verb]
    if (!action) throw new VendorFailure('rejected', `${loaded.name} cannot ${capability}.${verb}`)
    const place = placeOf(actuators, capability, location)
    const state = await trying.withTools((tools) =>
      action({ ...tools, status: first.answer, place }, command.arguments),
    )
    return { command, ...(await confirm(trying, places, command, state, end)) }
  })
}

async function confirm(
  trying: Attempt,
  places: Places,
  command: CheckedCommand,
  state: 'applied' | 'sent',
  end: number,
): Promise<Pick<TriedCommand, 'state' | 'reading'>> {
  const unseen = { state, reading: undefined }
  const by = verbOf(command.capability, command.verb)?.confirmedBy
  if (!by) return unseen
  const { loaded } = trying
  const find = ({ samples }: Pick<Heard, 'samples'>) => samples.find((reading) => shows(reading, command, by))
  for (let look = 0; look < mostLooks; look++) {
    const left = end - Date.now() - margin
    if (left < loaded.settles) break
    await sleep(loaded.settles, trying.signal)
    const looking = hear(trying, places, (samples) => find({ samples }) !== undefined)
    const heard = await Promise.race([looking, sleep(left - loaded.settles, trying.signal)]).catch(() => undefined)
    looking.catch(() => {})
    const reading = heard && find(heard)
    if (reading) return { state: 'confirmed', reading }
  }
  return unseen
}

/** Left of the time-out for saying what came of it, ms. */
const margin = 500

const sleep = (ms: number, signal: AbortSignal) =>
  new Promise<undefined>((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  })
