/** What can be seen without running the integration against anything. */
import { capabilities, fieldOf, groups, isName, parseTime, verbOf } from '@nabolag/core'
import { millis, readCredentials, requiredFields } from '@nabolag/integrations'
import fc from 'fast-check'
import { Check } from 'typebox/value'
import { missing, none, notAsked, ok, type Rule, readingsOf, type Subject } from './subject.ts'

const schemaOf = ({ integration }: Subject) =>
  Object.entries(integration.credentials.properties) as [
    string,
    { title?: string; secret?: boolean; description?: string },
  ][]

const allReadings = (subject: Subject) => subject.cases.flatMap(({ answer }) => readingsOf(subject, answer))
const groupOf = (subject: Subject, reading: { group?: string }) => reading.group ?? subject.integration.group

/** What the host owns: an integration that reaches for it cannot be replayed, limited or stopped. */
const forbidden: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\b|\bnew Date\(\)/, 'reads a clock'],
  [/\bset(?:Timeout|Interval|Immediate)\b/, 'sets a timer'],
  [/\bprocess\.|\bimport\.meta\.env/, 'reads the environment'],
  [/\bconsole\./, 'writes a log'],
  [/(?<![.\w])fetch\(\s*['"`]https?:/, 'asks past the host'],
  [/from 'node:(?!crypto)/, 'imports from the system'],
  [/\bMath\.random\b/, 'rolls dice'],
]

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) frozen(inner)
    Object.freeze(value)
  }
  return value
}

const secretName = /key|token|password|secret|pin/i

export const folderRules: readonly Rule[] = [
  {
    id: 'name',
    level: 'bronze',
    says: 'Its name can stand in a topic and is the name of its folder',
    check: ({ integration, sources }) =>
      isName(integration.name) && Object.keys(sources).includes('index.ts')
        ? ok
        : missing('a folder of that name with index.ts'),
  },
  {
    id: 'label',
    level: 'bronze',
    says: 'It has a label for people and a vendor',
    check: ({ integration: { label, vendor } }) =>
      label.length >= 3 && /^[a-z][a-z0-9-]*$/.test(vendor) ? ok : missing('label or vendor'),
  },
  {
    id: 'group',
    level: 'bronze',
    says: 'Its measurement group is in the table',
    check: ({ integration }) =>
      Object.hasOwn(groups, integration.group) ? ok : missing(`the group ${integration.group}`),
  },
  {
    id: 'safe-address',
    level: 'bronze',
    says: 'Its vendor is reached over TLS',
    check: ({ integration: { base, also = [] } }) =>
      none(
        [base, ...also].filter((address) => !/^(?:https|mqtts|wss):/.test(address)).map((a) => `${a} is not over TLS`),
      ),
  },
  {
    id: 'readme',
    level: 'bronze',
    says: "A page tells the vendor's quirks",
    check: ({ readme }) => (readme.length > 400 ? ok : missing('README.md with more than a few words')),
  },
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
    id: 'credentials-titles',
    level: 'bronze',
    says: 'Everything the owner types has a title',
    check: (subject) =>
      none(
        schemaOf(subject)
          .filter(([, { title }]) => !title)
          .map(([name]) => `a title for ${name}`),
      ),
  },
  {
    id: 'secrets',
    level: 'bronze',
    says: 'What is secret is marked so',
    check: (subject) =>
      none(
        schemaOf(subject)
          .filter(([name, { secret }]) => secretName.test(name) && !secret)
          .map(([name]) => `${name} as secret`),
      ),
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
    id: 'nothing-of-the-host',
    level: 'bronze',
    says: 'It has no clock, timer, log, environment or connection of its own',
    check: ({ sources }) =>
      none(
        Object.entries(sources).flatMap(([file, text]) =>
          forbidden.filter(([pattern]) => pattern.test(text)).map(([, what]) => `${file} ${what}`),
        ),
      ),
  },
  {
    id: 'interval',
    level: 'silver',
    says: 'It asks no more often than every 10 s, and knows when it is stale',
    check: ({ integration: { sampling, listen } }) => {
      const every = millis(sampling.every)
      const stale = sampling.staleAfter === undefined ? 3 * every : millis(sampling.staleAfter)
      if (!listen && every < 10_000) return missing('a longer interval')
      return stale >= every && stale <= 7 * 24 * 3_600_000 ? ok : missing('a sensible staleAfter')
    },
  },
  {
    id: 'limits',
    level: 'silver',
    says: "The vendor's limits are stated: calls or streams, and a pause when it says no time",
    check: ({ integration: { limits, base } }) =>
      (limits?.calls || limits?.callsTogether || limits?.streams || /^mqtt/.test(base)) && limits?.pause
        ? ok
        : missing('limits.calls (or streams) and limits.pause'),
  },
  {
    id: 'account',
    level: 'silver',
    says: "The vendor's account is known, so that limits hold over houses",
    check: (subject) =>
      schemaOf(subject).some(([, { secret }]) => secret) && !subject.integration.account ? missing('account()') : ok,
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
    id: 'credentials-checked',
    level: 'silver',
    says: 'Credentials of the wrong form are refused by field, and what its simulator takes fits',
    check: ({ integration, credentials }) => {
      if (!credentials) return missing('a simulator with an account of it')
      const checked = readCredentials(integration, credentials)
      const empty = readCredentials(integration, {})
      if (!checked.ok) return missing('an account at its simulator that fits the schema')
      return requiredFields(integration).length === 0 || !empty.ok ? ok : missing('required fields that are asked for')
    },
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
    id: 'readme-for-owners',
    level: 'gold',
    says: 'The page says what the owner types, field by field',
    check: (subject) =>
      none(
        schemaOf(subject)
          .filter(
            ([name, { title }]) =>
              !subject.readme.includes(name) && !(title && subject.readme.toLowerCase().includes(title.toLowerCase())),
          )
          .map(([name]) => `${name} in README.md`),
      ),
  },
  {
    id: 'readme-of-commands',
    level: 'gold',
    says: 'The page names every command',
    check: ({ integration: { commands }, readme }) =>
      commands
        ? none(
            verbsOf(commands)
              .filter(([, verb]) => !readme.includes(verb))
              .map(([, verb]) => `${verb} in README.md`),
          )
        : notAsked,
  },
  {
    id: 'commands-in-the-table',
    level: 'gold',
    says: 'Every command is a verb of its capability, and its actuators are found in a case with bounds',
    check: (subject) => {
      const { commands, actuators } = subject.integration
      if (!commands) return notAsked
      if (!actuators) return missing('actuators()')
      const verbs = verbsOf(commands)
      const found = subject.cases.flatMap(({ answer }) =>
        Check(subject.integration.status, answer) ? actuators(answer as never, {} as never) : [],
      )
      const offered = new Set(
        found.flatMap(({ capability, verbs }) => Object.keys(verbs).map((verb) => `${capability}.${verb}`)),
      )
      return none([
        ...verbs.filter(([c, v]) => !verbOf(c, v)).map(([c, v]) => `${c}.${v} in the table`),
        ...verbs.filter(([c, v]) => !offered.has(`${c}.${v}`)).map(([c, v]) => `an actuator with ${c}.${v} in a case`),
        ...[...offered]
          .filter((one) => !verbs.some(([c, v]) => `${c}.${v}` === one))
          .map((one) => `${one} is offered and cannot be done`),
      ])
    },
  },
  {
    id: 'many-verbs',
    level: 'platinum',
    says: 'An actuator knows every verb of its capability',
    check: ({ integration: { commands } }) =>
      commands
        ? none(
            Object.entries(commands).flatMap(([capability, verbs]) =>
              Object.keys(capabilities[capability as keyof typeof capabilities].verbs)
                .filter((verb) => !verbs?.[verb])
                .map((verb) => `${capability}.${verb}`),
            ),
          )
        : notAsked,
  },
  {
    id: 'strict-types',
    level: 'gold',
    says: 'Its source has no any, no ignored check and no unknown answer',
    check: ({ sources, integration }) =>
      none([
        ...Object.entries(sources)
          .filter(([, text]) => /\bas any\b|: any\b|<any>|@ts-(?:ignore|expect-error|nocheck)|biome-ignore/.test(text))
          .map(([file]) => `${file} goes round the types`),
        ...(Check(integration.status, { of: 'some other shape' }) &&
        Check(integration.status, [{ of: 'some other shape' }])
          ? ['a status schema that refuses anything']
          : []),
      ]),
  },
  {
    id: 'short-files',
    level: 'gold',
    says: 'No file of it is longer than 300 lines',
    check: ({ sources }) =>
      none(
        Object.entries(sources)
          .filter(([, text]) => text.split('\n').length > 300)
          .map(([file]) => `${file} is long`),
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

const verbsOf = (commands: NonNullable<Subject['integration']['commands']>): [string, string][] =>
  Object.entries(commands).flatMap(([capability, verbs]) =>
    Object.entries(verbs ?? {}).flatMap(([verb, run]) => (run ? [[capability, verb] as [string, string]] : [])),
  )

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
