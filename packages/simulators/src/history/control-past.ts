/**
 * The demo's last two weeks as its controls made them: every turn is taken over the living houses, so that the charts
 * show what control does from the first minute on. Slow enough to be done once; the moves bring any other world to the
 * same state.
 */
import { type KeptReceipt, loadSolver, makePlanner, type Plan, replay } from '@nabolag/control'
import type { World } from '../world/world.ts'
import { demoSetup } from './demo-control.ts'
import { applyMove, livingSource, type PastMove } from './living-source.ts'

export type ControlledHouse = {
  readonly house: number
  /** Of every turn that changed something, and of every hour. */
  readonly receipts: readonly KeptReceipt[]
  readonly plan?: Plan
}

export type ControlPast = {
  readonly from: number
  readonly to: number
  readonly moves: readonly PastMove[]
  readonly houses: readonly ControlledHouse[]
}

const minute = 60_000
const step = 5 * minute

/** Lives the houses through the time under their controls. `world` has been moved when it resolves. */
export async function controlPast(
  world: World,
  span: { readonly from: number; readonly to: number },
  onProgress: (share: number) => void = () => {},
): Promise<ControlPast> {
  const from = Math.ceil(span.from / step) * step
  const to = Math.floor(span.to / step) * step
  const moves: PastMove[] = []
  const houses: ControlledHouse[] = []
  const planner = makePlanner(await loadSolver())
  const controlled = world.houses.flatMap((living) => {
    const setup = demoSetup(living.house)
    return setup.loops.length > 0 ? [{ living, setup }] : []
  })
  for (const [n, { living, setup }] of controlled.entries()) {
    const source = livingSource(world, living, setup, { from, to }, (move) => moves.push(move))
    const { receipts, lastPlan } = await replay({
      ...{ setup, from, to, source, planner, keep: 'all' },
      onProgress: (share) => onProgress((n + share) / controlled.length),
    })
    houses.push({ house: living.house.number, receipts: receipts.filter(isKept), ...(lastPlan && { plan: lastPlan }) })
  }
  planner.close()
  return { from, to, moves, houses }
}

const isKept = ({ receipt }: KeptReceipt) => receipt.outcome !== 'none' || Date.parse(receipt.at) % (60 * minute) === 0

/** Brings a fresh world to where the past of another has left it. */
export function applyControlPast(world: World, moves: readonly PastMove[]): void {
  for (const living of world.houses)
    for (const move of moves) if (move.house === living.house.number) applyMove(living, move)
}
