/** A value as a resident reads it. */
export function spell(value: number | boolean | string): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'string') return value
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  // As in the sentences from the server, whatever the browser's own way; thousands are set apart by a thin space, for a
  // comma is a decimal point to half of the readers.
  return value.toLocaleString('en', { maximumFractionDigits: digits }).replaceAll(',', '\u202f')
}

/** How long ago a time was, in the largest unit that fits; empty when it is not known. */
export function ago(time: string | undefined | null, now = Date.now()): string {
  if (!time) return ''
  const seconds = Math.max(0, (now - Date.parse(time)) / 1000)
  if (seconds < 90) return `${Math.round(seconds)} s ago`
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min ago`
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h ago`
  return `${Math.round(seconds / 86_400)} days ago`
}

/** Names that are no words. */
const formulas: Readonly<Record<string, string>> = {
  co2: 'CO₂',
  eco2: 'eCO₂',
  tvoc: 'TVOC',
  pm1: 'PM1',
  pm25: 'PM2.5',
  pm10: 'PM10',
}

/** A field's name as words: `targetTemperature` is "Target temperature". */
export function words(field: string): string {
  const formula = formulas[field]
  if (formula !== undefined) return formula
  const spaced = field.replace(
    /([a-z0-9])([A-Z])/g,
    (_, before: string, after: string) => `${before} ${after.toLowerCase()}`,
  )
  return spaced.charAt(0).toUpperCase() + spaced.slice(1)
}

/** A value with its unit; a unit of one is not said. */
export const measure = (value: number | boolean | string, unit: string | null): string =>
  unit === null || unit === '1' ? spell(value) : `${spell(value)} ${unit}`
