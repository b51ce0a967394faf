/** What has come of the commands of a house, as its next turn is to know it. */
import {
  type HouseMemory,
  type HouseSeen,
  type HouseSetup,
  type LoopMemory,
  type LoopSetup,
  type Move,
  noMemory,
  setBy,
} from '@nabolag/control'
import type { ClaimedHouse } from '@nabolag/store'

type Sent = ClaimedHouse['commands'][number]

const isLost = ({ state }: Sent) => state === 'refused' || state === 'failed' || state === 'expired'

/** Oldest first. */
const ofLoop = ({ actuator }: LoopSetup, commands: readonly Sent[]) =>
  commands
    .filter(
      ({ integration, count, location, capability }) =>
        integration === actuator.device &&
        count === actuator.count &&
        location === actuator.location &&
        capability === actuator.capability,
    )
    .toSorted((a, b) => a.createdAt - b.createdAt)

/** Commands of one turn are made in one transaction; two turns are minutes apart, ms. */
const together = 5_000
/** A command and the move it came from are never farther apart, whatever the clocks say, ms. */
const apart = 150_000

/** Of each loop its newest command; of several at once, one that was lost. */
export const newestOutcomes = (setup: HouseSetup, commands: readonly Sent[]): NonNullable<HouseSeen['commands']> =>
  setup.loops.flatMap((loop) => {
    const own = ofLoop(loop, commands)
    const last = own.filter(({ createdAt }) => createdAt > own.at(-1)!.createdAt - together)
    const newest = last.find(isLost) ?? last.at(-1)
    if (!newest) return []
    const { createdAt: at, state, reason, verb } = newest
    const lost = isLost(newest) ? setBy(loop.actuator.capability, verb) : undefined
    return [{ loop: loop.id, at, state, ...(reason !== undefined && { reason }), ...(lost !== undefined && { lost }) }]
  })

/**
 * The memory without what was sent and never arrived, so that it is sent again when it is still wanted. A move itself
 * stays: it counts for the least time between two.
 */
export function withoutLost(
  memory: HouseMemory,
  setup: HouseSetup,
  commands: readonly Sent[],
  now: number,
): HouseMemory {
  // A loop that is new, or forgotten, may have an actuator that was moved a moment ago.
  const rebuilt = rebuiltMemory(setup, commands)
  const loops = setup.loops.flatMap((loop) => {
    const known = memory.loops[loop.id] ?? rebuilt.loops[loop.id]
    if (!known || (known.moves.length === 0 && !memory.loops[loop.id])) return []
    const own = ofLoop(loop, commands)
    const moves = known.moves.map((move) => {
      const gone = own
        .filter((command) => isLost(command) && Math.abs(command.createdAt - move.at) < apart)
        .map(({ verb }) => setBy(loop.actuator.capability, verb))
      const left = Object.entries(move.set).filter(([name]) => !gone.includes(name))
      return gone.length === 0 ? move : { ...move, set: Object.fromEntries(left) }
    })
    const fallback = leftAtVendor(known.fallback, own, now)
    return [[loop.id, { ...known, moves, ...(fallback && { fallback }) }] as const]
  })
  return { ...memory, loops: { ...memory.loops, ...Object.fromEntries(loops) } }
}

/** The vendor's own schedule did not get there: it is told again after so long, ms. */
const againAfter = 6 * 3_600_000

function leftAtVendor(known: LoopMemory['fallback'], own: readonly Sent[], now: number): LoopMemory['fallback'] {
  if (!known || now - known.at < againAfter) return known
  const told = own.findLast(({ verb }) => verb === 'setFallback')
  const never = told && isLost(told) && Math.abs(told.createdAt - known.at) < apart
  return never ? { at: 0, schedule: 'not known' } : known
}

/**
 * A memory that was lost, as far as the commands tell: what was moved in the last day, so that its limits hold. What
 * never arrived counts for the least time between two, and sets nothing.
 */
export function rebuiltMemory(setup: HouseSetup, commands: readonly Sent[]): HouseMemory {
  const loops = setup.loops.map((loop) => {
    const moves: Move[] = []
    for (const command of ofLoop(loop, commands)) {
      const { createdAt, verb, arguments: args } = command
      const name = setBy(loop.actuator.capability, verb)
      const value = Object.entries(args).find(([argument]) => argument !== 'location')?.[1]
      const isWord = typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean'
      if (name === undefined || !isWord) continue
      const last = moves.at(-1)
      const set = isLost(command) ? {} : { [name]: value }
      if (last && createdAt - last.at < together) moves[moves.length - 1] = { ...last, set: { ...last.set, ...set } }
      else moves.push({ at: createdAt, set, kind: 'command' })
    }
    return [loop.id, { moves }] as const
  })
  return { ...noMemory, loops: Object.fromEntries(loops) }
}
