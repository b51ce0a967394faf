/** Runs every contender on a source of its own, one after another, all from the same beginning. */
import {
  type Contender,
  type HouseSetup,
  type KeyFigures,
  type Replay,
  replay,
  type Source,
  savedBy,
  shiftWishes,
  underControl,
} from '@nabolag/control'

export type Run = {
  readonly label: string
  readonly replay: Replay
  /** Shares of what the schedule's heating cost; absent where none ran, or nothing answers to it. */
  readonly saved?: ReturnType<typeof savedBy>
}

export type RunsGiven = {
  readonly setup: HouseSetup
  readonly contenders: readonly Contender[]
  readonly from: number
  readonly to: number
  /** ms */
  readonly step: number
  readonly warmUp: number
  /** A fresh one each time. */
  readonly sourceOf: (setup: HouseSetup) => Source | Promise<Source>
  readonly intensity?: (at: number) => number | null
  readonly onProgress?: (label: string, share: number) => void
}

export async function runAll(given: RunsGiven): Promise<Run[]> {
  const { contenders, setup, from, to, step, warmUp, sourceOf, intensity, onProgress } = given
  const { loadSolver, makePlanner } = await import('@nabolag/control')
  const solver = await loadSolver()
  const runOne = async (own: HouseSetup, label: string) => {
    const planner = makePlanner(solver)
    try {
      return await replay({
        ...{ setup: own, from, to, step, warmUp, planner, intensity, source: await sourceOf(own) },
        clock: () => performance.now(),
        onProgress: (share) => onProgress?.(label, share),
      })
    } finally {
      planner.close()
    }
  }
  const runs: Run[] = []
  for (const contender of contenders) {
    const own = underControl(setup, contender)
    runs.push({ label: contender.label, replay: await runOne(own, contender.label) })
  }
  const schedule = runs.find(({ label }) => label === 'schedule')
  if (!schedule?.replay.answers || runs.length < 2) return runs
  // What the schedule would have cost in a warmer and in a colder house, so that a colder one is not taken for art.
  const plain = underControl(setup, { controller: 'schedule' })
  const shifted: KeyFigures[] = []
  for (const kelvin of [-1, 1])
    shifted.push((await runOne(shiftWishes(plain, kelvin), `schedule, ${kelvin} K`)).figures)
  return runs.map((run) =>
    run === schedule ? run : { ...run, saved: savedBy(run.replay.figures, [schedule.replay.figures, ...shifted]) },
  )
}
