/** How the expected outcome of a vendor's real answers is stated; the answers themselves lie beside the repository. */
import type { FailureKind, VendorFailure } from '@nabolag/core'

export type Part = (file: never) => unknown

export type Row = {
  /** The integration that gets it, and which part of the file is the answer; it may be what a whole `fetch` makes of it. */
  readonly as: string
  readonly answer?: Part
  /** How many readings it gives, or the kind of failure; `changed` when the schema must refuse it. */
  readonly gives: number | FailureKind
  readonly first?: object
  readonly last?: object
}

export type VendorAnswers = {
  /** By file, without the vendor's folder. */
  readonly rows: Readonly<Record<string, readonly Row[]>>
  /** What the vendor's own words mean; `undefined` is left to the general rule by status. */
  readonly failures?: Readonly<Record<string, FailureKind | undefined>>
  readonly failureOf?: (answer: { readonly status: number; readonly body: unknown }) => VendorFailure | undefined
  /** Answers of calls we do not make, and why, or why nothing is to be read of them. */
  readonly notCalled: Readonly<Record<string, string>>
}

export type Wrapped = { readonly status: number; readonly body: unknown }

/** The answer in a file that wraps it with its status. */
export const body: Part = (file: Wrapped) => file.body
