/** What the controller and its threads say to each other. */
import type { Identified, IdentifySettings, Plan, Sample, View } from '@nabolag/control'

export type Jobs = {
  readonly plan: { readonly given: View; readonly result: Plan }
  readonly fit: {
    readonly given: { readonly samples: readonly Sample[]; readonly settings: IdentifySettings }
    readonly result: Identified
  }
}
export type JobKind = keyof Jobs

export type ToThread = {
  [Kind in JobKind]: { readonly job: number; readonly kind: Kind; readonly given: Jobs[Kind]['given'] }
}[JobKind]

export type FromThread =
  | { readonly ready: true }
  | { readonly job: number; readonly result: unknown }
  | { readonly job: number; readonly failed: string }
