/** The vendors' clouds, simulated, and the houses that live behind them. */
import type { Faults } from './faults.ts'
import { startMet } from './met.ts'
import { startMill } from './mill.ts'
import { startNordpool } from './nordpool.ts'
import { startSensibo } from './sensibo.ts'
import type { ListenOptions, Simulator } from './server.ts'
import { startSolcast } from './solcast.ts'
import { startSystemair } from './systemair.ts'
import { startTibber } from './tibber.ts'
import { startVerisure } from './verisure.ts'
import { startVictron } from './victron.ts'
import { makeWorld, type World } from './world/world.ts'

export { type Fault, type FaultOptions, type Faults, faults } from './faults.ts'
export { applyControlPast, type ControlPast, controlPast } from './history/control-past.ts'
export { demoSetup } from './history/demo-control.ts'
export { type HistoryOptions, history } from './history/index.ts'
export { controlPastInThreads } from './history/past-threads.ts'
export { stoveHistory, stoveSampleAt, stoveSensor } from './history/stove.ts'
export type { Account, Simulator } from './server.ts'
export type { AcState, LivingHouse, Meter } from './world/house.ts'
export { type DemoDevice, type DemoHouse, demoHouses, type Room } from './world/houses.ts'
export { makeWorld, type World, type WorldOptions } from './world/world.ts'

/** One line per vendor; the name is that of `vendor` in the integrations. */
const starters = {
  met: startMet,
  tibber: startTibber,
  sensibo: startSensibo,
  mill: startMill,
  nordpool: startNordpool,
  systemair: startSystemair,
  verisure: startVerisure,
  solcast: startSolcast,
  victron: startVictron,
} as const satisfies Record<string, (world: World, options: ListenOptions) => Promise<Simulator>>

export type VendorName = keyof typeof starters
export const vendorNames = Object.keys(starters) as readonly VendorName[]

export type Simulators = {
  /** The origin of each vendor that was started: what goes into `NABOLAG_VENDOR_URLS`. */
  readonly urls: Readonly<Record<VendorName, string>>
  readonly faults: Readonly<Record<VendorName, Faults>>
  /** Those that were started. */
  readonly started: ReadonlyMap<VendorName, Simulator>
  readonly world: World
  close(): Promise<void>
}

export type SimulatorOptions = {
  /** All when absent. */
  readonly vendors?: readonly VendorName[]
  /** A free one where absent. */
  readonly ports?: Readonly<Partial<Record<VendorName, number>>>
  /** A fresh one with the demo houses when absent. */
  readonly world?: World
  readonly host?: string
}

/**
 * Starts the vendors' clouds. Whoever is not started has an empty address and no faults to switch.
 *
 * @throws the error of the system when a port is taken; what was started by then is closed again
 */
export async function startSimulators(options: SimulatorOptions = {}): Promise<Simulators> {
  const { vendors = vendorNames, ports = {}, world = makeWorld(), host } = options
  const started = new Map<VendorName, Simulator>()
  const close = async () => {
    await Promise.all([...started.values()].map((simulator) => simulator.close()))
  }
  try {
    for (const name of vendors) started.set(name, await starters[name](world, { port: ports[name], host }))
  } catch (error) {
    await close()
    throw error
  }
  const each = <T>(of: (simulator: Simulator | undefined) => T) =>
    Object.fromEntries(vendorNames.map((name) => [name, of(started.get(name))])) as Record<VendorName, T>
  return {
    urls: each((simulator) => simulator?.url ?? ''),
    faults: each((simulator) => simulator?.faults as Faults),
    started,
    world,
    close,
  }
}
