/** Shorthands for schemas of what vendors answer. */
import { type TSchema, Type } from 'typebox'

/** There, or null. */
export const Nullable = <T extends TSchema>(type: T) => Type.Union([type, Type.Null()])

/** There, or null, or left out. */
export const Maybe = <T extends TSchema>(type: T) => Type.Optional(Nullable(type))
