/**
 * How a vendor can fail, named by what happens next. An integration never handles one: it throws, and the host
 * decides.
 */

export const failureKinds = {
  unreachable: 'Back off and try again',
  throttled: 'Wait until the vendor lets us in again',
  refused: 'Stop, and ask the owner to sign in again',
  changed: 'Stop, and tell the developers: the answer no longer fits',
  rejected: 'The command was not accepted',
} as const

export type FailureKind = keyof typeof failureKinds

/** `until` (ms since the epoch) goes with `throttled` where the vendor gave a time. The message must hold no secret. */
export class VendorFailure extends Error {
  readonly kind: FailureKind
  readonly until: number | undefined
  constructor(kind: FailureKind, message: string, until?: number) {
    super(message)
    this.name = 'VendorFailure'
    this.kind = kind
    this.until = until
  }
}
