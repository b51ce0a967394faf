/** The bodies of rooms and of what is wished for in them. Their names are those of `@nabolag/control`. */
import { Comfort } from '@nabolag/control'
import { type CapabilityName, capabilities } from '@nabolag/core'
import { RoomHeating } from '@nabolag/house-data'
import { type Static, Type } from 'typebox'
import { HousePath, Nullable } from './schemas.ts'

const closed = { additionalProperties: false }
const changing = { ...closed, minProperties: 1 }
export const Time = Type.String({ description: 'ISO 8601 in UTC' })
export const GivenTime = (description: string) =>
  Type.String({ minLength: 1, maxLength: 40, description: `${description}. ISO 8601; without a zone it is UTC` })
export const Id = Type.Integer({ minimum: 1, maximum: 2_147_483_647 })
export const Values = Type.Record(Type.String(), Type.Unknown())
const Device = Type.String({ minLength: 1, maxLength: 63, description: "Name of the device's kind" })
const Count = Type.Integer({ minimum: 0, maximum: 9999, default: 0 })
const Location = Type.String({ maxLength: 256, description: 'Room or place, as its samples say' })

export const RoomPath = Type.Object({ ...HousePath.properties, roomId: Id })
export const ExceptionPath = Type.Object({
  ...RoomPath.properties,
  exceptionId: Type.Integer({ minimum: 0, maximum: 999 }),
})

export { Comfort }

/** What is left out of `exceptions` and `restDays` stays as it is. */
export const GivenComfort = Type.Object(
  {
    weekday: Comfort.properties.weekday,
    weekend: Comfort.properties.weekend,
    exceptions: Type.Optional(Comfort.properties.exceptions),
    restDays: Comfort.properties.restDays,
  },
  closed,
)

const { kind, temperature, deviation, fan } = Comfort.properties.exceptions.items.properties
export const GivenException = Type.Object(
  {
    kind,
    from: Type.Optional(GivenTime('Now when absent')),
    to: Type.Optional(GivenTime('Not part of it')),
    hours: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 24 * 60, description: 'How long, instead of `to`' }),
    ),
    temperature,
    deviation,
    fan,
  },
  closed,
)
export const KeptException = Type.Object({
  id: Type.Integer({ description: 'Its number in the list, from 0; those after one that is taken away move up' }),
  ...Comfort.properties.exceptions.items.properties,
})

const GivenSensor = Type.Object(
  {
    device: Device,
    count: Type.Optional(Count),
    location: Type.Optional(Location),
    group: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 63,
        description: "Measurement group; that of the device's kind when absent",
      }),
    ),
  },
  closed,
)
const controllable = ['thermostat', 'heater', 'ventilation', 'battery'] as const satisfies CapabilityName[]
export const GivenActuator = Type.Object(
  {
    device: Device,
    count: Type.Optional(Count),
    location: Type.Optional(
      Type.String({ maxLength: 256, description: 'As `actuators` names it; needed where the device has several' }),
    ),
    capability: Type.Optional(Type.Enum([...controllable])),
  },
  closed,
)
export type GivenActuator = Static<typeof GivenActuator>

const roomFields = {
  name: Type.String({ minLength: 1, maxLength: 100 }),
  area: Type.Number({ minimum: 1, maximum: 10_000, unit: 'm²', description: 'Heated floor, m²' }),
  sensors: Type.Array(GivenSensor, {
    maxItems: 20,
    description: 'Thermometers; control acts on the first, the others stand in while it is silent',
  }),
}
const optionalFields = {
  area: Type.Optional(Nullable(roomFields.area)),
  comfort: Type.Optional(GivenComfort),
  heating: Type.Optional(Nullable(RoomHeating)),
  sensors: Type.Optional(roomFields.sensors),
  actuator: Type.Optional(Nullable(GivenActuator)),
}
export const NewRoom = Type.Object({ name: roomFields.name, ...optionalFields }, closed)
export type NewRoom = Static<typeof NewRoom>
export const RoomChange = Type.Object({ name: Type.Optional(roomFields.name), ...optionalFields }, changing)
export type RoomChange = Static<typeof RoomChange>

const place = { device: Type.String(), count: Type.Integer(), location: Type.String() }
const Sensor = Type.Object({ ...place, group: Type.String() })
export const Actuator = Type.Object({
  ...place,
  capability: Type.Enum(Object.keys(capabilities) as [string, ...string[]]),
})

const Unmatched = Type.Object({ ...Sensor.properties, because: Type.String() })
export const Proposal = Type.Object({
  pairs: Type.Array(
    Type.Object({
      sensor: Sensor,
      actuator: Actuator,
      by: Type.String({ description: 'part-of-it: its own thermometer; data: it follows it; name: only a hint' }),
      correlation: Nullable(Type.Number({ description: 'null where the data are too few' })),
      lagMinutes: Nullable(Type.Number()),
      hours: Type.Number({ description: 'Of data in which both were known' }),
      sentence: Type.String(),
    }),
  ),
  rooms: Type.Array(Type.Object({ name: Type.String(), sensors: Type.Array(Sensor), actuator: Actuator }), {
    description: 'Each can be handed to `POST …/rooms` as it is',
  }),
  unmatched: Type.Array(Unmatched),
})

export const Room = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  area: Nullable(Type.Number()),
  heating: Nullable(Values),
  sensors: Type.Array(
    Type.Object({
      ...Sensor.properties,
      newest: Type.Optional(
        Type.Object({ time: Time, temperature: Type.Number() }, { description: 'Absent while nothing has been read' }),
      ),
    }),
  ),
  actuator: Type.Optional(Actuator),
  loop: Type.Optional(Type.Integer({ description: 'The control loop of its actuator' })),
  comfort: Comfort,
  wish: Type.Object(
    {
      temperature: Type.Number(),
      lowest: Type.Number(),
      highest: Type.Number(),
      fan: Type.Optional(Type.String()),
      from: Type.Enum(['weekday', 'weekend', 'away', 'guests', 'boost']),
    },
    { description: 'What is wished for now' },
  ),
  contradictions: Type.Array(Type.Object({ sensor: Sensor, sentence: Type.String() }), {
    description: 'Sensors that the data of the last days do not show to be in this room',
  }),
})
