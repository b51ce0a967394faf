/** The hours of a plan for which no price is published yet. */

/** Prices further ahead than this are nobody's to miss, h. */
const missedWithin = 48
const mostPrice = 100

/**
 * Prices in NOK/kWh, the unknown ones filled by what was at the same time of the day before; where that is not known
 * either, by the mean of what is.
 *
 * @param steps lengths in h; a step may be longer than those of the day before that it is filled from
 * @param miss is told of each price of the first two days that was filled in
 */
export function fillPrices(prices: readonly unknown[], steps: readonly number[], miss?: () => void): number[] {
  const begins: number[] = []
  let at = 0
  for (const step of steps) {
    begins.push(at)
    at += step
  }
  const known = prices.slice(0, steps.length).filter(isPrice)
  const mean = known.length > 0 ? known.reduce((sum, price) => sum + price, 0) / known.length : 1
  const filled: number[] = []
  for (const [k, begin] of begins.entries()) {
    const price = prices[k]
    if (isPrice(price)) filled.push(price)
    else {
      if (begin < missedWithin) miss?.()
      filled.push(meanBetween(begin - 24, begin - 24 + steps[k]!) ?? mean)
    }
  }
  return filled.map((price) => Math.min(mostPrice, Math.max(-mostPrice, price)))

  function meanBetween(from: number, to: number): number | undefined {
    if (from < -1e-9) return undefined
    let sum = 0
    let hours = 0
    for (let k = 0; k < filled.length && begins[k]! < to; k++) {
      const length = Math.min(to, begins[k]! + steps[k]!) - Math.max(from, begins[k]!)
      if (length <= 1e-9) continue
      sum += filled[k]! * length
      hours += length
    }
    return hours > 0 ? sum / hours : undefined
  }
}

const isPrice = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
