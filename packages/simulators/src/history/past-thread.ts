/** One house of the demo lives its controlled past in a thread of its own. */
import { parentPort, workerData } from 'node:worker_threads'
import { demoHouses } from '../world/houses.ts'
import { makeWorld } from '../world/world.ts'
import { controlPast } from './control-past.ts'
import type { FromPastThread, PastThreadGiven } from './past-threads.ts'

const { seed, start, house, from, to } = workerData as PastThreadGiven
const tell = (message: FromPastThread) => parentPort!.postMessage(message)
const world = makeWorld({ seed, start, houses: demoHouses.filter(({ number }) => number === house) })
tell({ past: await controlPast(world, { from, to }, (share) => tell({ share })) })
