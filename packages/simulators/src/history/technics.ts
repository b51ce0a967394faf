/** The past of meters, of the ventilation unit, and of panels and battery. */
import { homeOf, measuresOf } from '../victron-site.ts'
import { round } from '../world/noise.ts'
import { makeVentilation } from '../world/ventilation.ts'
import { hour, minute, type Past, steps } from './past.ts'

export const tibberRealtime: Past = function* ({ living, options, start, to }) {
  for (const time of steps(start, to, 1000 * (options.tibberEvery ?? 10))) {
    const { power, today, cost } = living.meterAt(time)
    const fields = { power, accumulatedConsumption: today, accumulatedCost: cost }
    yield { group: 'powerConsumption', time, location: living.house.name, fields }
  }
}

export const tibberHourly: Past = function* ({ living, start, to }) {
  for (const time of steps(start, to - hour + 1, hour)) {
    const { energy, cost } = living.used(time, time + hour)
    const fields = { hourlyPower: energy * 1000, hourlyConsumption: energy, hourlyCost: cost }
    yield { group: 'powerConsumption', time, location: living.house.name, fields }
  }
}

/** As nobody has set anything: it runs by itself. */
export const systemair: Past = function* ({ world, living, start, to }) {
  const ventilation = makeVentilation(living, world.seed, world.start)
  for (const time of steps(start, to, 4 * minute)) {
    const air = ventilation.airAt(time)
    const fields = {
      extractAirSpeed: air.extractShare,
      supplyAirFanSpeed: air.supplyShare,
      extractAirTemperature: air.extract,
      supplyAirTemperature: air.supply,
      outdoorTemperature: air.outdoor,
      temperatureSetpoint: ventilation.settingsAt(time).setpoint,
      humidity: air.humidity,
      supplyAirFanRotation: air.supplyRotation,
      extractAirFanRotation: air.extractRotation,
      co2: air.co2,
      mode: air.mode,
      fanLevel: 'auto',
      boostMinutes: 0,
      filterDays: round(air.filter / 86_400, 2),
      alarm: false,
    }
    yield { group: 'ventilationControl', time, location: ventilationName, fields }
  }
}
const ventilationName = 'Ventilation'

export const victron: Past = function* ({ living, options, start, to }) {
  const home = homeOf(living)
  for (const time of steps(start, to, 1000 * (options.victronEvery ?? 120))) {
    const { load, ac, dc, battery, grid, charge, voltage, current, temperature } = measuresOf(home, time)
    const { gridSetpoint, minimumCharge } = home.storageAt(time)
    const fields = {
      batteryCharge: charge,
      batteryPower: battery,
      gridPower: grid,
      powerConsumption: load,
      solarPower: ac + dc,
      batteryVoltage: voltage,
      batteryCurrent: current,
      batteryTemperature: temperature,
      gridSetpoint,
      minimumCharge,
    }
    yield { group: 'solarBatterySystem', time, fields }
  }
}
