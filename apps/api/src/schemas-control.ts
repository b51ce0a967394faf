/** The bodies of control: loops, receipts, plans, and what is said of the house. */
import { loopKinds, modes } from '@nabolag/control'
import { commandStates } from '@nabolag/core'
import { HouseFacts, OwnLimits } from '@nabolag/house-data'
import { type Static, Type } from 'typebox'
import { HousePath, Nullable } from './schemas.ts'
import { Actuator, GivenActuator, GivenTime, Id, Time, Values } from './schemas-rooms.ts'

const closed = { additionalProperties: false }

export const LoopPath = Type.Object({ ...HousePath.properties, loopId: Id })

export const Receipt = Type.Object(
  {
    id: Type.Integer(),
    loop: Type.Integer(),
    at: Time,
    sentence: Type.String({ description: 'What was done and why, in plain words' }),
    control: Type.String(),
    place: Type.String(),
    mode: Type.String(),
    outcome: Type.String({ description: 'command, safety, release, or none' }),
    because: Type.String(),
    saw: Values,
    price: Nullable(Type.Number({ description: 'Of one more kWh, NOK' })),
    decided: Nullable(Values),
    sent: Nullable(Values),
    bound: Type.Array(Type.Unknown(), { description: 'Limits that changed the outcome' }),
    reasons: Type.Array(Type.Object({ code: Type.String(), text: Type.String() })),
    nextBest: Nullable(Values),
    commands: Type.Array(
      Type.Object({
        id: Type.String(),
        verb: Type.String(),
        state: Type.Enum(Object.keys(commandStates) as [string, ...string[]]),
        reason: Nullable(Type.String()),
      }),
    ),
  },
  { additionalProperties: true },
)

export const Mode = Type.Enum(Object.keys(modes) as (keyof typeof modes)[], {
  description: Object.entries(modes)
    .map(([name, meaning]) => `${name}: ${meaning}`)
    .join('; '),
})
const Kind = Type.Enum([...loopKinds])
const Notice = Type.Object({
  kind: Type.String(),
  loop: Type.Optional(Type.Integer()),
  room: Type.Optional(Type.Integer()),
  since: Time,
  sentence: Type.String(),
})

export const Loop = Type.Object({
  id: Type.Integer(),
  kind: Kind,
  room: Type.Optional(Type.Integer()),
  roomName: Type.Optional(Type.String()),
  actuator: Type.Object({
    ...Actuator.properties,
    verbs: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'Absent while nobody knows' })),
  }),
  mode: Mode,
  pausedUntil: Nullable(Time),
  controller: Type.String(),
  settings: Type.Record(Type.String(), Type.Unknown(), {
    description: 'Of the present controller, with its defaults where nothing was set',
  }),
  limits: Values,
  last: Type.Optional(Receipt),
  notices: Type.Array(Notice),
})

const Choice = Type.Object({
  name: Type.String(),
  label: Type.String(),
  schema: Type.Unknown({ description: 'JSON Schema of its settings' }),
})
export const Control = Type.Object({
  facts: Values,
  loops: Type.Array(Loop),
  notices: Type.Array(Notice, { description: 'Of the whole house' }),
  nextTurn: Type.Optional(Time),
  controllers: Type.Array(Type.Object({ id: Type.String(), beat: Time }), { description: 'Those that run' }),
  choices: Type.Object({
    heating: Type.Array(Choice),
    ventilation: Type.Array(Choice),
    battery: Type.Array(Choice),
  }),
})

/** Hours a pause may last. */
const longestPause = 24 * 60
const PauseHours = Type.Number({ minimum: 0, maximum: longestPause, description: '0 ends it' })
export const Pause = Type.Object({ hours: PauseHours }, closed)
export const Paused = Type.Object({ pausedUntil: Nullable(Time), loops: Type.Array(Loop) })

const controller = Type.String({ maxLength: 60, description: 'Name of one of the `choices` of its kind' })
const Given = Type.Record(Type.String(), Type.Unknown(), { maxProperties: 60 })
const loopFields = {
  mode: Type.Optional(Mode),
  controller: Type.Optional(controller),
  settings: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), {
      maxProperties: 60,
      description: 'Of the controller: those that are named change; null takes one back to its default',
    }),
  ),
  limits: Type.Optional(Given),
}
export const NewLoop = Type.Object(
  {
    kind: Kind,
    room: Type.Optional(Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'Needed for heating' })),
    actuator: GivenActuator,
    ...loopFields,
  },
  closed,
)
export type NewLoop = Static<typeof NewLoop>
export const LoopChange = Type.Object(
  {
    ...loopFields,
    pauseHours: Type.Optional(PauseHours),
    pausedUntil: Type.Optional(Nullable(GivenTime('null ends the pause'))),
  },
  { ...closed, minProperties: 1 },
)
export type LoopChange = Static<typeof LoopChange>

/** What an owner may limit, by kind of loop. */
export const limitSchemas = {
  heating: OwnLimits,
  ventilation: Type.Pick(OwnLimits, ['lowest', 'highest', 'minutesBetween', 'movesPerDay'], closed),
  battery: Type.Pick(OwnLimits, ['minutesBetween', 'movesPerDay'], closed),
}

const { from, to, seed } = HouseFacts.properties.experiment.properties
export const GivenFacts = Type.Object(
  {
    ...HouseFacts.properties,
    experiment: Type.Optional(
      Type.Object(
        { from, to, seed: Type.Optional(seed) },
        {
          ...closed,
          description: 'Days on which chance decides between control and the schedule. The seed is drawn when absent',
        },
      ),
    ),
  },
  closed,
)
export const Facts = HouseFacts
export type Facts = Static<typeof HouseFacts>
export type GivenFacts = Static<typeof GivenFacts>

const Numbers = Type.Array(Type.Number())
export const Plan = Type.Object({
  madeAt: Time,
  status: Type.String({ description: 'optimal, kept, or thermostat' }),
  because: Type.String(),
  assumed: Type.Array(Type.String(), { description: 'What was not known and how it was filled' }),
  steps: Type.Array(Type.Object({ from: Time, to: Time, price: Nullable(Type.Number({ description: 'NOK/kWh' })) })),
  rooms: Type.Array(
    Type.Object({
      room: Nullable(Type.Integer()),
      name: Type.String(),
      temperature: Type.Array(Type.Number(), { description: 'At the end of each step, °C' }),
      power: Type.Array(Type.Number(), { description: 'Electricity of its heating in each step, kW' }),
      lower: Numbers,
      upper: Numbers,
    }),
  ),
  power: Type.Array(Type.Number(), { description: 'Electricity of all heating in each step, kW' }),
  battery: Type.Optional(Type.Object({ energy: Numbers, charge: Numbers, discharge: Numbers })),
  limits: Type.Array(
    Type.Object({
      limit: Type.String(),
      room: Type.Optional(Type.String()),
      at: Time,
      worth: Type.Number({ description: 'NOK saved if it were looser by one unit there' }),
    }),
  ),
})
