import { seedOf } from './noise.ts'

/** When a device that measures every so often (ms; a pod: 90 s) did so last: each at its own moments. */
export const podTime = (pod: string, ms: number, every = 90_000): number => {
  const offset = seedOf(pod) % every
  return Math.floor((ms - offset) / every) * every + offset
}
