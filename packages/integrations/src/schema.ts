/** Shorthands for what vendors answer: its schema, and values that may be absent. */
import { type TSchema, Type } from 'typebox'

/** There, or null. */
export const Nullable = <T extends TSchema>(type: T) => Type.Union([type, Type.Null()])

/** There, or null, or left out. */
export const Maybe = <T extends TSchema>(type: T) => Type.Optional(Nullable(type))

/** The value in its unit; `undefined` where the vendor gave none, never zero. */
export const known = <T>(value: number | null | undefined, unit: (value: number) => T): T | undefined =>
  value === null || value === undefined ? undefined : unit(value)
