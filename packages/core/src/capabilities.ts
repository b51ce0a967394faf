/**
 * What actuators can do, whoever made them. This table is the one home of every verb, its arguments with unit and
 * bounds, and the field of a later reading that confirms it; `docs/reference/capabilities.md` is made from it.
 */
import { type Static, type TObject, Type } from 'typebox'
import { textForms } from './text-forms.ts'

/** A field of the device's readings that shows the command's effect. */
export type ConfirmedBy = {
  readonly field: string
  /** The argument that the field must come to equal … */
  readonly argument?: string
  /** … or a value of its own. */
  readonly equals?: string | number | boolean
  /** How far a number may be off. */
  readonly within?: number
}

export type Verb = {
  readonly meaning: string
  readonly arguments: TObject
  readonly confirmedBy?: ConfirmedBy
  /** A verb of the same capability whose bounds hold here too, for values of the same name at any depth. */
  readonly boundedAs?: string
}

export type Capability = { readonly meaning: string; readonly verbs: Readonly<Record<string, Verb>> }

/** Every verb takes it: a device (an account at a vendor) may hold several actuators. */
const location = Type.Optional(
  Type.String({
    maxLength: 200,
    description: 'Which actuator, as `actuators` names it; needed where there are several',
  }),
)
const targetTemperature = Type.Number({
  minimum: 5,
  maximum: 35,
  unit: '°C',
  description: 'Wanted air temperature, °C',
})
const on = Type.Boolean({ description: 'true switches on, false off' })
const watts = (description: string, minimum: number, maximum: number) =>
  Type.Number({ minimum, maximum, unit: 'W', description })
const localTime = Type.String({ pattern: textForms.localTime.pattern, description: 'Local time, HH:MM' })

export const capabilities = {
  thermostat: {
    meaning: 'A heat pump that holds a temperature',
    verbs: {
      setTargetTemperature: {
        meaning: 'Sets the wanted temperature',
        arguments: Type.Object({ location, temperature: targetTemperature }),
        confirmedBy: { field: 'targetTemperature', argument: 'temperature', within: 0.3 },
      },
      setMode: {
        meaning: 'Chooses what it does',
        arguments: Type.Object({ location, mode: Type.Enum(['heat', 'cool', 'auto', 'fan', 'dry']) }),
        confirmedBy: { field: 'mode', argument: 'mode' },
      },
      setFanLevel: {
        meaning: "Sets the fan's step, in the vendor's own word",
        arguments: Type.Object({ location, fanLevel: Type.String({ minLength: 1, maxLength: 40 }) }),
        confirmedBy: { field: 'fanLevel', argument: 'fanLevel' },
      },
      setOn: {
        meaning: 'Switches it on or off',
        arguments: Type.Object({ location, on }),
        confirmedBy: { field: 'on', argument: 'on' },
      },
      setFallback: {
        meaning:
          'Leaves a daily schedule at the vendor, which goes on when nobody commands any more; an empty one ends it',
        arguments: Type.Object({
          location,
          timezone: Type.String({ minLength: 1, maxLength: 60, description: 'IANA name, such as Europe/Oslo' }),
          schedule: Type.Array(Type.Object({ at: localTime, temperature: targetTemperature }), { maxItems: 8 }),
        }),
        boundedAs: 'setTargetTemperature',
      },
    },
  },
  heater: {
    meaning: 'An electric heater with a thermostat of its own',
    verbs: {
      setTargetTemperature: {
        meaning: 'Sets the wanted temperature',
        arguments: Type.Object({ location, temperature: targetTemperature }),
        confirmedBy: { field: 'targetTemperature', argument: 'temperature', within: 0.3 },
      },
      setOn: {
        meaning: 'Switches it on or off',
        arguments: Type.Object({ location, on }),
        confirmedBy: { field: 'on', argument: 'on' },
      },
    },
  },
  ventilation: {
    meaning: 'A ventilation unit',
    verbs: {
      setSupplySetpoint: {
        meaning: 'Sets the wanted temperature of the air blown into the rooms',
        arguments: Type.Object({
          location,
          temperature: Type.Number({ minimum: 10, maximum: 30, unit: '°C', description: 'Wanted supply air, °C' }),
        }),
        confirmedBy: { field: 'temperatureSetpoint', argument: 'temperature', within: 0.1 },
      },
      setFanLevel: {
        meaning: 'Sets the fans by hand; `auto` lets the unit decide again',
        arguments: Type.Object({ location, fanLevel: Type.Enum(['auto', 'low', 'normal', 'high']) }),
        confirmedBy: { field: 'fanLevel', argument: 'fanLevel' },
      },
      boost: {
        meaning: 'Airs strongly for a while, then goes back by itself; 0 minutes ends it',
        arguments: Type.Object({
          location,
          minutes: Type.Integer({ minimum: 0, maximum: 240, unit: 'min', description: 'How long, minutes' }),
        }),
        confirmedBy: { field: 'boostMinutes', argument: 'minutes', within: 2 },
      },
    },
  },
  battery: {
    meaning: 'A battery and its inverter',
    verbs: {
      setGridSetpoint: {
        meaning: 'Sets the power wanted at the grid connection; positive draws from the grid',
        arguments: Type.Object({ location, power: watts('Wanted grid power, W; positive draws', -100_000, 100_000) }),
        confirmedBy: { field: 'gridSetpoint', argument: 'power', within: 1 },
      },
      setChargeLimit: {
        meaning: 'Limits the power it charges with; 0 forbids charging',
        arguments: Type.Object({ location, power: watts('Most charging power, W', 0, 100_000) }),
        confirmedBy: { field: 'chargeLimit', argument: 'power', within: 1 },
      },
      setDischargeLimit: {
        meaning: 'Limits the power it gives; 0 forbids discharging',
        arguments: Type.Object({ location, power: watts('Most discharging power, W', 0, 100_000) }),
        confirmedBy: { field: 'dischargeLimit', argument: 'power', within: 1 },
      },
      setMinimumCharge: {
        meaning: 'Sets the state of charge below which it does not discharge',
        arguments: Type.Object({
          location,
          charge: Type.Number({ minimum: 0, maximum: 100, unit: '%', description: 'State of charge, %' }),
        }),
        confirmedBy: { field: 'minimumCharge', argument: 'charge', within: 1 },
      },
    },
  },
} as const satisfies Readonly<Record<string, Capability>>

export type CapabilityName = keyof typeof capabilities
export type VerbName<C extends CapabilityName> = keyof (typeof capabilities)[C]['verbs'] & string
type VerbOf<C extends CapabilityName, V extends VerbName<C>> = (typeof capabilities)[C]['verbs'][V]
/** The arguments of a verb, as they are after the check. */
export type ArgumentsOf<C extends CapabilityName, V extends VerbName<C>> =
  VerbOf<C, V> extends { readonly arguments: infer A extends TObject } ? Static<A> : never

/** The verb of that name, or `undefined`. */
export const verbOf = (capability: string, verb: string): Verb | undefined => {
  if (!Object.hasOwn(capabilities, capability)) return undefined
  const verbs: Readonly<Record<string, Verb>> = capabilities[capability as CapabilityName].verbs
  return Object.hasOwn(verbs, verb) ? verbs[verb] : undefined
}

/** What one actuator allows of an argument, narrower than the capability. */
export type Bound = {
  readonly minimum?: number
  readonly maximum?: number
  /** Only multiples of it above `minimum` (or 0). */
  readonly step?: number
  /** Only these. */
  readonly values?: readonly (string | number | boolean)[]
}

/** An actuator of a device: what can be asked of it, and within which bounds. */
export type Actuator = {
  /** As the device's readings are located; empty where a device has one place only. */
  readonly location: string
  readonly capability: CapabilityName
  /** The verbs it knows, with the bounds of their arguments. */
  readonly verbs: Readonly<Record<string, Readonly<Record<string, Bound>>>>
}

/** The states a command goes through, as everyone names them. */
export const commandStates = {
  accepted: 'Checked and kept; it waits for its device',
  sent: 'On its way to the vendor, or taken by it',
  applied: 'The vendor says that it is done',
  confirmed: 'A later reading shows it',
  refused: 'It was not within bounds, or the vendor would not have it',
  expired: 'It was too old to be sent, or a newer one took its place',
  failed: 'It was sent, and went wrong or nobody knows what became of it',
} as const
export type CommandState = keyof typeof commandStates

/** Whether nothing more will happen to it; `applied` may still be confirmed. */
export const isFinal = (state: CommandState): boolean =>
  state === 'confirmed' || state === 'refused' || state === 'expired' || state === 'failed'
