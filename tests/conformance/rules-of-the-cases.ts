/** What its cases show: the mapping of answers to readings. */
import { fieldOf, parseTime } from '@nabolag/core'
import fc from 'fast-check'
import { Check } from 'typebox/value'
import { missing, none, notAsked, ok, type Rule, readingsOf, type Subject } from './subject.ts'

const allReadings = (subject: Subject) => subject.cases.flatMap(({ answer }) => readingsOf(subject, answer))
const groupOf = (subject: Subject, reading: { group?: string }) => reading.group ?? subject.integration.group

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) frozen(inner)
    Object.freeze(value)
  }
  return value
}

export const caseRules: readonly Rule[] = [
  {
    id: 'cases',
    level: 'bronze',
    says: 'At least three cases give what is expected of them',
    check: (subject) => {
      const wrong = subject.cases.filter(
        ({ answer, expected }) =>
          JSON.stringify(sorted(readingsOf(subject, answer))) !== JSON.stringify(sorted(expected)),
      )
      return subject.cases.length < 3
        ? missing(`${3 - subject.cases.length} more cases`)
        : none(wrong.map(({ name }) => name))
    },
  },
  {
    id: 'known-fields',
    level: 'bronze',
    says: 'Every field is in the table of its group',
    check: (subject) =>
      none(
        allReadings(subject).flatMap((reading) =>
          Object.keys(reading.fields)
            .filter((field) => !fieldOf(groupOf(subject, reading), field))
            .map((field) => `${groupOf(subject, reading)}.${field} in the table`),
        ),
      ),
  },
  {
    id: 'in-bounds',
    level: 'silver',
    says: 'Every value of its cases is within the bounds of its field and of the right type',
    check: (subject) =>
      none(
        allReadings(subject).flatMap((reading) =>
          Object.entries(reading.fields).flatMap(([name, value]) => {
            const field = fieldOf(groupOf(subject, reading), name)
            if (!field || value === undefined || value === null) return []
            if (typeof value !== (field.type === 'text' ? 'string' : field.type))
              return [`${name} is not a ${field.type}`]
            const outside =
              typeof value === 'number' && (value < (field.min ?? -Infinity) || value > (field.max ?? Infinity))
            return outside ? [`${name} ${value} is out of bounds`] : []
          }),
        ),
      ),
  },
  {
    id: 'pure',
    level: 'silver',
    says: 'Its mapping is pure: same answer, same readings, and the answer is left as it was',
    check: (subject) =>
      none(
        subject.cases.flatMap(({ name, answer }) => {
          const copy = frozen(structuredClone(answer))
          try {
            const [first, second] = [readingsOf(subject, copy), readingsOf(subject, copy)]
            return JSON.stringify(first) === JSON.stringify(second) ? [] : [`${name} gives two results`]
          } catch {
            return [`${name}: the answer is changed`]
          }
        }),
      ),
  },
  {
    id: 'odd-answers',
    level: 'silver',
    says: 'An answer with odd values is refused by its schema or gives finite values: it never breaks',
    check: oddAnswers,
  },
  {
    id: 'every-field',
    level: 'gold',
    says: 'Every field that it can give is in a case',
    check: (subject) => {
      if (!subject.live) return notAsked
      const inCases = new Set(
        allReadings(subject).flatMap((r) => Object.keys(r.fields).map((f) => `${groupOf(subject, r)}.${f}`)),
      )
      return none(subject.live.fields.filter((field) => !inCases.has(field)).map((field) => `a case with ${field}`))
    },
  },
  {
    id: 'six-cases',
    level: 'gold',
    says: 'At least six cases, one of them with nothing measured',
    check: (subject) => {
      if (subject.cases.length < 6) return missing(`${6 - subject.cases.length} more cases`)
      return subject.cases.some(({ expected }) => expected.length === 0 || JSON.stringify(expected).length < 3)
        ? ok
        : missing('a case where nothing was measured')
    },
  },
  {
    id: 'known-times',
    level: 'gold',
    says: 'Every reading states its time with its zone',
    check: (subject) =>
      none(
        allReadings(subject).flatMap(({ time, issued }) =>
          [time, ...(issued === undefined ? [] : [issued])]
            .filter((text) => parseTime(text) === undefined || !/(?:Z|[+-]\d\d:?\d\d)$/.test(text))
            .map((text) => `${text} has no zone`),
        ),
      ),
  },
  {
    id: 'ten-cases',
    level: 'platinum',
    says: 'At least ten cases, each named for what it shows',
    check: ({ cases }) => {
      const unnamed = cases
        .filter(({ name }) => name.length < 8 || /^case/.test(name))
        .map(({ name }) => `a name for ${name}`)
      return cases.length < 10 ? missing(`${10 - cases.length} more cases`) : none(unnamed)
    },
  },
]

/** Order of keys is no difference. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}

function oddAnswers(subject: Subject) {
  const { integration } = subject
  const answers = subject.cases.map(({ answer }) => answer)
  if (answers.length === 0) return missing('a case')
  const odd = fc.constantFrom<unknown>(null, 0, -1, 1e300, '', 'brand_new', true, [], {}, [null], undefined)
  let wrong: string | undefined
  fc.check(
    fc.property(
      fc.constantFrom(...answers),
      fc.array(fc.tuple(fc.nat(), odd), { minLength: 1, maxLength: 3 }),
      (valid, changes) => {
        let answer = valid
        for (const [nth, to] of changes) answer = changeOne(answer, nth, to)
        if (!Check(integration.status, answer)) return
        try {
          for (const { fields } of integration.samples(answer as never, {} as never))
            for (const [name, value] of Object.entries(fields))
              if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`${name} is ${value}`)
        } catch (error) {
          wrong ??= error instanceof Error ? `${error.name}: ${error.message.slice(0, 80)}` : 'it throws'
          throw error
        }
      },
    ),
    { numRuns: 400 },
  )
  return wrong === undefined ? ok : missing(`an answer that it survives (${wrong})`)
}

/** The nth leaf of a document replaced. */
function changeOne(value: unknown, nth: number, to: unknown): unknown {
  const copy = structuredClone(value)
  const leaves: { in: Record<string, unknown>; key: string }[] = []
  const walk = (inner: unknown) => {
    if (typeof inner !== 'object' || inner === null) return
    for (const key of Object.keys(inner)) {
      leaves.push({ in: inner as Record<string, unknown>, key })
      walk((inner as Record<string, unknown>)[key])
    }
  }
  walk(copy)
  const leaf = leaves[nth % Math.max(1, leaves.length)]
  if (leaf) {
    if (to !== undefined) leaf.in[leaf.key] = to
    // JSON knows no holes in a list.
    else if (Array.isArray(leaf.in)) leaf.in.splice(Number(leaf.key), 1)
    else delete leaf.in[leaf.key]
  }
  return copy
}
