/** A house with everything in it, on a Friday noon in Trondheim: what its devices have logged, and some that is still to come. */
import { evenComfort, type HouseSetup } from '@nabolag/control'
import { microsFromMillis, type Sample } from '@nabolag/core'

export const hour = 3_600_000
export const minute = 60_000
export const at = (iso: string) => Date.parse(iso)
export const now = at('2026-11-20T11:03:00Z')
export const houseId = 7

type Given = Omit<Partial<Sample>, 'time' | 'issued'> & { time: number; issued?: number; fields: Sample['fields'] }
export const sample = ({ time, issued, ...more }: Given): Sample => ({
  ...{ houseId, group: 'airSensor', device: 'mill-sense', count: 0, location: '', tags: {} },
  ...more,
  time: microsFromMillis(time),
  issued: issued === undefined ? undefined : microsFromMillis(issued),
})
export const every = <T>(step: number, from: number, to: number, make: (time: number) => T): T[] =>
  Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, n) => make(from + n * step))

export const pump = { group: 'heatPumpController', device: 'sensibo-sky', location: 'Stue' }
/** Set from 20 to 22 °C at 10:30, and to 24 °C after `now`. */
const rooms = () => [
  ...every(5 * minute, now - 30 * hour, now + hour, (time) =>
    sample({
      ...{ ...pump, time },
      fields: {
        ...{ temperature: 21, mode: 'heat', fanLevel: 'auto', on: true },
        targetTemperature: time > now ? 24 : time >= at('2026-11-20T10:30:00Z') ? 22 : 20,
      },
    }),
  ),
  ...every(10 * minute, now - 30 * hour, now + hour, (time) =>
    sample({ time, location: 'Bad', fields: { temperature: 23, eco2: 700, tvoc: 150, humidity: 40 } }),
  ),
  ...every(10 * minute, now - 4 * hour, now + hour, (time) =>
    sample({ time, location: 'Loft', fields: { temperature: 19, humidity: 35 + (time > now ? 50 : 0) } }),
  ),
]
const technics = () => [
  ...every(10 * minute, now - 40 * hour, now + hour, (time) =>
    sample({
      ...{ group: 'ventilationControl', device: 'systemair-vsr500', location: 'Unit', time },
      fields: { outdoorTemperature: -4, temperatureSetpoint: 18, fanLevel: 'normal', mode: 'manual', humidity: 45 },
    }),
  ),
  ...every(minute, now - hour, now + hour, (time) =>
    sample({
      ...{ group: 'solarBatterySystem', device: 'victron', time },
      fields: { batteryCharge: 55, powerConsumption: 900, solarPower: 100, gridSetpoint: 0, chargeLimit: 2500 },
    }),
  ),
]
const nok = { area: 'NO3', currency: 'NOK', source: 'nordpool' }
/** Quarters of three days; Saturday's, issued on Friday at 13:00 local, are not known yet at `now`. */
const spot = () => {
  const days = ['2026-11-18T23:00:00Z', '2026-11-19T23:00:00Z', '2026-11-20T23:00:00Z'].map(at)
  const quarter = (start: number, price: number, issued: number, tags: Record<string, string> = nok) =>
    sample({ group: 'spotPrice', device: 'spot-price', tags, time: start, issued, fields: { price, minutes: 15 } })
  return days.flatMap((day) => [
    ...every(15 * minute, day, day + 24 * hour, (start) => quarter(start, 0.5, day - 11 * hour)),
    quarter(day, 0.7, day - 10 * hour),
    quarter(day, 0.05, day - 11 * hour, { ...nok, currency: 'EUR' }),
  ])
}
/** Issued each six hours; each issue is a degree warmer than the one before. */
const weather = () =>
  every(6 * hour, at('2026-11-18T00:00:00Z'), now + 7 * hour, (issued) =>
    every(hour, issued, issued + 60 * hour, (time) =>
      sample({
        ...{ group: 'weatherForecast', device: 'met', time, issued },
        fields: {
          temperature: (issued - at('2026-11-20T06:00:00Z')) / (6 * hour),
          ...{ humidity: 80, cloudAreaFraction: 50 },
        },
      }),
    ),
  ).flat()
/** Settled until midnight, live since 04:00 local. */
const meter = () => [
  ...every(hour, at('2026-11-10T23:00:00Z'), at('2026-11-19T23:00:00Z'), (time) =>
    sample({
      ...{ group: 'powerConsumption', device: 'tibber-hourly', location: 'Home', time },
      fields: { hourlyConsumption: 2 },
    }),
  ),
  ...every(minute, at('2026-11-20T03:00:00Z'), now + hour, (time) =>
    sample({
      ...{ group: 'powerConsumption', device: 'tibber-realtime', location: 'Home', time },
      fields: { power: 3000, accumulatedConsumptionLastHour: (3 * (time % hour)) / hour },
    }),
  ),
]

/** Everything that is logged. */
export const logged = (): Sample[] => [...rooms(), ...technics(), ...spot(), ...weather(), ...meter()]

export const stue = { device: 'sensibo-sky', count: 0, location: 'Stue' }
export const setup: HouseSetup = {
  ...{ id: houseId, name: 'Seven', timezone: 'Europe/Oslo', latitude: 63.43, longitude: 10.4 },
  rooms: [
    {
      ...{ id: 1, name: 'Stue', area: 40, comfort: evenComfort(21, 1) },
      sensors: [
        { ...stue, group: 'heatPumpController' },
        { device: 'mill-sense', count: 0, location: 'Bad', group: 'airSensor' },
        { device: 'mill-sense', count: 0, location: 'Gone', group: 'airSensor' },
      ],
    },
  ],
  loops: [
    {
      ...{ id: 11, kind: 'heating', room: 1, mode: 'control', controller: 'schedule', settings: {}, limits: {} },
      actuator: { ...stue, capability: 'thermostat' },
    },
    {
      ...{ id: 12, kind: 'ventilation', mode: 'control', controller: 'ventilation', settings: {}, limits: {} },
      actuator: { device: 'systemair-vsr500', count: 0, location: '', capability: 'ventilation' },
    },
    {
      ...{ id: 13, kind: 'battery', mode: 'control', controller: 'battery', settings: {}, limits: {} },
      actuator: { device: 'victron', count: 0, location: '', capability: 'battery' },
    },
  ],
}
