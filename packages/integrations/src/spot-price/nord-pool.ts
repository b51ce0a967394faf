/** A delivery day as Nord Pool's data portal tells it. */
import { type Static, Type } from 'typebox'
import type { Reading } from '../define.ts'
import { Maybe } from '../schema.ts'

export const DayAhead = Type.Object({
  /** Counts the publications of the day; 0: none yet. */
  version: Maybe(Type.Number()),
  /** UTC, with seven digits of a second. */
  updatedAt: Maybe(Type.String()),
  currency: Maybe(Type.String()),
  multiAreaEntries: Type.Array(
    Type.Object({
      deliveryStart: Type.String(),
      deliveryEnd: Maybe(Type.String()),
      /** Per MWh. */
      entryPerArea: Type.Record(Type.String(), Maybe(Type.Number())),
    }),
  ),
  areaStates: Maybe(Type.Array(Type.Object({ state: Maybe(Type.String()), areas: Maybe(Type.Array(Type.String())) }))),
})
type DayAhead = Static<typeof DayAhead>

/** Whether the day has a price of the area; an answer may be there without one. */
export const isPublished = ({ version, multiAreaEntries }: DayAhead, area: string): boolean =>
  version !== 0 && multiAreaEntries.some(({ entryPerArea }) => typeof entryPerArea[area] === 'number')

/** Whether the exchange may still change the area's prices. Every group counts, not only the first. */
export const isPreliminary = ({ areaStates }: DayAhead, area: string): boolean =>
  (areaStates ?? []).some(({ state, areas }) => /^prelim/i.test(state ?? '') && (areas ?? []).includes(area))

/**
 * The area's prices.
 *
 * @param issued when an answer does not say it
 */
export function readDayAhead(answer: DayAhead, area: string, currency: string, issued: string): Reading[] {
  if (!isPublished(answer, area)) return []
  const preliminary = isPreliminary(answer, area)
  const tags = { area, currency: answer.currency ?? currency, source: 'nordpool' }
  const entries = new Map(answer.multiAreaEntries.map((entry) => [entry.deliveryStart, entry]))
  return [...entries.values()].flatMap(({ deliveryStart: time, deliveryEnd, entryPerArea }): Reading[] => {
    const perMegawattHour = entryPerArea[area]
    if (typeof perMegawattHour !== 'number') return []
    const minutes = (Date.parse(deliveryEnd ?? '') - Date.parse(time)) / 60_000
    const fields = {
      price: perKilowattHour(perMegawattHour),
      minutes: minutes > 0 ? minutes : undefined,
      preliminary,
    }
    return [{ time, issued: answer.updatedAt ?? issued, tags, fields }]
  })
}

/** Without the dust that dividing by a thousand leaves. */
const perKilowattHour = (perMegawattHour: number): number => Number((perMegawattHour / 1000).toPrecision(12))
