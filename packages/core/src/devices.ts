/** The states of a device, as everyone names them. */

export const deviceStates = {
  starting: 'Started, nothing measured yet',
  running: 'Logging as it should',
  'backing-off': 'Failed; it starts again by itself',
  refused: 'The vendor refuses the credentials; the owner must sign in again',
  throttled: 'The vendor asked us to wait',
  stale: 'It answers, but has given nothing new for too long',
  stopped: 'Stopped by its owner',
} as const

export type DeviceState = keyof typeof deviceStates

/** What the connector knows of a device. Times are ms since the epoch; `undefined` is not known. */
export type DeviceStatus = {
  readonly state: DeviceState
  /** One sentence for the owner: what happened, and what mends it. Holds no secret. */
  readonly reason: string | undefined
  readonly since: number
  /** How often it was started again after a failure, ever. */
  readonly restarts: number
  readonly lastSampleAt: number | undefined
  /** When it will be tried again, in the states that wait. */
  readonly nextTryAt: number | undefined
  /** Counts its runs from 1; the log is kept for this one and the one before. */
  readonly run: number
}
