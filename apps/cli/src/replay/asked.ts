/** What was asked for beside a house: the controls, and what a kWh emits. */
import { type Contender, contenderOf } from '@nabolag/control'
import { Problem } from '@nabolag/core'
import { columnOf, readSeriesFile } from './series-file.ts'

type Asked = {
  readonly controller?: string
  readonly compare?: readonly string[]
  readonly settings?: unknown
  readonly finalPrices?: boolean
  readonly intensity?: string
  readonly timeZone?: string
}

/** @throws ProblemError `bad-request`, naming the option */
export function contendersOf(asked: Asked, notes: string[]): readonly Contender[] {
  const chosen = chosenOf(asked)
  const hasVat = asked.settings !== undefined && Object.hasOwn(asked.settings as object, 'vat')
  if (!asked.finalPrices || hasVat || !chosen.some(({ controller }) => controller === 'price-responsive-pi'))
    return chosen
  notes.push('price-responsive-pi adds VAT to prices by itself: as these are final, it runs with the setting vat 1')
  return chosen.map((one) =>
    one.controller === 'price-responsive-pi' ? { ...one, settings: { ...one.settings, vat: 1 } } : one,
  )
}

function chosenOf({ controller, compare, settings }: Asked): readonly Contender[] {
  if (compare && controller !== undefined)
    throw Problem('bad-request', 'Either one --controller, or several with --compare')
  if (compare && settings !== undefined)
    throw Problem('bad-request', 'Settings belong to one control: give --settings with --controller')
  if (compare) return compare.map((label) => contenderOf(label))
  if (controller !== undefined) return [contenderOf(controller, settings)]
  if (settings !== undefined) throw Problem('bad-request', 'Say whose settings they are with --controller')
  return [{ label: 'as it is' }]
}

/**
 * gCO₂/kWh at a time, of a file: values hold until the next one.
 *
 * @throws ProblemError `bad-request`, naming what cannot be read
 */
export async function intensityOf({
  intensity,
  timeZone,
}: Asked): Promise<((at: number) => number | null) | undefined> {
  if (intensity === undefined) return undefined
  const file = await readSeriesFile(intensity, timeZone)
  const [column, ...more] = file.columns
  if (column === undefined || more.length > 0)
    throw Problem('bad-request', `${intensity} must have two columns: times, and gCO₂/kWh`)
  const known = columnOf(file, column)
  if (known.length === 0) throw Problem('bad-request', `${intensity} has no value in it`)
  const odd = known.find(({ value }) => value < 0 || value > 3000)
  if (odd)
    throw Problem(
      'bad-request',
      `${intensity} has ${odd.value} at ${new Date(odd.at).toISOString()}: it must be in gCO₂/kWh, 0 to 3000`,
    )
  return (at) => {
    let [low, high] = [0, known.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (known[middle]!.at <= at) low = middle + 1
      else high = middle
    }
    return known[low - 1]?.value ?? null
  }
}
