/** What can be seen in an integration's folder: its definition, its sources and its page. */
import { capabilities, groups, isName, verbOf } from '@nabolag/core'
import { millis, readCredentials, requiredFields } from '@nabolag/integrations'
import { Check } from 'typebox/value'
import { missing, none, notAsked, ok, type Rule, type Subject } from './subject.ts'

const schemaOf = ({ integration }: Subject) =>
  Object.entries(integration.credentials.properties) as [
    string,
    { title?: string; secret?: boolean; description?: string },
  ][]

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
]

const verbsOf = (commands: NonNullable<Subject['integration']['commands']>): [string, string][] =>
  Object.entries(commands).flatMap(([capability, verbs]) =>
    Object.entries(verbs ?? {}).flatMap(([verb, run]) => (run ? [[capability, verb] as [string, string]] : [])),
  )
