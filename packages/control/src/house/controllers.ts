/** Every control there is, by what it moves. A new one is one line here. */
import type { Static, TObject } from 'typebox'
import { Check, Default } from 'typebox/value'
import { battery } from '../controls/battery.ts'
import { modelPredictive } from '../controls/model-predictive.ts'
import { priceResponsivePi } from '../controls/price-responsive-pi.ts'
import { schedule } from '../controls/schedule.ts'
import { ventilation } from '../controls/ventilation.ts'
import type { LoopKind } from './types.ts'

export const heatingControls = [schedule, priceResponsivePi, modelPredictive] as const

export const controllers = {
  heating: heatingControls,
  ventilation: [ventilation],
  battery: [battery],
} as const satisfies Readonly<
  Record<LoopKind, readonly { readonly name: string; readonly label: string; readonly settings: TObject }[]>
>

/** The control of that name for such a loop; the first of its kind where there is none. */
export function controlNamed<Kind extends LoopKind>(kind: Kind, name: string): (typeof controllers)[Kind][number] {
  const all: readonly (typeof controllers)[Kind][number][] = controllers[kind]
  return all.find((one) => one.name === name) ?? all[0]!
}

/** Settings with what is missing filled in by the defaults; one that does not fit is left to its default. */
export function settingsOf<Settings extends TObject>(schema: Settings, given: unknown): Static<Settings> {
  const defaults = Default(schema, {}) as Record<string, unknown>
  if (typeof given !== 'object' || given === null) return defaults as Static<Settings>
  const fitting = Object.entries(given).filter(
    ([name, value]) => Object.hasOwn(schema.properties, name) && Check(schema.properties[name]!, value),
  )
  return { ...defaults, ...Object.fromEntries(fitting) } as Static<Settings>
}
