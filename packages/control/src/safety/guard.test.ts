import { expect, test } from 'vitest'
import type { Wanted } from '../controls/index.ts'
import { type GuardView, guard, type Limits, type Move, roomLimits } from './index.ts'

const minute = 60_000
const hour = 3_600_000
const now = Date.parse('2024-01-15T10:00:00Z')
const room = (value: number | null, minutes = 1) => [{ at: now - minutes * minute, value }]
const usual: GuardView = { now, mode: 'control', readings: room(20.5), held: { temperature: 20, on: true } }
const moved = (minutes: number, set: Move['set'] = { temperature: 20 }, kind: Move['kind'] = 'command'): Move => ({
  at: now - minutes * minute,
  set,
  kind,
})
const limits: Limits = { ...roomLimits, movesPerDay: 4 }
const set = (temperature: number) => ({ temperature })

test.each([
  {
    name: 'lets a change through',
    decided: set(21),
    view: {},
    history: [],
    does: { outcome: 'command', command: set(21) },
  },
  {
    name: 'sends only what changes',
    decided: { temperature: 21, on: true },
    view: {},
    history: [],
    does: { command: set(21) },
  },
  {
    name: 'sends nothing when nothing changes',
    decided: set(20),
    view: {},
    history: [],
    does: { outcome: 'none', code: 'no-change' },
  },
  {
    name: 'sends nothing when nothing was decided',
    decided: undefined,
    view: {},
    history: [],
    does: { outcome: 'none', code: 'nothing-decided' },
  },
  { name: 'clips to the highest', decided: set(40), view: {}, history: [], does: { command: set(26) } },
  { name: 'clips to the lowest', decided: set(-40), view: {}, history: [], does: { command: set(10) } },
  { name: 'rounds to a step', decided: set(21.4), view: {}, history: [], does: { command: set(21) } },
  {
    name: 'drops NaN',
    decided: set(Number.NaN),
    view: {},
    history: [],
    does: { outcome: 'none', code: 'nothing-usable' },
  },
  {
    name: 'drops the infinite',
    decided: set(Number.POSITIVE_INFINITY),
    view: {},
    history: [],
    does: { code: 'nothing-usable' },
  },
  {
    name: 'drops what has no bound',
    decided: { swing: 'wide' },
    view: {},
    history: [],
    does: { code: 'nothing-usable' },
  },
  {
    name: 'drops a word that is not allowed',
    decided: { on: 'maybe', temperature: 21 },
    view: {},
    history: [],
    does: { command: set(21) },
  },
  {
    name: 'only observes',
    decided: set(21),
    view: { mode: 'observe' },
    history: [],
    does: { outcome: 'none', would: set(21), code: 'observing' },
  },
  {
    name: 'only advises',
    decided: set(21),
    view: { mode: 'advise' },
    history: [],
    does: { outcome: 'none', would: set(21), code: 'advising' },
  },
  {
    name: 'keeps a pause',
    decided: set(21),
    view: { pausedUntil: now + hour },
    history: [],
    does: { outcome: 'none', code: 'paused' },
  },
  {
    name: 'goes on after a pause',
    decided: set(21),
    view: { pausedUntil: now },
    history: [],
    does: { outcome: 'command' },
  },
  {
    name: 'holds on a stale reading',
    decided: set(21),
    view: { readings: room(20, 40) },
    history: [moved(20)],
    does: { outcome: 'none', code: 'unusable' },
  },
  {
    name: 'holds on NaN',
    decided: set(21),
    view: { readings: room(Number.NaN) },
    history: [],
    does: { outcome: 'none', code: 'unusable' },
  },
  {
    name: 'holds without readings',
    decided: set(21),
    view: { readings: [] },
    history: [],
    does: { outcome: 'none', code: 'unusable' },
  },
  {
    name: 'waits after a change',
    decided: set(21),
    view: {},
    history: [moved(9)],
    does: { outcome: 'none', code: 'too-soon', would: set(21) },
  },
  {
    name: 'goes on after the least time',
    decided: set(21),
    view: {},
    history: [moved(10)],
    does: { outcome: 'command' },
  },
  {
    name: 'stops at the changes of a day',
    decided: set(21),
    view: {},
    history: [60, 120, 180, 1439].map((m) => moved(m)),
    does: { outcome: 'none', code: 'too-many' },
  },
  {
    name: 'counts 24 hours back',
    decided: set(21),
    view: {},
    history: [60, 120, 180, 1441].map((m) => moved(m)),
    does: { outcome: 'command' },
  },
  {
    name: 'does not count what was lost on its way',
    decided: set(21),
    view: {},
    history: [60, 120, 180, 240, 300].map((m) => moved(m, {})),
    does: { outcome: 'command' },
  },
  {
    name: 'waits after it all the same',
    decided: set(21),
    view: {},
    history: [moved(9, {})],
    does: { outcome: 'none', code: 'too-soon' },
  },
  {
    name: 'counts moves ahead of a clock that went back',
    decided: set(21),
    view: {},
    history: [moved(-30)],
    does: { code: 'too-soon' },
  },
  {
    name: 'but not those of another year',
    decided: set(21),
    view: {},
    history: [moved(-500_000)],
    does: { outcome: 'command' },
  },
  {
    name: 'warms near frost though a pause is on and the day is used up',
    decided: set(10),
    view: { readings: room(8.5), held: { temperature: 10, on: true }, pausedUntil: now + hour },
    history: [1, 2, 3, 4].map((m) => moved(m)),
    does: { outcome: 'safety', command: set(12), code: 'frost' },
  },
  {
    name: 'switches on near frost',
    decided: { on: false },
    view: { readings: room(8.5), held: { temperature: 21, on: false } },
    history: [],
    does: { outcome: 'safety', command: { on: true } },
  },
  {
    name: 'and when nothing was decided',
    decided: undefined,
    view: { readings: room(4), held: { temperature: 10 } },
    history: [],
    does: { outcome: 'safety', command: { temperature: 12, on: true } },
  },
  {
    name: 'keeps a wish that is warmer anyway',
    decided: set(21),
    view: { readings: room(8.5), held: { temperature: 10, on: true } },
    history: [],
    does: { outcome: 'command', command: set(21), code: 'frost' },
  },
  {
    name: 'takes the least that safety asks when the wish has to wait',
    decided: set(21),
    view: { readings: room(8.5), held: { temperature: 10, on: true } },
    history: [moved(5)],
    does: { outcome: 'safety', command: set(12), code: 'frost' },
  },
  {
    name: 'does not let go of warmth near frost',
    decided: { temperature: 10, on: false },
    view: { readings: room(8.5), held: { temperature: 20, on: true } },
    history: [],
    does: { outcome: 'none', code: 'frost' },
  },
  {
    name: 'leaves it where enough is done',
    decided: set(21),
    view: { readings: room(8.5), held: { temperature: 20, on: true } },
    history: [],
    does: { outcome: 'command', command: set(21) },
  },
  {
    name: 'does not flood with safety',
    decided: set(10),
    view: { readings: room(8.5), held: { temperature: 10 } },
    history: [moved(5, set(12), 'safety')],
    does: { outcome: 'none', would: { temperature: 12, on: true }, code: 'frost' },
  },
  {
    name: 'only tells of frost while it observes',
    decided: set(10),
    view: { mode: 'observe', readings: room(8.5), held: { temperature: 10, on: true } },
    history: [],
    does: { outcome: 'none', would: set(12), code: 'frost' },
  },
  {
    name: 'tells near frost of the wish that control would have sent',
    decided: set(21),
    view: { mode: 'advise', readings: room(8.5), held: { temperature: 10, on: true } },
    history: [],
    does: { outcome: 'none', would: set(21), code: 'frost' },
  },
  {
    name: 'lowers in great heat',
    decided: set(24),
    view: { readings: room(29), held: { temperature: 24, on: true } },
    history: [moved(1)],
    does: { outcome: 'safety', command: set(16), code: 'heat' },
  },
  {
    name: 'releases when readings stay away',
    decided: undefined,
    view: { readings: room(20, 91), held: set(16) },
    history: [moved(120, set(16))],
    does: { outcome: 'release', command: set(20), code: 'unusable' },
  },
  {
    name: 'once',
    decided: undefined,
    view: { readings: room(20, 91), held: set(16) },
    history: [moved(120, set(16)), moved(20, set(20), 'release')],
    does: { outcome: 'none' },
  },
  {
    name: 'once more when it was lost on its way, after the least time between two',
    decided: undefined,
    view: { readings: room(20, 91), held: set(16) },
    history: [moved(120, set(16)), moved(20, {}, 'release')],
    does: { outcome: 'release', command: set(20) },
  },
  {
    name: 'releases when a thermometer does nothing but jump, as nothing of it is believed',
    decided: undefined,
    view: {
      readings: [room(20, 100)[0]!, ...Array.from({ length: 12 }, (_, n) => room(n % 2 ? 26 : 10, 60 - 5 * n)[0]!)],
      held: set(16),
    },
    history: [moved(120, set(16))],
    does: { outcome: 'release', command: set(20), code: 'unusable' },
  },
  {
    name: 'not at once',
    decided: undefined,
    view: { readings: room(20, 91), held: set(16) },
    history: [moved(120, set(16)), moved(5, {}, 'release')],
    does: { outcome: 'none', would: set(20), code: 'too-soon' },
  },
  {
    name: 'never what it has not set',
    decided: undefined,
    view: { readings: room(20, 91), held: set(16) },
    history: [],
    does: { outcome: 'none' },
  },
  {
    name: 'with the set-point unknown, what was sent counts as held',
    decided: set(21),
    view: { held: 'unknown' },
    history: [moved(60, set(21))],
    does: { outcome: 'none', code: 'no-change' },
  },
  {
    name: 'has no use for a clock that shows nothing',
    decided: set(21),
    view: { now: Number.NaN },
    history: [],
    does: { outcome: 'none', code: 'clock-strange' },
  },
] as const)('$name', ({ decided, view, history, does }) => {
  const verdict = guard(decided as Wanted | undefined, { ...usual, ...view } as GuardView, limits, history)
  const { code, ...rest } = does as { readonly code?: string }
  expect(verdict).toMatchObject(rest)
  if (code !== undefined) expect(verdict.reasons.map((reason) => reason.code)).toContain(code)
  if (verdict.outcome === 'none') expect(verdict.command).toBeUndefined()
})
