/**
 * What was kept between turns, as far as it can be believed. It comes from a database, and may have been written by
 * another version: one record that makes no sense is forgotten, and never stops a house.
 */
import { isNumber } from '../controls/define-control.ts'
import type { Estimate } from '../estimate/filter.ts'
import { isSoundPlan } from '../mpc/keep.ts'
import type { Plan } from '../mpc/plan.ts'
import type { Move } from '../safety/guard.ts'
import type { HouseMemory, LoopMemory, Notice, RoomMemory } from './types.ts'

type Fields = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const fieldsOf = (value: unknown): Fields => (isRecord(value) ? value : {})
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
/** Within what a date can be, ms. */
const isTime = (value: unknown): value is number => isNumber(value) && Math.abs(value) <= 8.64e15
const isWithin = (value: unknown, most: number): value is number => isNumber(value) && Math.abs(value) <= most

/** °C and kW: beyond this no room has been. */
const mostOfRoom = 100
/** Kelvin hours; more than this no room owes. */
const mostOwed = 1000

/** The parts of a memory that make sense; what they have besides is let go. */
export function soundMemory(kept: unknown): HouseMemory {
  const { at, loops, rooms, plan, planMadeAt, planFor, notices } = fieldsOf(kept)
  const isPlanned = isTime(planMadeAt) && isSoundPlan(plan)
  return {
    ...(isTime(at) && { at }),
    loops: mapRecords(loops, loopOf),
    rooms: mapRecords(rooms, roomOf),
    ...(isPlanned && { plan, planMadeAt }),
    ...(isPlanned && typeof planFor === 'string' && { planFor }),
    notices: listOf(notices).filter(isNotice),
  }
}

/** A plan that can be followed; nothing where it is none. */
export const soundPlan = (plan: unknown): Plan | undefined => (isSoundPlan(plan) ? plan : undefined)

function mapRecords<T>(value: unknown, of: (fields: Fields) => T): Record<string, T> {
  return Object.fromEntries(
    Object.entries(fieldsOf(value)).flatMap(([id, one]) => (isRecord(one) ? [[id, of(one)] as const] : [])),
  )
}

function loopOf({ control, by, moves, fallback }: Fields): LoopMemory {
  const { at, schedule } = fieldsOf(fallback)
  return {
    // Each control looks at its own; one that it cannot read makes it begin anew.
    ...(isRecord(control) && { control }),
    ...(typeof by === 'string' && { by }),
    moves: listOf(moves).filter(isMove),
    ...(isTime(at) && typeof schedule === 'string' && { fallback: { at, schedule } }),
  }
}

function roomOf({ estimate, owed, same }: Fields): RoomMemory {
  const { value, since } = fieldsOf(same)
  return {
    ...(isEstimate(estimate) && { estimate }),
    ...(isWithin(owed, mostOwed) && { owed }),
    ...(isNumber(value) && isTime(since) && { same: { value, since } }),
  }
}

const kinds = ['command', 'safety', 'release'] satisfies readonly Move['kind'][]

function isMove(value: unknown): value is Move {
  const { at, set, kind } = fieldsOf(value)
  const isSet = isRecord(set) && Object.values(set).every((one) => isNumber(one) || isWord(one))
  return isTime(at) && isSet && kinds.some((one) => one === kind)
}

const isWord = (value: unknown) => typeof value === 'string' || typeof value === 'boolean'

function isEstimate(value: unknown): value is Estimate {
  const { at, air, structure, disturbance, covariance, strange } = fieldsOf(value)
  const isState = [air, structure, disturbance].every((one) => isWithin(one, mostOfRoom))
  const isSpread = Array.isArray(covariance) && covariance.length === 9 && covariance.every((one) => isWithin(one, 1e6))
  return isTime(at) && isState && isSpread && isNumber(strange)
}

function isNotice(value: unknown): value is Notice {
  const { kind, since, sentence } = fieldsOf(value)
  return typeof kind === 'string' && isTime(since) && typeof sentence === 'string'
}
