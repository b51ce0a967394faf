/** Which control a replay is to run, as people name it. */
import { Problem } from '@nabolag/core'
import { Errors } from 'typebox/value'
import { carefulSettings, publishedSettings } from '../controls/price-responsive-pi.ts'
import { heatingControls } from '../house/controllers.ts'
import type { HouseSetup } from '../house/types.ts'

/** Settings that have a name of their own: `price-responsive-pi:careful`. */
const presets: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>> = {
  'price-responsive-pi': { published: publishedSettings, careful: carefulSettings },
}

export type Contender = {
  /** As it was named. */
  readonly label: string
  /** `undefined`: each loop's own. */
  readonly controller?: string
  readonly settings?: Readonly<Record<string, unknown>>
}

/** What `contenderOf` takes, for a help text. */
export const contenderNames = (): string[] =>
  heatingControls.flatMap(({ name }) => [name, ...Object.keys(presets[name] ?? {}).map((one) => `${name}:${one}`)])

/**
 * A control by its name, with settings of its own or those of a preset.
 *
 * @param label such as `model-predictive` or `price-responsive-pi:careful`
 * @throws ProblemError `bad-request`, naming what there is, or the setting that does not fit
 */
export function contenderOf(label: string, settings?: unknown): Contender {
  const [name = '', preset] = label.split(':')
  const control = heatingControls.find((one) => one.name === name)
  const named = preset === undefined ? {} : presets[name]?.[preset]
  if (!control || !named)
    throw Problem('bad-request', `There is no control ${label}; there are ${contenderNames().join(', ')}`)
  if (settings === undefined) return { label, controller: name, settings: named }
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings))
    throw Problem('bad-request', 'Settings are a JSON object, such as {"priceGain": 1}')
  for (const [setting, value] of Object.entries(settings)) {
    const schema = Object.hasOwn(control.settings.properties, setting)
      ? control.settings.properties[setting as never]
      : undefined
    if (!schema) {
      const known = Object.keys(control.settings.properties).join(', ')
      throw Problem('bad-request', `${name} has no setting ${setting}; it has ${known}`)
    }
    const [first] = Errors(schema, value)
    if (first) throw Problem('bad-request', `${setting} of ${name} ${first.message}`)
  }
  return { label, controller: name, settings: { ...named, ...settings } }
}

/**
 * The same house with every loop commanding, as a replay wants it: no pause, no days drawn by lot, and its heating under
 * the contender's control.
 */
export const underControl = (
  { experiment: _, ...setup }: HouseSetup,
  { controller, settings = {} }: Pick<Contender, 'controller' | 'settings'>,
): HouseSetup => ({
  ...setup,
  loops: setup.loops.map(({ pausedUntil: __, ...loop }) => {
    const own = loop.kind === 'heating' && controller !== undefined ? { controller, settings } : {}
    return { ...loop, ...own, mode: 'control' as const }
  }),
})

/** Every wish so many kelvin warmer or colder: for what the same comfort would have cost. */
export const shiftWishes = (setup: HouseSetup, kelvin: number): HouseSetup => {
  const shifted = <One extends { readonly temperature?: number }>(one: One): One =>
    one.temperature === undefined ? one : { ...one, temperature: one.temperature + kelvin }
  return {
    ...setup,
    rooms: setup.rooms.map((room) => ({
      ...room,
      comfort: {
        ...room.comfort,
        weekday: room.comfort.weekday.map(shifted),
        weekend: room.comfort.weekend.map(shifted),
        exceptions: room.comfort.exceptions.map(shifted),
      },
    })),
  }
}

/**
 * What a share of the cost a replay saved, as it is and against the schedule at the same mean temperature: a colder house
 * is cheaper without any art. The line through the schedule's own runs at other temperatures tells what that would cost.
 *
 * @param schedule mean temperature (°C) and cost (NOK) of two or more runs of the schedule, the one as wished for first
 */
export function savedBy(
  run: { readonly meanTemperature: number | null; readonly cost: number | null },
  schedule: readonly { readonly meanTemperature: number | null; readonly cost: number | null }[],
): { readonly raw: number | null; readonly atEqualTemperature: number | null } {
  const { meanTemperature, cost } = run
  const wished = schedule[0]
  if (cost === null || !wished?.cost) return { raw: null, atEqualTemperature: null }
  const raw = 1 - cost / wished.cost
  const points = schedule
    .flatMap(({ meanTemperature: at, cost: nok }) => (at === null || nok === null ? [] : [{ at, nok }]))
    .toSorted((a, b) => a.at - b.at)
  if (meanTemperature === null || points.length < 2) return { raw, atEqualTemperature: null }
  const next = Math.max(
    1,
    Math.min(
      points.length - 1,
      points.findIndex(({ at }) => at >= meanTemperature),
    ),
  )
  const [before, after] = [points[next - 1]!, points[next]!]
  if (!(after.at > before.at)) return { raw, atEqualTemperature: null }
  const same = before.nok + ((after.nok - before.nok) * (meanTemperature - before.at)) / (after.at - before.at)
  return { raw, atEqualTemperature: 1 - cost / same }
}
