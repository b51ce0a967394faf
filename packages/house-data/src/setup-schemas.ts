/** What people say of a house under control, as it is stored; also for forms and the API. */
import { textForms } from '@nabolag/core'
import { type TProperties, Type } from 'typebox'

const closed = { additionalProperties: false } as const
const date = (title: string) => Type.String({ title, pattern: textForms.date.pattern })
const optional = <T extends TProperties>(properties: T) => Type.Partial(Type.Object(properties), closed)

const area = Type.Number({ minimum: 1, maximum: 10_000, title: 'Heated floor (m²)' })
const kilowatts = (title: string) => Type.Number({ minimum: 0.05, maximum: 1000, title })

/** Of the whole house. */
export const HouseFacts = optional({
  area,
  built: Type.Integer({ minimum: 1500, maximum: 2200, title: 'Year it was built' }),
  cap: kilowatts('Most power of all heating (kW)'),
  fuse: kilowatts('Most power from the grid (kW)'),
  battery: Type.Object(
    {
      capacity: Type.Number({ minimum: 0.1, maximum: 10_000, title: 'Usable capacity (kWh)' }),
      power: kilowatts('Most power in and out (kW)'),
      wear: Type.Optional(Type.Number({ minimum: 0, maximum: 10, title: 'Wear of a kWh, each way (NOK)' })),
    },
    { ...closed, title: 'Battery' },
  ),
  exportPrice: Type.Number({ minimum: -10, maximum: 10, title: 'What a kWh sold gives (NOK); spot when left out' }),
  experiment: Type.Object(
    { from: date('From'), to: date('To, included'), seed: Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }) },
    { ...closed, title: 'Days on which chance decides between control and schedule' },
  ),
})

/** What heats a room. */
export const RoomHeating = optional({
  pump: optional({
    c0: Type.Number({ minimum: 1, maximum: 8, title: 'COP at 0 °C outdoors' }),
    c1: Type.Number({ minimum: 0, maximum: 0.5, title: 'Its rise per kelvin (1/K)' }),
    capacity: Type.Number({ minimum: 0.5, maximum: 100, title: 'Most heat at +7 °C (kW)' }),
    fading: Type.Number({ minimum: 0, maximum: 0.1, title: 'Loss of it per kelvin below +7 °C, as a share' }),
    power: kilowatts('Most electricity it draws (kW)'),
  }),
  resistance: Type.Number({ minimum: 0, maximum: 100, title: 'Electric heaters (kW)' }),
})

/** Narrower than the usual limits of an actuator. */
export const OwnLimits = optional({
  lowest: Type.Number({ minimum: 5, maximum: 35, title: 'Lowest set-point (°C)' }),
  highest: Type.Number({ minimum: 5, maximum: 35, title: 'Highest set-point (°C)' }),
  minutesBetween: Type.Number({ minimum: 1, maximum: 1440, title: 'Least minutes between changes' }),
  movesPerDay: Type.Integer({ minimum: 0, maximum: 288, title: 'Most changes a day' }),
  frost: Type.Number({ minimum: 3, maximum: 18, title: 'The room never below (°C)' }),
  heat: Type.Number({ minimum: 20, maximum: 35, title: 'The room never above (°C)' }),
})

const positive = (title: string) => Type.Number({ minimum: 1e-6, maximum: 1e4, title })
const windows = (title: string) => Type.Number({ minimum: 0, maximum: 1000, title })

/** A room's own model, as an accepted fit leaves it. */
export const RoomParameters = Type.Object({
  Ci: positive('Capacity of the air (kWh/K)'),
  Ce: positive('Capacity of the structure (kWh/K)'),
  Hie: positive('Between the two (kW/K)'),
  Hia: Type.Number({ minimum: 0, maximum: 1e4, title: 'From the air outdoors (kW/K)' }),
  Hea: Type.Number({ minimum: 0, maximum: 1e4, title: 'From the structure outdoors (kW/K)' }),
  Aw: windows('Sun on the air (m²)'),
  Ae: windows('Sun on the structure (m²)'),
})
