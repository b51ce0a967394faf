/** A thread that plans and learns: what takes long, and what must not take the controller with it. */
import { parentPort } from 'node:worker_threads'
import { identify, loadSolver, makePlanner } from '@nabolag/control'
import type { FromThread, ToThread } from './messages.ts'

const say = (message: FromThread) => parentPort?.postMessage(message)

const planner = makePlanner(await loadSolver(), { weigh: true })

parentPort?.on('message', (asked: ToThread) => {
  const { job } = asked
  try {
    const result =
      asked.kind === 'plan' ? planner.plan(asked.given) : identify(asked.given.samples, asked.given.settings)
    say({ job, result })
  } catch (error) {
    say({ job, failed: error instanceof Error ? error.message : String(error) })
  }
})

say({ ready: true })
