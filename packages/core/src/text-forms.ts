/** Forms of text that people type: the pattern of each, and how who typed something else is told what was expected. */
import { namePattern } from './topics.ts'

export const textForms = {
  date: {
    pattern: '^20\\d\\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$',
    words: 'a date such as 2026-01-31',
  },
  localTime: { pattern: '^([01]\\d|2[0-3]):[0-5]\\d$', words: 'a local time such as 06:30' },
  priceArea: {
    pattern: '^(NO[1-5]|(?!NO)[A-Z]{2,3}[0-9]?)$',
    words: 'NO1, NO2, NO3, NO4 or NO5, or an area abroad such as SE3',
  },
  name: { pattern: namePattern, words: 'small letters, digits, dots, dashes and underscores, such as heat-pump' },
  username: { pattern: '^[A-Za-z0-9._-]+$', words: 'letters, digits, dots, dashes and underscores' },
  email: { pattern: '^[^@\\s]+@[^@\\s]+$', words: 'an e-mail address' },
} as const

const words = new Map<string, string>(Object.values(textForms).map((form) => [form.pattern, form.words]))

/** What must be typed where a pattern does not fit, after "must". */
export function expectedOf(pattern: string): string {
  const known = words.get(pattern)
  return known === undefined ? `fit ${pattern}` : `be ${known}`
}
