/** Four houses like those the thesis logged, with their accounts at the simulated vendors. */
import { carefulSettings } from '@nabolag/control/controls/price-responsive-pi'
import { type HeatPump, type HouseParameters, usualHeatPump } from '@nabolag/control/thermal/index'

import type { Battery } from './battery.ts'
import { loginAt } from './logins.ts'
import type { Roof } from './solar.ts'

export type Room = {
  readonly name: string
  readonly pod: string
  readonly model: HouseParameters
  readonly pump: HeatPump
  /** °C wanted by day and by night. */
  readonly day: number
  readonly night: number
}

export type DemoIntegration =
  | 'met'
  | 'mill-heater'
  | 'mill-sense'
  | 'sensibo-sky'
  | 'solcast'
  | 'spot-price'
  | 'systemair-vsr500'
  | 'tibber-hourly'
  | 'tibber-realtime'
  | 'verisure-smoke-detector'
  | 'victron'

export type DemoDevice = {
  readonly integration: DemoIntegration
  readonly credentials: Readonly<Record<string, string | number>>
}

export type DemoHouse = {
  /** The thesis's number. */
  readonly number: number
  readonly name: string
  readonly latitude: number
  readonly longitude: number
  readonly altitude: number
  readonly rooms: readonly Room[]
  /** Access token at the simulated Tibber, and the id of the home there. */
  readonly tibber?: { readonly token: string; readonly home: string }
  /** API key at the simulated Sensibo. */
  readonly sensibo?: { readonly key: string }
  /** Panels and battery behind the house's meter. */
  readonly roofs?: readonly Roof[]
  readonly battery?: Battery
  /** The account that sees the house's GX device at the simulated VRM. */
  readonly victron?: { readonly portal: string; readonly email: string; readonly token: string }
  /** API key at the simulated Solcast, whose rooftop sites are the roofs. */
  readonly solcast?: { readonly key: string }
  /** A wood stove in one of the rooms (by its place in `rooms`), and the kW it gives when it burns well. */
  readonly stove?: { readonly room: number; readonly power: number }
  readonly devices: readonly DemoDevice[]
  /** Whose people live here too: everything but its control is as in that house. */
  readonly like?: string
  /** How the demo has it controlled; without it nobody controls it. */
  readonly control?: DemoControl
}

/** One of the controls for every room with a heat pump of Sensibo's, and what the whole house has besides. */
export type DemoControl = {
  readonly controller: 'schedule' | 'price-responsive-pi' | 'model-predictive'
  readonly settings?: Readonly<Record<string, number | string>>
  /** What the room may be off its wish, K. */
  readonly deviation: number
  readonly battery?: true
}

/** A room as a house of its own, by floor area (m²) and heat loss (W/K per m²). */
const room = (name: string, pod: string, area: number, loss: number, day: number, night: number): Room => ({
  name,
  pod,
  day,
  night,
  pump: { ...usualHeatPump, capacity: Math.max(2.5, 0.085 * area) },
  model: {
    Ci: 0.016 * area,
    Ce: 0.055 * area,
    Hie: 0.014 * area,
    Hia: (0.45 * loss * area) / 1000,
    Hea: 1 / (1 / ((0.55 * loss * area) / 1000) - 1 / (0.014 * area)),
    Aw: 0.035 * area,
    Ae: 0.02 * area,
  },
})

const house3 = { latitude: 63.4305, longitude: 10.3951, altitude: 42 }
const house4 = { latitude: 63.4189, longitude: 10.4328, altitude: 96 }
const house5 = { latitude: 63.3742, longitude: 10.3727, altitude: 131 }

const roofs: readonly Roof[] = [
  { site: 'sim4-sout-hern-roof', name: 'South', peak: 4800, inverter: 4500, tilt: 34, azimuth: -170 },
  { site: 'sim4-west-gara-geee', name: 'Garage', peak: 1800, inverter: 1800, tilt: 12, azimuth: 100 },
]
const place = ({ latitude, longitude }: typeof house3) => ({ latitude, longitude })

const tibberOf = (number: number): readonly DemoDevice[] => [
  {
    integration: 'tibber-realtime',
    credentials: { 'api-key': `sim-tibber-house-${number}`, pulse_index: '0' },
  },
  { integration: 'tibber-hourly', credentials: { 'api-key': `sim-tibber-house-${number}` } },
]
const pricesHere: DemoDevice = { integration: 'spot-price', credentials: { area: 'NO3' } }
/** The four rooms of house 3, with pods of their own in each house that has such rooms. */
const fourRooms = (number: number): readonly Room[] => [
  room('living area', `SIMLIV${number === 3 ? '01' : `${number}1`}`, 52, 0.9, 22, 20),
  room('lower living area', `SIMLOW${number === 3 ? '02' : `${number}2`}`, 38, 0.8, 21, 19),
  room('main room', `SIMMAI${number === 3 ? '03' : `${number}3`}`, 34, 0.9, 20, 18),
  room('studio', `SIMSTU${number === 3 ? '04' : `${number}4`}`, 28, 1.1, 21, 17),
]

/**
 * Houses 3 to 5 with the devices that each had in the thesis, and what it has in none of them where it fits; each is under
 * one of the controls. House 6 is house 3 once more, and nobody controls it.
 */
export const demoHouses: readonly DemoHouse[] = [
  {
    number: 3,
    name: 'House 3',
    ...house3,
    rooms: fourRooms(3),
    tibber: { token: 'sim-tibber-house-3', home: '3f9d7a52-4a51-4c0e-9f70-5b1c8f2b9a03' },
    sensibo: { key: 'sim-sensibo-house-3' },
    solcast: { key: 'sim-solcast-house-3' },
    devices: [
      { integration: 'met', credentials: house3 },
      ...tibberOf(3),
      { integration: 'sensibo-sky', credentials: { 'api-key': 'sim-sensibo-house-3' } },
      { integration: 'mill-sense', credentials: loginAt('mill', 3) },
      { integration: 'systemair-vsr500', credentials: loginAt('systemair', 3) },
      { integration: 'verisure-smoke-detector', credentials: loginAt('verisure', 3) },
      { integration: 'solcast', credentials: { 'api-key': 'sim-solcast-house-3', ...place(house3) } },
      pricesHere,
    ],
    control: { controller: 'model-predictive', settings: { restWithin: 0.3 }, deviation: 1.5 },
  },
  {
    number: 4,
    name: 'House 4',
    ...house4,
    rooms: [room('living room', 'SIMLIV41', 60, 1.0, 21, 19)],
    roofs,
    battery: { capacity: 10, power: 4500, efficiency: 0.95 },
    sensibo: { key: 'sim-sensibo-house-4' },
    victron: { portal: '5e1f00d0c0de', email: 'house-4@sim.example.org', token: 'sim-victron-house-4' },
    solcast: { key: 'sim-solcast-house-4' },
    devices: [
      { integration: 'met', credentials: house4 },
      { integration: 'mill-sense', credentials: loginAt('mill', 4) },
      { integration: 'mill-heater', credentials: loginAt('mill', 4) },
      { integration: 'sensibo-sky', credentials: { 'api-key': 'sim-sensibo-house-4' } },
      {
        integration: 'victron',
        credentials: {
          'portal-id': '5e1f00d0c0de',
          email: 'house-4@sim.example.org',
          'access-token': 'sim-victron-house-4',
        },
      },
      {
        integration: 'solcast',
        credentials: {
          'api-key': 'sim-solcast-house-4',
          ...place(house4),
          sites: roofs.map(({ site }) => site).join(','),
        },
      },
      pricesHere,
    ],
    control: { controller: 'schedule', deviation: 1, battery: true },
  },
  {
    number: 5,
    name: 'House 5',
    ...house5,
    rooms: [room('Stue', 'SIMSTU51', 46, 1.3, 22, 20), room('Soverom', 'SIMSOV52', 24, 1.2, 18, 16)],
    sensibo: { key: 'sim-sensibo-house-5' },
    stove: { room: 0, power: 2.4 },
    tibber: { token: 'sim-tibber-house-5', home: '6c1b0e0e-2d35-4b0c-8d1f-2a7a5f3c9b05' },
    devices: [
      { integration: 'met', credentials: house5 },
      ...tibberOf(5),
      { integration: 'sensibo-sky', credentials: { 'api-key': 'sim-sensibo-house-5' } },
      pricesHere,
    ],
    control: { controller: 'price-responsive-pi', settings: carefulSettings, deviation: 1 },
  },
  {
    number: 6,
    name: 'House 6',
    like: 'House 3',
    ...house3,
    rooms: fourRooms(6),
    tibber: { token: 'sim-tibber-house-6', home: '9d2c4f7e-11aa-4c38-9b64-7e5a0c1d2f06' },
    sensibo: { key: 'sim-sensibo-house-6' },
    devices: [
      { integration: 'met', credentials: house3 },
      ...tibberOf(6),
      { integration: 'sensibo-sky', credentials: { 'api-key': 'sim-sensibo-house-6' } },
      pricesHere,
    ],
  },
]
