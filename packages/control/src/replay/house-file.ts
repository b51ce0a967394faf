/**
 * A house as a person describes it to try controls on it: rooms with what they lose, hold and are heated by, and what the
 * whole house has. The schema is the documentation; `docs/replay.md` has an example.
 */
import { Problem } from '@nabolag/core'
import { type Static, type TSchema, Type } from 'typebox'
import { Check, Errors } from 'typebox/value'
import { Comfort } from '../comfort/wish.ts'
import { checkPriceSettings } from '../prices/settings.ts'

const closed = { additionalProperties: false } as const
const number = (title: string, minimum: number, maximum: number) => Type.Number({ title, minimum, maximum })
const share = (title: string, maximum = 1) => number(title, 0, maximum)
const celsius = (title: string) => number(title, 5, 30)
const kelvin = (title: string) => number(title, 0, 5)
const clock = (title: string) => Type.Integer({ title, minimum: 0, maximum: 23 })

const EvenComfort = Type.Object(
  {
    temperature: celsius('Wish (°C)'),
    deviation: kelvin('How far it may be off (K)'),
    night: Type.Optional(
      Type.Object(
        {
          from: clock('From this hour, local time'),
          to: clock('Until this hour'),
          temperature: celsius('Wish (°C)'),
          deviation: kelvin('How far it may be off (K)'),
        },
        closed,
      ),
    ),
  },
  closed,
)

const HeatPumpOf = Type.Object(
  {
    power: number('Most electricity it draws (kW)', 0.1, 50),
    cop: Type.Optional(number('COP at 0 °C outdoors; 3.4 when left out', 1, 8)),
    copPerKelvin: Type.Optional(number('Its rise per kelvin outdoors (1/K); 0.075', 0, 0.5)),
    capacity: Type.Optional(number('Most heat at +7 °C (kW); power times COP when left out', 0.3, 200)),
    fading: Type.Optional(share('Loss of it per kelvin below +7 °C, as a share; 0.02', 0.1)),
    least: Type.Optional(share('Below this share of its power it stands still; 0.15', 0.9)),
    lagMinutes: Type.Optional(number('From command to heat, time constant (min); 8', 0, 120)),
    lost: Type.Optional(share('Share of the commands that never arrive; 0.02')),
    tellsPower: Type.Optional(Type.Boolean({ title: 'Whether it tells the power that it draws; it does not' })),
  },
  closed,
)

const ModelOf = Type.Object(
  {
    Ci: number('Capacity of the air and the furniture (kWh/K)', 0.01, 1000),
    Ce: number('Capacity of the structure (kWh/K)', 0.01, 10_000),
    Hie: number('Between the two (kW/K)', 0.001, 100),
    Hia: number('From the air outdoors (kW/K)', 0, 100),
    Hea: number('From the structure outdoors (kW/K)', 0, 100),
    Aw: number('Sun on the air (m²)', 0, 1000),
    Ae: number('Sun on the structure (m²)', 0, 1000),
  },
  closed,
)

const lossAndCapacity = {
  loss: Type.Optional(number('Heat loss (W/K)', 2, 100_000)),
  capacity: Type.Optional(number('Heat capacity of all that warms with it (kWh/K)', 0.05, 10_000)),
  sun: Type.Optional(number('Area by which the sun warms it (m²): half of the windows to the south', 0, 1000)),
}

const RoomOf = Type.Object(
  {
    name: Type.String({ title: 'Name', minLength: 1, maxLength: 80 }),
    area: number('Heated floor (m²)', 1, 10_000),
    ...lossAndCapacity,
    model: Type.Optional(ModelOf),
    believed: Type.Optional(
      Type.Object(lossAndCapacity, { ...closed, title: 'What the controls take it for, where that is not the truth' }),
    ),
    comfort: Type.Unknown({ title: 'What is wished for' }),
    heatPump: Type.Optional(HeatPumpOf),
    heaters: Type.Optional(number('Electric heaters (kW)', 0, 100)),
    stove: Type.Optional(number('A wood stove that is lit on many evenings, at its best (kW)', 0, 50)),
  },
  closed,
)

export const HouseFile = Type.Object(
  {
    name: Type.String({ title: 'Name', minLength: 1, maxLength: 80 }),
    timezone: Type.Optional(Type.String({ title: 'IANA name; Europe/Oslo when left out' })),
    latitude: number('North (°)', -90, 90),
    longitude: number('East (°)', -180, 180),
    built: Type.Optional(Type.Integer({ title: 'Year it was built', minimum: 1500, maximum: 2200 })),
    people: Type.Optional(Type.Integer({ title: 'Who live there; 2', minimum: 0, maximum: 100 })),
    rooms: Type.Array(RoomOf, { minItems: 1, maxItems: 50 }),
    prices: Type.Optional(Type.Unknown({ title: 'What the household pays, as `GET …/prices/settings` has it' })),
    exportPrice: Type.Optional(number('What a kWh sold gives (NOK); spot when left out', -10, 10)),
    meter: Type.Optional(
      Type.Object(
        {
          fuse: Type.Optional(number('Most power from the grid (kW)', 0.5, 1000)),
          cap: Type.Optional(number('Most power of all heating (kW)', 0.1, 1000)),
        },
        closed,
      ),
    ),
    panels: Type.Optional(
      Type.Array(
        Type.Object(
          {
            peak: number('Panels (kW)', 0.05, 1000),
            inverter: Type.Optional(number('Most that the inverter gives (kW); as the panels', 0.05, 1000)),
            tilt: number('From level (°)', 0, 90),
            faces: number('Where it looks on the compass (°): 90 east, 180 south, 270 west', 0, 360),
          },
          closed,
        ),
        { maxItems: 20 },
      ),
    ),
    battery: Type.Optional(
      Type.Object(
        {
          capacity: number('Usable (kWh)', 0.1, 10_000),
          power: number('Most in and out (kW)', 0.05, 1000),
          efficiency: Type.Optional(number('Share that comes through each way; 0.95', 0.5, 1)),
          wear: Type.Optional(number('Of a kWh, each way (NOK)', 0, 10)),
        },
        closed,
      ),
    ),
    ventilation: Type.Optional(
      Type.Object(
        { recovery: Type.Optional(share('Share of the heat that stays; 0.8')) },
        { ...closed, title: 'A balanced unit under control' },
      ),
    ),
    outdoorThermometer: Type.Optional(Type.Boolean({ title: 'Whether one hangs outdoors' })),
  },
  closed,
)
type Written = Static<typeof HouseFile>

/** A house file that holds together. */
export type HouseDescription = Omit<Written, 'rooms' | 'prices'> & {
  readonly rooms: readonly (Omit<Written['rooms'][number], 'comfort'> & { readonly comfort: Comfort })[]
  readonly prices?: ReturnType<typeof checkPriceSettings>
}

/**
 * @throws ProblemError `bad-request`, naming what does not fit and what would
 */
export function checkHouseFile(given: unknown): HouseDescription {
  check(HouseFile, given, '')
  const names = new Set<string>()
  const rooms = given.rooms.map((room, n) => {
    const at = `rooms.${n}`
    if (names.has(room.name)) throw wrong(`${at}.name: there are two rooms of the name ${room.name}`)
    names.add(room.name)
    if (room.heatPump === undefined && !(room.heaters !== undefined && room.heaters > 0))
      throw wrong(`${at} (${room.name}) has nothing that heats it: give it a heatPump or heaters`)
    if (room.model && (room.loss !== undefined || room.capacity !== undefined || room.sun !== undefined))
      throw wrong(`${at} (${room.name}) has a model: leave out loss, capacity and sun, which it says already`)
    for (const [what, { loss, capacity }] of [['', room] as const, ['.believed', room.believed ?? {}] as const]) {
      checkByArea(`${at}${what}.loss`, loss, room.area, 'W/K', 0.05, 20)
      checkByArea(`${at}${what}.capacity`, capacity, room.area, 'kWh/K', 0.003, 1)
    }
    return { ...room, comfort: comfortOf(room.comfort, `${at}.comfort`) }
  })
  try {
    new Intl.DateTimeFormat('en', { timeZone: given.timezone ?? 'Europe/Oslo' })
  } catch {
    throw wrong(`timezone ${given.timezone} is not known; write it as Europe/Oslo`)
  }
  const { prices, ...rest } = given
  return { ...rest, rooms, ...(prices !== undefined && { prices: checkPriceSettings(prices) }) }
}

const wrong = (says: string) => Problem('bad-request', says)

/** A loss in kW/K or a capacity in Wh/K passes any limit of its own, but not one for each square metre. */
function checkByArea(
  where: string,
  value: number | undefined,
  area: number,
  unit: string,
  least: number,
  most: number,
) {
  if (value === undefined || (value / area >= least && value / area <= most)) return
  throw wrong(
    `${where} is ${value} ${unit} for ${area} m²: that is ${Number((value / area).toPrecision(2))} ${unit} for each m², and houses have ${least} to ${most}`,
  )
}

/** Hour by hour as the settings endpoint has it, or one wish for the day and one for the night. */
function comfortOf(given: unknown, where: string): Comfort {
  if (typeof given === 'object' && given !== null && 'weekday' in given) {
    const whole = { exceptions: [], ...given }
    check(Comfort, whole, where)
    return whole
  }
  check(EvenComfort, given, where)
  const { temperature, deviation, night } = given
  const isNight = (hour: number) =>
    night !== undefined &&
    (night.from > night.to ? hour >= night.from || hour < night.to : hour >= night.from && hour < night.to)
  const day = Array.from({ length: 24 }, (_, hour) =>
    isNight(hour) && night
      ? { temperature: night.temperature, deviation: night.deviation }
      : { temperature, deviation },
  )
  return { weekday: day, weekend: day, exceptions: [] }
}

function check<Schema extends TSchema>(schema: Schema, given: unknown, where: string): asserts given is Static<Schema> {
  if (Check(schema, given)) return
  const errors = Errors(schema, given)
  // What is not in the schema comes as a schema of false first.
  const first = errors.find(({ params }) => 'additionalProperties' in params) ?? errors[0]
  const path = [where, ...(first?.instancePath ?? '').split('/')].filter((part) => part !== '').join('.') || 'The house'
  const { additionalProperties, requiredProperties } = (first?.params ?? {}) as Record<string, readonly string[]>
  if (additionalProperties) throw wrong(`${path}: ${additionalProperties.join(', ')} is not known here`)
  if (requiredProperties) throw wrong(`${path}: ${requiredProperties.join(', ')} is missing`)
  throw wrong(`${path} ${first?.message ?? 'does not fit'}`)
}
