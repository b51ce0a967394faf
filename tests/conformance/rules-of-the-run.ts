/** What is seen when the integration runs against its simulator, with each fault of the menu. */
import { fieldOf, groupOf, verbOf } from '@nabolag/core'
import { millis } from '@nabolag/integrations'
import { missing, none, notAsked, ok, type Rule, type Subject, type Verdict } from './subject.ts'
import type { Met } from './trials.ts'

const defaultPause = '5 min' as const
/** As `live.ts` runs them. */
const tempo = 0.02

const run =
  (check: (live: NonNullable<Subject['live']>, subject: Subject) => Verdict): Rule['check'] =>
  (subject) =>
    subject.live ? check(subject.live, subject) : missing('a simulator with an account, to be run with')

/** A fault that the simulator must be able to carry out, and how the device must take it. */
const under = (name: string, good: (met: Met, subject: Subject) => string | undefined, must = true): Rule['check'] =>
  run(({ met }, subject) => {
    const one = met[name as keyof typeof met]
    if (!one?.struck) {
      const instead =
        one && one.state !== 'running' ? ` (it was ${one.state} instead: ${one.reason || 'no reason'})` : ''
      return must ? missing(`a simulator that can be ${name}${instead}`) : notAsked
    }
    const wrong = good(one, subject)
    if (wrong) return missing(`${wrong} (${one.state}: ${one.reason || 'no reason'})`)
    return one.back ? ok : missing('coming back after it')
  })

const inState =
  (...states: Met['state'][]) =>
  (met: Met) =>
    states.includes(met.state) ? (met.reason === '' ? 'a reason' : undefined) : `the state ${states.join(' or ')}`

/** A stream goes on without the messages that cannot be read; what is asked for backs off. */
const unreadable = (met: Met, { integration }: Subject): string | undefined =>
  inState('backing-off', 'stale', ...(integration.listen ? (['starting', 'running'] as const) : []))(met)

/** What is null or gone must not go out as a number: no value is zero that was not so before. */
function inventedZeros({ samples }: Met, { live }: Subject): string | undefined {
  const usual = new Map<string, number>()
  for (const { group, fields } of live?.samples ?? [])
    for (const [field, value] of Object.entries(fields)) if (value === 0) usual.set(`${group}.${field}`, 1)
  for (const { group, fields } of samples)
    for (const [field, value] of Object.entries(fields))
      if (value === 0 && !usual.has(`${group}.${field}`)) return `no zero for ${field} that was not measured`
  return undefined
}

const isMqtt = ({ integration }: Subject) => integration.base.startsWith('mqtt')

export const runRules: readonly Rule[] = [
  {
    id: 'first-sample',
    level: 'bronze',
    says: 'It logs from its simulator, in a real connector',
    check: run(({ samples }) => (samples.length > 0 ? ok : missing('a first sample'))),
  },
  {
    id: 'refused',
    level: 'silver',
    says: 'Refused credentials stop it, and the owner is told',
    check: under('refused', inState('refused')),
  },
  {
    id: 're-authentication',
    level: 'gold',
    says: 'Credentials typed again get it going at once, on the same series',
    check: under('refused', ({ back }) => (back ? undefined : 'to go on with credentials typed again')),
  },
  {
    id: 'throttled',
    level: 'silver',
    says: 'It waits as long as the vendor says',
    check: (subject) =>
      under(
        'throttled',
        // A broker has no word for it but "not now", and no time.
        (met) =>
          isMqtt(subject)
            ? inState('throttled', 'backing-off')(met)
            : (inState('throttled')(met) ?? (met.waits > 500 ? undefined : 'to wait as long as it was told')),
        !isMqtt(subject),
      )(subject),
  },
  {
    id: 'throttled-without-time',
    level: 'silver',
    says: 'It makes a pause of its own when the vendor says no time',
    check: (subject) =>
      under(
        'throttled-without-time',
        (met) =>
          isMqtt(subject)
            ? inState('throttled', 'backing-off')(met)
            : (inState('throttled')(met) ??
              (met.waits > (millis(subject.integration.limits?.pause ?? defaultPause) * tempo) / 4
                ? undefined
                : 'a pause')),
        !isMqtt(subject),
      )(subject),
  },
  {
    id: 'outage',
    level: 'silver',
    says: 'An outage is waited out',
    check: under('outage', inState('backing-off', 'stale')),
  },
  {
    id: 'web-page',
    level: 'silver',
    says: 'A web page in place of an answer is an outage, never a refusal',
    check: (subject) => under('html', inState('backing-off'), !isMqtt(subject))(subject),
  },
  {
    id: 'cut-off',
    level: 'silver',
    says: 'A connection that is cut is opened again',
    check: under('reset', inState('backing-off', 'stale')),
  },
  {
    id: 'mute',
    level: 'silver',
    says: 'A vendor that says nothing is given up',
    check: under('mute', inState('backing-off', 'stale')),
  },
  {
    id: 'half-an-answer',
    level: 'silver',
    says: 'Half an answer is told and not used',
    check: (subject) => under('half', unreadable, !isMqtt(subject))(subject),
  },
  {
    id: 'changed-shape',
    level: 'silver',
    says: 'An answer of another shape is told and gives no sample',
    check: under(
      'changed',
      (met, subject) => unreadable(met, subject) ?? (met.samples.length > 0 ? 'no sample of it' : undefined),
    ),
  },
  { id: 'nulls', level: 'gold', says: 'Null is not zero', check: under('nulls', inventedZeros) },
  { id: 'missing-fields', level: 'gold', says: 'What is left out is not zero', check: under('missing', inventedZeros) },
  {
    id: 'duplicates',
    level: 'gold',
    says: 'Points that come twice are one sample',
    check: under(
      'duplicate',
      ({ samples }) => {
        const keys = samples.map(({ group, location, time, issued, tags, fields }) =>
          JSON.stringify([group, location, time, issued, tags, fields]),
        )
        return new Set(keys).size === keys.length ? undefined : 'each point only once'
      },
      false,
    ),
  },
  {
    id: 'late-points',
    level: 'gold',
    says: 'A late point keeps its own time',
    check: under(
      'late',
      ({ samples }) => {
        const now = Date.now() * 1000
        return samples.length === 0 || samples.some(({ group, time }) => groupOf(group)?.forecast || time < now - 200e6)
          ? undefined
          : 'the time of measurement'
      },
      false,
    ),
  },
  {
    id: 'clock-change',
    level: 'gold',
    says: 'A day of 23 or 25 hours has each moment once',
    check: under(
      'dst',
      ({ samples }) => {
        const seen = new Set<string>()
        for (const { group, location, time, issued, tags, fields } of samples)
          for (const field of Object.keys(fields)) {
            const key = JSON.stringify([group, location, time, issued, tags, field])
            if (seen.has(key)) return `${field} once at each time`
            seen.add(key)
          }
        return undefined
      },
      false,
    ),
  },
  {
    id: 'units',
    level: 'silver',
    says: 'What it logs is within the bounds of its fields',
    check: run(({ samples }) =>
      none(
        samples.flatMap(({ group, fields }) =>
          Object.entries(fields).flatMap(([name, value]) => {
            const field = fieldOf(group, name)
            if (!field) return [`${group}.${name} in the table`]
            return typeof value === 'number' && (value < (field.min ?? -Infinity) || value > (field.max ?? Infinity))
              ? [`${name} ${value} is out of bounds`]
              : []
          }),
        ),
      ),
    ),
  },
  {
    id: 'budget',
    level: 'gold',
    says: 'However often it is started again, its calls stay within the limit it states',
    check: run(({ budget }) => {
      if (!budget) return notAsked
      return budget.calls <= budget.allowed ? ok : missing(`${budget.calls} calls where ${budget.allowed} are allowed`)
    }),
  },
  {
    id: 'no-secret',
    level: 'gold',
    says: 'No secret stands in a state, a log line or a message, whatever went wrong',
    check: run(({ leaks }) => none(leaks.map((name) => `${name} kept secret`))),
  },
  {
    id: 'places',
    level: 'gold',
    says: 'Several things of one account are told apart by the lasting id that the vendor gives them',
    check: run(({ samples }, subject) => {
      const locations = new Set(
        samples.filter(({ group }) => !groupOf(group)?.forecast).map(({ location }) => location),
      )
      if (locations.size < 2) return notAsked
      const places = subject.cases.flatMap(({ expected }) => expected.map(({ place }) => place))
      return places.some((place) => place !== undefined) ? ok : missing('place in its readings')
    }),
  },
  {
    id: 'commands-confirmed',
    level: 'gold',
    says: 'Every command is carried out by its simulator, and a later reading confirms it',
    check: run(({ commands }, { integration }) =>
      integration.commands
        ? none(
            Object.entries(commands)
              .filter(([verb, { state }]) => !wanted(verb).includes(state))
              .map(([verb, { state, reason }]) => `${verb} (${state}: ${reason})`)
              .concat(Object.keys(commands).length === 0 ? ['a command that was tried'] : []),
          )
        : notAsked,
    ),
  },
  {
    id: 'commands-refused',
    level: 'gold',
    says: "A command that the vendor will not have is refused, in the vendor's words",
    check: run(({ refusedCommands }, { integration }) => {
      if (!integration.commands || isMqttOf(integration.base)) return notAsked
      return none(
        Object.entries(refusedCommands)
          .filter(([, { state, reason }]) => (state !== 'refused' && state !== 'failed') || reason === '')
          .map(([verb, { state }]) => `${verb} refused (${state})`)
          .concat(Object.keys(refusedCommands).length === 0 ? ['a refusal by its simulator'] : []),
      )
    }),
  },
]

/** A reading must confirm it where one can. */
const wanted = (name: string): readonly string[] => {
  const [capability = '', verb = ''] = name.split('.')
  return verbOf(capability, verb)?.confirmedBy ? ['confirmed'] : ['applied', 'sent', 'confirmed']
}

const isMqttOf = (base: string) => base.startsWith('mqtt')
