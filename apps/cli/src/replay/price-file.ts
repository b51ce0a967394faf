/** A person's own price series, NOK/kWh, from a CSV file. */
import type { SpotEntry } from '@nabolag/control'
import { Problem } from '@nabolag/core'
import { columnOf, type SeriesFile } from './series-file.ts'

export type PriceFile = {
  /** NOK/kWh, in order and without overlap. */
  readonly spot: readonly SpotEntry[]
  readonly column: string
  readonly unit: string
}

export type PriceFileAsked = {
  /** Which column; needed where there are several. */
  readonly column?: string
  /** Such as `EUR/MWh`, where the header does not say it. */
  readonly unit?: string
  /** NOK for one of the file's currency, where that is not NOK. */
  readonly rate?: number
}

const minute = 60_000
const hour = 60 * minute
const lengths = [15, 30, 60].map((minutes) => minutes * minute)

type Unit = { readonly text: string; readonly currency: string; readonly perKwh: number }

/** Currency, and how many of it the word is. */
const moneys: readonly (readonly [word: RegExp, currency: string, share: number])[] = [
  [/^(nok|kr)$/, 'NOK', 1],
  [/^(øre|ore)$/, 'NOK', 0.01],
  [/^öre$/, 'SEK', 0.01],
  [/^(eur|euro|€)$/, 'EUR', 1],
  [/^(ct|cent)$/, 'EUR', 0.01],
  [/^(sek|dkk|gbp|usd)$/, '', 1],
]

/** Reads `EUR/MWh`, `se3_eur_per_mwh`, `Price (øre/kWh)`; nothing where no unit is in it. */
export function unitIn(text: string): Unit | undefined {
  const found =
    /(?:^|[^a-zæøåö])(nok|kr|øre|ore|öre|eur|euro|€|ct|cent|sek|dkk|gbp|usd)[\s_]*(?:\/|per|pr|)[\s_.]*(kwh|mwh)(?![a-z])/.exec(
      text.toLowerCase(),
    )
  if (!found) return undefined
  const [, word = '', energy = ''] = found
  const money = moneys.find(([is]) => is.test(word))
  if (!money) return undefined
  const [, currency, share] = money
  return {
    text: `${word.length === 3 && word !== 'øre' && word !== 'ore' && word !== 'öre' ? word.toUpperCase() : word}/${energy === 'kwh' ? 'kWh' : 'MWh'}`,
    currency: currency || word.toUpperCase(),
    perKwh: energy === 'kwh' ? share : share / 1000,
  }
}

/**
 * @throws ProblemError `bad-request`: no column, no unit, a unit that does not fit the numbers, steps other than 15, 30 and
 * 60 minutes
 */
export function pricesIn(file: SeriesFile, asked: PriceFileAsked = {}): PriceFile {
  const wrong = (says: string) => Problem('bad-request', `${file.path}: ${says}`)
  const column = chosenColumn(file, asked.column)
  const own = unitIn(column)
  const said = asked.unit === undefined ? undefined : unitIn(asked.unit)
  if (asked.unit !== undefined && !said)
    throw wrong(`${asked.unit} is no unit of a price: NOK/kWh, øre/kWh, NOK/MWh, EUR/MWh or the like`)
  if (own && said && (own.currency !== said.currency || own.perKwh !== said.perKwh))
    throw wrong(`the column ${column} says ${own.text}, and --price-unit says ${said.text}`)
  const unit = said ?? own
  if (!unit) throw wrong(`the column ${column} names no unit: say --price-unit NOK/kWh, øre/kWh, NOK/MWh or EUR/MWh`)
  if (unit.currency !== 'NOK' && asked.rate === undefined)
    throw wrong(`the prices are in ${unit.currency}: say how many NOK one is, such as --rate 11.5`)
  if (unit.currency === 'NOK' && asked.rate !== undefined)
    throw wrong('the prices are in NOK already, and need no --rate')
  const factor = unit.perKwh * (asked.rate ?? 1)
  const known = columnOf(file, column).map(({ at, value }) => ({ at, price: value * factor }))
  if (known.length < 2) throw wrong(`the column ${column} has fewer than two prices`)
  checkSize(
    known.map(({ price }) => price),
    unit,
    wrong,
  )
  return { spot: withEnds(known, wrong), column, unit: unit.text }
}

function chosenColumn({ path, columns }: SeriesFile, asked: string | undefined): string {
  const all = columns.join(', ')
  if (asked !== undefined) {
    if (!columns.includes(asked))
      throw Problem('bad-request', `${path} has no column ${asked}; it has ${all || 'none but the times'}`)
    return asked
  }
  const named = columns.filter((name) => unitIn(name) || /price|pris/i.test(name))
  const candidates = columns.length === 1 ? columns : named
  if (candidates.length === 1) return candidates[0]!
  throw Problem(
    'bad-request',
    columns.length === 0
      ? `${path} has no column but the times`
      : `${path} has several columns: say which one has the prices by --price-column; there are ${all}`,
  )
}

/** Prices of power are between a fiftieth of an øre and some kroner: what is far from that has another unit. */
function checkSize(prices: readonly number[], { text }: Unit, wrong: (says: string) => Error): void {
  const sizes = prices.map(Math.abs).toSorted((a, b) => a - b)
  const middle = sizes[Math.floor(sizes.length / 2)]!
  const most = sizes.at(-1)!
  const shown = (value: number) => Number(value.toPrecision(3))
  if (middle > 15 || most > 100)
    throw wrong(`as ${text} the prices are up to ${shown(most)} NOK/kWh: the unit must be another one`)
  if (most > 0 && most < 0.02)
    throw wrong(`as ${text} the prices are at most ${shown(most)} NOK/kWh: the unit must be another one`)
}

/** Each price holds for the step of its neighbours: a row that is missing leaves a gap, and no longer price. */
function withEnds(
  known: readonly { readonly at: number; readonly price: number }[],
  wrong: (says: string) => Error,
): SpotEntry[] {
  const uneven = known.find(({ at }) => at % (15 * minute) !== 0)
  if (uneven) throw wrong(`prices begin at whole quarters of an hour, not at ${new Date(uneven.at).toISOString()}`)
  const apart = known.slice(1).map(({ at }, n) => at - known[n]!.at)
  const usual = mostFrequent(apart)
  if (!lengths.includes(usual))
    throw wrong(`the rows are ${usual / hour} h apart: prices must be those of 15, 30 or 60 minutes`)
  let before = usual
  return known.map(({ at, price }, n) => {
    const own = apart[n]
    const near = [n - 2, n - 1, n + 1, n + 2].filter((one) => apart[one] === own).length
    const length = own !== undefined && lengths.includes(own) && near >= 2 ? own : Math.min(before, own ?? before, hour)
    before = length
    return { start: at, end: at + length, price }
  })
}

function mostFrequent(values: readonly number[]): number {
  const counts = new Map<number, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most), [0, 0] as [number, number])[0]
}
