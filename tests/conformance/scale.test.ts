import { defineIntegration } from '@nabolag/integrations'
import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import { judge, rules } from './scale.ts'
import type { Subject } from './subject.ts'
import type { LiveReport, Met } from './trials.ts'

/** An integration without fault, and a run of it in which all went well. */
const integration = defineIntegration({
  name: 'perfect-heater',
  label: 'Perfect heater',
  vendor: 'perfect',
  group: 'heater',
  base: 'https://api.perfect.example',
  credentials: Type.Object({ token: Type.String({ title: 'Token', secret: true, minLength: 1 }) }),
  account: ({ token }) => token,
  status: Type.Object({
    heaters: Type.Array(
      Type.Object({
        id: Type.String(),
        at: Type.String(),
        celsius: Type.Union([Type.Number({ minimum: -50, maximum: 60 }), Type.Null()]),
      }),
    ),
  }),
  sampling: { every: '1 min' },
  limits: { calls: { count: 10, per: '1 min' }, pause: '1 min' },
  fetch: ({ http, credentials }) => http.get('/heaters', { bearer: credentials.token }),
  samples: ({ heaters }) =>
    heaters.flatMap(({ id, at, celsius }) =>
      celsius === null ? [] : [{ time: at, place: id, location: id, fields: { temperature: celsius } }],
    ),
  actuators: ({ heaters }) =>
    heaters.map(({ id }) => ({ capability: 'heater', location: id, verbs: { setTargetTemperature: {}, setOn: {} } })),
  commands: { heater: { setTargetTemperature: async () => 'applied', setOn: async () => 'applied' } },
})

const at = '2026-01-15T12:00:00Z'
const answer = { heaters: [{ id: 'hall', at, celsius: 20.5 }] }
const expected = [{ time: at, place: 'hall', location: 'hall', fields: { temperature: 20.5 } }]
const sample = (location: string, time = Date.parse(at) * 1000, temperature = 20.5) =>
  ({
    houseId: 1,
    group: 'heater',
    device: 'perfect-heater',
    count: 0,
    location,
    tags: {},
    issued: undefined,
    time,
    fields: { temperature },
  }) as const

const told = (state: Met['state'], more: Partial<Met> = {}): Met => ({
  struck: true,
  state,
  reason: 'It is told.',
  waits: 3000,
  samples: [],
  back: true,
  ...more,
})
const well = told('running', { reason: '', samples: [sample('hall', (Date.now() - 600_000) * 1000)] })
const live: LiveReport = {
  fields: ['heater.temperature'],
  samples: [sample('hall'), sample('bath')],
  met: {
    refused: told('refused'),
    throttled: told('throttled'),
    'throttled-without-time': told('throttled'),
    outage: told('backing-off'),
    html: told('backing-off'),
    reset: told('backing-off'),
    mute: told('backing-off'),
    half: told('backing-off'),
    changed: told('backing-off'),
    nulls: well,
    missing: well,
    duplicate: well,
    late: well,
    dst: well,
  },
  budget: { calls: 10, allowed: 10 },
  leaks: [],
  commands: {
    'heater.setTargetTemperature': { state: 'confirmed', reason: '' },
    'heater.setOn': { state: 'confirmed', reason: '' },
  },
  refusedCommands: {
    'heater.setTargetTemperature': { state: 'refused', reason: 'Perfect says no' },
    'heater.setOn': { state: 'refused', reason: 'Perfect says no' },
  },
}
const perfect: Subject = {
  integration,
  sources: { 'index.ts': 'export default defineIntegration({})\n' },
  readme: `# Perfect\n\nType the token (\`token\`). It can setTargetTemperature and setOn. ${'A quirk. '.repeat(50)}`,
  cases: [
    ...Array.from({ length: 10 }, (_, nth) => ({ name: `a-heater-in-the-hall-${nth}`, answer, expected })),
    { name: 'nothing-is-measured', answer: { heaters: [{ id: 'hall', at, celsius: null }] }, expected: [] },
  ],
  credentials: { token: 'sim-perfect' },
  live,
}

type Sabotage = (subject: Subject) => Subject
const its =
  (change: object): Sabotage =>
  (subject) => ({ ...subject, integration: { ...subject.integration, ...change } as Subject['integration'] })
const source =
  (text: string): Sabotage =>
  (subject) => ({ ...subject, sources: { 'index.ts': text } })
const run =
  (change: Partial<LiveReport>): Sabotage =>
  (subject) => ({ ...subject, live: { ...live, ...change } })
const under =
  (trial: keyof LiveReport['met'], met: Partial<Met>): Sabotage =>
  (subject) => ({
    ...subject,
    live: { ...live, met: { ...live.met, [trial]: { ...(live.met[trial] ?? well), ...met } } },
  })
const gives =
  (reading: object): Sabotage =>
  (subject) =>
    its({ samples: () => [{ time: at, place: 'hall', fields: { temperature: 20 }, ...reading }] })(subject)

/** How each rule is broken on purpose: a rule that cannot be broken says nothing. */
const sabotages: Readonly<Record<string, Sabotage>> = {
  name: its({ name: 'Not A Name' }),
  label: its({ label: '' }),
  group: its({ group: 'weather' }),
  'safe-address': its({ base: 'http://api.perfect.example' }),
  readme: (subject) => ({ ...subject, readme: 'short' }),
  cases: (subject) => ({ ...subject, cases: subject.cases.map((one) => ({ ...one, expected: [] })) }),
  'credentials-titles': its({ credentials: Type.Object({ token: Type.String({ secret: true }) }) }),
  secrets: its({ credentials: Type.Object({ token: Type.String({ title: 'Token' }) }) }),
  'known-fields': gives({ fields: { warmth: 3 } }),
  'nothing-of-the-host': source('const now = Date.now()'),
  interval: its({ sampling: { every: '1 s' } }),
  limits: its({ limits: undefined }),
  account: its({ account: undefined }),
  'in-bounds': gives({ fields: { temperature: 500 } }),
  pure: (() => {
    let calls = 0
    return gives({
      fields: {
        get temperature() {
          return ++calls
        },
      },
    })
  })(),
  'odd-answers': its({
    status: Type.Object({ heaters: Type.Unknown() }),
    samples: ({ heaters }: { heaters: { celsius: number }[] }) =>
      heaters.map(({ celsius }) => ({ time: at, fields: { temperature: celsius / 0 } })),
  }),
  'credentials-checked': (subject) => ({ ...subject, credentials: {} }),
  'every-field': run({ fields: ['heater.power'] }),
  'six-cases': (subject) => ({ ...subject, cases: subject.cases.slice(0, 5) }),
  'known-times': gives({ time: '2026-01-15T12:00:00' }),
  'readme-for-owners': (subject) => ({ ...subject, readme: 'Words. '.repeat(100) }),
  'readme-of-commands': (subject) => ({ ...subject, readme: `token ${'Words. '.repeat(100)}` }),
  'commands-in-the-table': its({ actuators: () => [] }),
  'many-verbs': its({ commands: { heater: { setOn: async () => 'applied' } } }),
  'strict-types': source('const x = y as any'),
  'short-files': source('\n'.repeat(301)),
  'ten-cases': (subject) => ({ ...subject, cases: subject.cases.slice(0, 9) }),
  'first-sample': run({ samples: [] }),
  refused: under('refused', { state: 'backing-off' }),
  're-authentication': under('refused', { back: false }),
  throttled: under('throttled', { waits: 0 }),
  'throttled-without-time': under('throttled-without-time', { waits: 10 }),
  outage: under('outage', { back: false }),
  'web-page': under('html', { state: 'refused' }),
  'cut-off': under('reset', { reason: '' }),
  mute: under('mute', { state: 'running' }),
  'half-an-answer': under('half', { struck: false }),
  'changed-shape': under('changed', { samples: [sample('hall')] }),
  nulls: under('nulls', { samples: [sample('hall', 0, 0)] }),
  'missing-fields': under('missing', { samples: [sample('hall', 0, 0)] }),
  duplicates: under('duplicate', { samples: [sample('hall'), sample('hall')] }),
  'late-points': under('late', { samples: [sample('hall', Date.now() * 1000)] }),
  'clock-change': under('dst', { samples: [sample('hall', 5, 20), sample('hall', 5, 21)] }),
  units: run({ samples: [sample('hall', 5, 400)] }),
  budget: run({ budget: { calls: 11, allowed: 10 } }),
  'no-secret': run({ leaks: ['token'] }),
  places: (subject) => ({
    ...subject,
    cases: subject.cases.map((one) => ({ ...one, expected: one.expected.map(({ place, ...rest }) => rest) })),
  }),
  'commands-confirmed': run({ commands: { 'heater.setOn': { state: 'applied', reason: '' } } }),
  'commands-refused': run({ refusedCommands: { 'heater.setOn': { state: 'confirmed', reason: '' } } }),
}

const verdictOf = (id: string, subject: Subject) => rules.find((rule) => rule.id === id)?.check(subject)

describe(`${rules.length} rules of the quality scale`, () => {
  test('an integration without fault is platinum', () => {
    expect(judge(perfect).missing).toEqual([])
    expect(judge(perfect)).toMatchObject({ level: 'platinum', kept: rules.length, notAsked: 0 })
  })

  test('every rule has its sabotage, and every sabotage its rule', () => {
    expect(Object.keys(sabotages).sort()).toEqual(rules.map(({ id }) => id).sort())
    expect(rules.length).toBeGreaterThanOrEqual(40)
  })

  test.each(Object.entries(sabotages))('%s notices when it is broken', (id, sabotage) => {
    expect(verdictOf(id, perfect)).toEqual({ ok: true })
    expect(verdictOf(id, sabotage(perfect))).toMatchObject({ ok: false })
    expect(judge(sabotage(perfect)).missing.map(({ rule }) => rule)).toContain(id)
  })

  test('a broken rule of silver leaves bronze, of bronze nothing', () => {
    expect(judge(under('refused', { state: 'backing-off' })(perfect)).level).toBe('bronze')
    expect(judge(its({ label: '' })(perfect)).level).toBe('none')
  })
})
