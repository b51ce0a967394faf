/**
 * The measurement groups: what the data *is*, never who made it. This table is the one home of every field's unit,
 * sign and bounds; `docs/reference/measurements.md` is checked against it.
 */

export type FieldType = 'number' | 'boolean' | 'text'

export type Field = {
  readonly type: FieldType
  /** The unit a person reads; absent for booleans and texts. */
  readonly unit?: string
  /** What the field says in one line; for a signed quantity, which way is positive. */
  readonly meaning: string
  /** Values outside are refused: a sensor cannot have measured them. Inclusive. */
  readonly min?: number
  readonly max?: number
}

export type Group = {
  readonly meaning: string
  /** Whether samples also carry the time they were issued, and the newest issue counts. */
  readonly forecast: boolean
  readonly fields: Readonly<Record<string, Field>>
}

const number = (unit: string, meaning: string, min?: number, max?: number): Field => ({
  type: 'number',
  unit,
  meaning,
  min,
  max,
})
const text = (meaning: string): Field => ({ type: 'text', meaning })
const flag = (meaning: string): Field => ({ type: 'boolean', meaning })

const airTemperature = (meaning: string) => number('°C', meaning, -90, 100)
const relativeHumidity = (meaning: string) => number('%', meaning, 0, 100)
const irradiance = (meaning: string) => number('W/m²', meaning, 0, 2000)

export const groups = {
  airSensor: {
    meaning: 'Indoor climate',
    forecast: false,
    fields: {
      temperature: airTemperature('Air temperature'),
      humidity: relativeHumidity('Relative humidity'),
      tvoc: number('ppb', 'Total volatile organic compounds', 0),
      eco2: number('ppm', 'Equivalent carbon dioxide', 0),
      co2: number('ppm', 'Carbon dioxide, measured as such', 0),
      pm1: number('µg/m³', 'Particles up to 1 µm', 0),
      pm25: number('µg/m³', 'Particles up to 2.5 µm', 0),
      pm10: number('µg/m³', 'Particles up to 10 µm', 0),
      battery: number('%', "Charge of the sensor's own battery", 0, 100),
    },
  },
  powerConsumption: {
    meaning: "The house's electricity meter",
    forecast: false,
    fields: {
      power: number('W', 'Power drawn from the grid now; never negative'),
      powerProduction: number('W', 'Power delivered to the grid now; never negative'),
      minPowerProduction: number('W', 'Least power delivered since midnight'),
      maxPowerProduction: number('W', 'Most power delivered since midnight'),
      averagePower: number('W', 'Mean power drawn since midnight'),
      minPower: number('W', 'Least power drawn since midnight'),
      maxPower: number('W', 'Most power drawn since midnight'),
      accumulatedConsumption: number('kWh', 'Energy drawn since midnight'),
      accumulatedConsumptionLastHour: number('kWh', 'Energy drawn since the hour began'),
      accumulatedProduction: number('kWh', 'Energy delivered since midnight'),
      accumulatedProductionLastHour: number('kWh', 'Energy delivered since the hour began'),
      accumulatedCost: number('NOK', 'Cost of the energy drawn since midnight; the tag `currency` where it is not NOK'),
      accumulatedReward: number('NOK', 'Payment for the energy delivered since midnight'),
      hourlyPower: number('W', 'Mean power over the hour that begins at the time; equals the energy in Wh'),
      hourlyConsumption: number('kWh', 'Energy drawn in the hour that begins at the time'),
      hourlyCost: number('NOK', 'Cost of the energy drawn in the hour that begins at the time'),
      hourlyProduction: number('kWh', 'Energy delivered in the hour that begins at the time'),
      hourlyReward: number('NOK', 'Payment for the energy delivered in the hour that begins at the time'),
      lastMeterConsumption: number('kWh', "The meter's own register of energy drawn"),
      lastMeterProduction: number('kWh', "The meter's own register of energy delivered"),
      powerReactive: number('var', 'Reactive power drawn'),
      powerProductionReactive: number('var', 'Reactive power delivered'),
      powerFactor: number('1', 'Power factor', 0, 1),
      voltagePhase1: number('V', 'Voltage of phase 1'),
      voltagePhase2: number('V', 'Voltage of phase 2'),
      voltagePhase3: number('V', 'Voltage of phase 3'),
      currentL1: number('A', 'Current of phase 1'),
      currentL2: number('A', 'Current of phase 2'),
      currentL3: number('A', 'Current of phase 3'),
      signalStrength: number('dBm', "Strength of the meter reader's radio signal"),
    },
  },
  heatPumpController: {
    meaning: 'A heat pump and its remote control',
    forecast: false,
    fields: {
      temperature: airTemperature('Air temperature at the controller'),
      humidity: relativeHumidity('Relative humidity at the controller'),
      targetTemperature: airTemperature('What the heat pump is set to'),
      mode: text('cool, heat, auto, fan, dry'),
      fanLevel: text("The fan's step in the vendor's own word"),
      on: flag('Whether the heat pump is on'),
      power: number('W', 'Electric power drawn by the heat pump', 0),
    },
  },
  heater: {
    meaning: 'An electric heater with a thermostat of its own',
    forecast: false,
    fields: {
      temperature: airTemperature('Air temperature at the heater'),
      humidity: relativeHumidity('Relative humidity at the heater'),
      targetTemperature: airTemperature('What the heater is set to'),
      power: number('W', 'Electric power drawn by the heater', 0),
      energyToday: number('kWh', 'Energy drawn since local midnight', 0),
      controlSignal: number('%', 'Share of its full power that the thermostat asks for', 0, 100),
      on: flag('Whether the heater is switched on (not whether it heats just now)'),
      openWindow: flag('Whether it holds back because a window seems open'),
    },
  },
  ventilationControl: {
    meaning: 'A ventilation unit',
    forecast: false,
    fields: {
      extractAirSpeed: number('%', 'Speed of the extract fan', 0, 100),
      supplyAirFanSpeed: number('%', 'Speed of the supply fan', 0, 100),
      extractAirTemperature: airTemperature('Air taken from the rooms'),
      supplyAirTemperature: airTemperature('Air blown into the rooms'),
      outdoorTemperature: airTemperature('Air outdoors'),
      temperatureSetpoint: airTemperature('Wanted temperature of the supply air'),
      humidity: relativeHumidity('Relative humidity of the extract air'),
      supplyAirFanRotation: number('rpm', 'Rotation of the supply fan', 0),
      extractAirFanRotation: number('rpm', 'Rotation of the extract fan', 0),
      co2: number('ppm', 'Carbon dioxide in the extract air', 0),
      mode: text('What the unit does: auto, manual, crowded, refresh, fireplace, away, holiday …'),
      fanLevel: text('auto, or by hand: off, low, normal, high'),
      boostMinutes: number('min', 'Time left of strong airing; 0 when it does not', 0),
      filterDays: number('d', 'Time left until the filter is due', 0),
      alarm: flag('Whether the unit reports an alarm'),
    },
  },
  weatherForecast: {
    meaning: 'Weather forecast for the place of the house',
    forecast: true,
    fields: {
      temperature: airTemperature('Air temperature'),
      humidity: relativeHumidity('Relative humidity'),
      cloudAreaFraction: number('%', 'Share of the sky under clouds', 0, 100),
      cloudAreaFractionLow: number('%', 'Share under low clouds', 0, 100),
      cloudAreaFractionMedium: number('%', 'Share under medium clouds', 0, 100),
      cloudAreaFractionHigh: number('%', 'Share under high clouds', 0, 100),
      fogAreaFraction: number('%', 'Share covered by fog', 0, 100),
      dewPointTemperature: airTemperature('Dew point'),
      airPressureAtSeaLevel: number('hPa', 'Air pressure, reduced to sea level', 800, 1100),
      windSpeed: number('m/s', 'Mean wind speed', 0, 150),
      windSpeedOfGust: number('m/s', 'Wind speed in gusts', 0, 150),
      windFromDirection: number('°', 'Where the wind comes from; 0 is north, 90 east', 0, 360),
      precipitationAmount: number('mm', 'Precipitation in the hour that begins at the time', 0),
      ultravioletIndexClearSky: number('1', 'Ultraviolet index without clouds', 0),
      symbolCode: text("The forecast's weather symbol for the hour that begins at the time"),
      temperaturePercentile10: airTemperature('Air temperature that is exceeded nine times in ten'),
      temperaturePercentile90: airTemperature('Air temperature that is exceeded once in ten'),
      windSpeedPercentile10: number('m/s', 'Wind speed that is exceeded nine times in ten', 0, 150),
      windSpeedPercentile90: number('m/s', 'Wind speed that is exceeded once in ten', 0, 150),
      precipitationAmountMin: number('mm', 'Lower bound of what is likely in the hour that begins at the time', 0),
      precipitationAmountMax: number('mm', 'Upper bound of what is likely in the hour that begins at the time', 0),
      probabilityOfPrecipitation: number('%', 'Chance of rain or snow in the hour that begins at the time', 0, 100),
      probabilityOfThunder: number('%', 'Chance of thunder in the hour that begins at the time', 0, 100),
      precipitationAmount6Hours: number('mm', 'Precipitation in the six hours that begin at the time', 0),
      precipitationAmountMin6Hours: number('mm', 'Lower bound of what is likely in the six hours', 0),
      precipitationAmountMax6Hours: number('mm', 'Upper bound of what is likely in the six hours', 0),
      probabilityOfPrecipitation6Hours: number('%', 'Chance of rain or snow in the six hours', 0, 100),
      probabilityOfPrecipitation12Hours: number('%', 'Chance of rain or snow in the twelve hours', 0, 100),
      temperatureMin6Hours: airTemperature('Lowest air temperature in the six hours that begin at the time'),
      temperatureMax6Hours: airTemperature('Highest air temperature in the six hours that begin at the time'),
      symbolCode6Hours: text('The weather symbol for the six hours that begin at the time'),
      symbolCode12Hours: text('The weather symbol for the twelve hours that begin at the time'),
      symbolConfidence12Hours: text('How certain the symbol of the twelve hours is, in the vendor’s word'),
    },
  },
  solarRadiation: {
    meaning:
      'Forecast of sunlight at the place of the house; each value is the mean of the period that begins at its time',
    forecast: true,
    fields: {
      azimuth: number('°', 'Direction of the sun; 0 is north, positive towards west', -180, 180),
      zenith: number('°', 'Angle of the sun from straight above', 0, 180),
      diffuseHorizontalIrradiance: irradiance('Scattered sunlight on level ground'),
      directNormalIrradiance: irradiance('Direct sunlight on a surface that faces it'),
      globalHorizontalIrradiance: irradiance('All sunlight on level ground'),
      temperature: airTemperature('Air temperature'),
      cloudOpacity: number('%', 'Share of the sunlight that clouds keep off', 0, 100),
      solarPower: number('W', "Mean power of the owner's panels", 0),
      solarPower10: number('W', 'Power of the panels that is exceeded nine times in ten', 0),
      solarPower90: number('W', 'Power of the panels that is exceeded once in ten', 0),
    },
  },
  solarBatterySystem: {
    meaning: 'Solar panels, a battery and their inverter',
    forecast: false,
    fields: {
      batteryCharge: number('%', 'State of charge', 0, 100),
      batteryPower: number('W', 'Power of the battery; positive while it charges'),
      gridPower: number('W', 'Power at the grid connection; positive while drawn from the grid'),
      powerConsumption: number('W', 'What the house uses; grid plus solar minus battery', 0),
      solarPower: number('W', 'What the panels give', 0),
      batteryVoltage: number('V', 'Voltage of the battery', 0),
      batteryCurrent: number('A', 'Current of the battery; positive while it charges'),
      batteryTemperature: number('°C', 'Temperature of the battery', -90, 150),
      gridSetpoint: number('W', 'Wanted power at the grid connection; positive draws from the grid'),
      chargeLimit: number('W', 'Most power it may charge with; absent where there is no limit', 0),
      dischargeLimit: number('W', 'Most power it may give; absent where there is no limit', 0),
      minimumCharge: number('%', 'State of charge below which it does not discharge', 0, 100),
    },
  },
  spotPrice: {
    meaning: 'Day-ahead price of electricity',
    forecast: true,
    fields: {
      price: number(
        'currency/kWh',
        'As published, without tax; the tags `currency` and `area` say which. May be negative',
      ),
      minutes: number('min', 'For how long from the time the price holds', 0),
      preliminary: flag('Whether the exchange may still change it; the newest issue counts'),
    },
  },
} as const satisfies Record<string, Group>

export type GroupName = keyof typeof groups

/** The group of that name, or `undefined`: groups that nobody has described yet are logged all the same. */
export const groupOf = (name: string): Group | undefined =>
  Object.hasOwn(groups, name) ? groups[name as GroupName] : undefined

/** What is known of a field, or `undefined` for a field nobody has described. */
export const fieldOf = (group: string, field: string): Field | undefined => {
  const fields = groupOf(group)?.fields
  return fields && Object.hasOwn(fields, field) ? fields[field] : undefined
}

/** Whether samples of the group carry a time of issue. */
export const isForecast = (group: string): boolean => groupOf(group)?.forecast ?? false
