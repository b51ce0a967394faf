/** The bodies that leave and enter the API. Names are those of the thesis's API: words with underscores. */
import {
  capabilities,
  commandStates,
  deviceStates,
  longestValidity,
  problems,
  textForms,
  usualValidity,
} from '@nabolag/core'
import { scopes } from '@nabolag/store/types'
import { type TSchema, Type } from 'typebox'

export const Nullable = <T extends TSchema>(type: T) => Type.Union([type, Type.Null()])
const Time = Type.String({ description: 'ISO 8601 in UTC' })
const closed = { additionalProperties: false }

const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.Optional(Type.String()),
    code: Type.Enum(Object.keys(problems) as [string, ...string[]]),
    who: Type.String({ description: 'Who can mend it' }),
    request_id: Type.String(),
    errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), expected: Type.String() }))),
  },
  { additionalProperties: true, description: 'RFC 9457' },
)

/** The problems a route may answer with, for its description. */
export const refusals = (...statuses: readonly number[]) =>
  Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: meanings[status] ?? 'Problem', content: { 'application/problem+json': { schema: Problem } } },
    ]),
  )

const meanings: Readonly<Record<number, string>> = {
  400: 'Bad request: the detail says what and where',
  401: 'Not signed in, or not your house',
  403: 'Not signed in, or not allowed; also for a house that is not yours or not there',
  404: 'Not found',
  406: 'None of the formats asked for',
  409: 'There already',
  429: 'Too many requests; see Retry-After',
  503: 'A database, the broker or the connector does not answer',
}

export const Empty = { description: 'Done; no content', type: 'null' } as const

export const House = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  timezone: Type.String(),
  latitude: Nullable(Type.Number()),
  longitude: Nullable(Type.Number()),
  owner: Nullable(Type.String({ description: 'User name' })),
  role: Type.String({ description: 'What the asker is in this house: owner, resident, reader or admin' }),
  created_at: Time,
})

export const NewHouse = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    timezone: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Such as `Europe/Oslo`' })),
    latitude: Type.Optional(Type.Number({ minimum: -90, maximum: 90 })),
    longitude: Type.Optional(Type.Number({ minimum: -180, maximum: 180 })),
  },
  closed,
)

export const HouseChange = Type.Object(
  {
    ...NewHouse.properties,
    latitude: Type.Optional(Nullable(Type.Number({ minimum: -90, maximum: 90 }))),
    longitude: Type.Optional(Nullable(Type.Number({ minimum: -180, maximum: 180 }))),
  },
  { ...closed, minProperties: 1 },
)

const Seconds = Type.Number({ description: 'Usual time between samples, s' })

export const Integration = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  label: Type.String(),
  vendor: Type.String(),
  kind: Type.String({ description: 'built-in, container or outside' }),
  docker_hub_image: Nullable(Type.String()),
  required_fields: Type.Array(Type.String()),
  database_group_name: Type.String({ description: 'Measurement group' }),
  credentials_schema: Type.Unknown({ description: 'JSON Schema of what the owner types' }),
  sampling_seconds: Seconds,
  allow_multiple: Type.Boolean(),
})

const integrationFields = {
  name: Type.String({ pattern: textForms.name.pattern }),
  docker_hub_image: Type.String({ minLength: 1, maxLength: 300 }),
  required_fields: Type.Array(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,62}$' }), { maxItems: 50 }),
  database_group_name: Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_]{0,62}$' }),
}
const Image = Nullable(
  Type.String({
    minLength: 1,
    maxLength: 300,
    description: 'Without an image it is a kind whose programs run elsewhere and publish by themselves',
  }),
)
const furtherIntegrationFields = {
  label: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  sampling_seconds: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 31 * 86_400 })),
  allow_multiple: Type.Optional(Type.Boolean()),
}
export const NewIntegration = Type.Object(
  { ...integrationFields, docker_hub_image: Type.Optional(Image), ...furtherIntegrationFields },
  closed,
)
export const IntegrationChange = Type.Object(
  { ...Type.Partial(Type.Object(integrationFields)).properties, ...furtherIntegrationFields },
  { ...closed, minProperties: 1 },
)

export const Device = Type.Object({
  id: Type.Integer(),
  device: Type.Integer({ description: "Number of the device's kind" }),
  name: Type.String({ description: "Name of the device's kind" }),
  label: Nullable(Type.String({ description: "The owner's own name for it" })),
  title: Type.String({ description: 'What to call it on a page' }),
  house: Type.Integer(),
  count: Type.Integer({ description: 'Numbers those of the same kind in a house, from 0' }),
  group: Type.String(),
  desired: Type.String({ description: 'running or stopped' }),
  state: Type.Enum(Object.keys(deviceStates) as [string, ...string[]]),
  reason: Nullable(Type.String()),
  since: Time,
  restarts: Type.Integer(),
  last_sample: Nullable(Time),
  next_try: Nullable(Time),
  sign_in: Type.Optional(
    Type.Object(
      { needed: Type.Literal(true), channels: Type.Array(Type.String()) },
      { description: 'The vendor wants a code that it sends: ask for it, and hand it in, with `sign-in`' },
    ),
  ),
  places: Type.Optional(
    Type.Array(
      Type.Object({
        place: Type.String({ description: "The vendor's own id of it" }),
        location: Type.String({ description: 'What its samples say: the name it was first logged under' }),
        name: Type.String({ description: 'What the vendor calls it now' }),
        last_seen: Time,
      }),
      { description: 'Where it measures, when one device is asked for and its vendor names the places' },
    ),
  ),
  uptime_30d: Type.Optional(
    Nullable(Type.Number({ description: 'Share of the last 30 days (or of its life) it logged, 0 to 1' })),
  ),
})

/** What a program needs to publish for a device. */
export const Publishing = Type.Object({
  url: Type.String({ description: "The broker's address" }),
  username: Type.String(),
  password: Type.String({ description: 'Shown this once' }),
  topic: Type.String({ description: 'What to publish samples on, QoS 1' }),
})

export const LogLine = Type.Object({
  run: Type.Integer(),
  time: Time,
  level: Type.String(),
  message: Type.String(),
})

export const User = Type.Object({
  id: Type.String(),
  username: Type.String(),
  email: Nullable(Type.String()),
  role: Type.String(),
})

export const NewUser = Type.Object(
  {
    username: Type.String({ minLength: 3, maxLength: 30, pattern: textForms.username.pattern }),
    password: Type.String({ minLength: 10, maxLength: 128 }),
    email: Type.String({ minLength: 3, maxLength: 254, pattern: textForms.email.pattern }),
    role: Type.Optional(Type.Enum(['user', 'admin'])),
  },
  closed,
)

export const Token = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  scopes: Type.Array(Type.String()),
  houses: Nullable(Type.Array(Type.Integer(), { description: 'Only these; null: all of its owner' })),
  created_at: Time,
  expires_at: Nullable(Time),
  last_used_at: Nullable(Time),
})

export const NewToken = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    scopes: Type.Optional(
      Type.Array(Type.Enum([...scopes]), {
        minItems: 1,
        maxItems: 4,
        description: '`["read"]` when absent',
      }),
    ),
    houses: Type.Optional(Type.Array(Type.Integer({ minimum: 1, maximum: 999_999_999 }), { maxItems: 1000 })),
    expires: Type.Optional(Type.String({ maxLength: 40, description: 'ISO 8601; never when absent' })),
  },
  closed,
)

export const Publisher = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  count: Type.Integer(),
  username: Type.String(),
  created_at: Time,
  commands: Type.Boolean({ description: 'Whether it may command the devices of the house' }),
})

const CommandState = Type.Enum(Object.keys(commandStates) as [string, ...string[]], {
  description: Object.entries(commandStates)
    .map(([state, meaning]) => `${state}: ${meaning}`)
    .join('; '),
})
const Values = Type.Record(Type.String(), Type.Unknown())

export const Command = Type.Object({
  id: Type.String(),
  house: Type.Integer(),
  name: Type.String({ description: "Name of the device's kind" }),
  count: Type.Integer(),
  capability: Type.String(),
  verb: Type.String(),
  location: Type.String({ description: 'Which actuator; empty where the device has one without a name' }),
  arguments: Values,
  state: CommandState,
  reason: Nullable(Type.String()),
  asked_by: Type.String({ description: "User name, or a program's account at the broker" }),
  asked_over: Type.String({ description: 'api or bus' }),
  request_id: Nullable(Type.String({ description: 'The id that a program gave it' })),
  created_at: Time,
  valid_until: Time,
  sent_at: Nullable(Time),
  done_at: Nullable(Time),
  changed_at: Time,
  history: Type.Array(Type.Object({ state: CommandState, time: Time, reason: Nullable(Type.String()) })),
})

export const NewCommand = Type.Object(
  {
    capability: Type.String({ maxLength: 60, description: Object.keys(capabilities).join(', ') }),
    verb: Type.String({ maxLength: 60, description: 'Such as `setTargetTemperature`' }),
    arguments: Type.Optional(Values),
    validFor: Type.Optional(
      Type.Number({
        minimum: 1,
        maximum: longestValidity,
        default: usualValidity,
        description: 'Seconds it may be carried out in; later it is not sent any more',
      }),
    ),
  },
  closed,
)

const Bounds = Type.Record(
  Type.String(),
  Type.Record(
    Type.String(),
    Type.Object({
      minimum: Type.Optional(Type.Number()),
      maximum: Type.Optional(Type.Number()),
      step: Type.Optional(Type.Number()),
      values: Type.Optional(
        Type.Unsafe<readonly (string | number | boolean)[]>(
          Type.Array(Type.Union([Type.Number(), Type.Boolean(), Type.String()])),
        ),
      ),
    }),
  ),
)

export const Actuators = Type.Object({
  known: Type.Boolean({ description: 'false until the vendor has answered' }),
  actuators: Type.Array(
    Type.Object({
      location: Type.String(),
      capability: Type.String(),
      verbs: Bounds,
    }),
  ),
  bounds: Type.Record(Type.String(), Bounds, { description: "The owner's own: capability, verb, argument" }),
})

const key = {
  group: Type.String(),
  field: Type.String(),
  device: Type.String(),
  count: Type.Integer(),
  location: Type.String(),
  tags: Type.Record(Type.String(), Type.String()),
}

export const Series = Type.Object({
  ...key,
  type: Type.String(),
  unit: Nullable(Type.String()),
  samples: Type.Integer(),
  first: Time,
  last: Time,
})

export const Newest = Type.Object({
  ...key,
  unit: Nullable(Type.String()),
  time: Time,
  issued: Type.Optional(Time),
  value: Type.Union([Type.Number(), Type.Boolean(), Type.String()]),
})

export const Data = Type.Object(
  {
    house_id: Type.Integer(),
    group: Type.String(),
    field: Type.String(),
    unit: Nullable(Type.String()),
    start: Time,
    end: Time,
    resolution: Nullable(Type.Number()),
    aggregate: Nullable(Type.String()),
    series: Type.Array(
      Type.Object({
        device: Type.String(),
        count: Type.Integer(),
        location: Type.String(),
        tags: Type.Record(Type.String(), Type.String()),
        times: Type.Array(Time),
        values: Type.Array(Type.Union([Type.Number(), Type.Boolean(), Type.String(), Type.Null()]), {
          description: 'null marks a gap',
        }),
      }),
    ),
  },
  { additionalProperties: true },
)

export const Rejected = Type.Object({
  received: Time,
  topic: Type.String(),
  house_id: Nullable(Type.Integer()),
  device: Type.String(),
  reason: Type.String(),
  payload: Type.String(),
})

export const RejectedCount = Type.Object({
  house_id: Nullable(Type.Integer()),
  device: Type.String(),
  reason: Type.String(),
  count: Type.Integer(),
  last: Time,
})

const DeviceId = Type.String({ minLength: 1, maxLength: 63, description: "Number or name of the device's kind" })
const HouseId = Type.Integer({ minimum: 0, maximum: 999_999_999 })
const Count = Type.Integer({ minimum: 0, maximum: 9999 })

export const IntegrationPath = Type.Object({ deviceId: DeviceId })
export const HousePath = Type.Object({ houseId: HouseId })
export const DevicesPath = Type.Object({ houseId: HouseId, deviceId: DeviceId })
export const DevicePath = Type.Object({ houseId: HouseId, deviceId: DeviceId, count: Count })
