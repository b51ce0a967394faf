/** `nabolag demo`: the launcher with simulated vendors, four houses and a past, in a data folder of its own. */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Problem, readSettings } from '@nabolag/core'
import { refuseNewer, writePrivately } from './data-folder.ts'
import type { HistoryGiven, SimulatorsGiven } from './demo-children.ts'
import type { ControlGiven } from './demo-control.ts'
import { setUpHouses } from './demo-houses.ts'
import { launch, type Stack } from './launch.ts'
import { lockHolder } from './lock.ts'
import { freePort } from './ports.ts'
import { jsonScreen, peopleScreen } from './screen.ts'

const usualFolder = './data/demo'
const hour = 3_600_000

/** What the demo remembers: the same world goes on at the next start. */
type Demo = { readonly username: string; readonly password: string; readonly seed: number; readonly start: number }

export async function runDemo(
  environment: NodeJS.ProcessEnv,
  { fresh = false, json = false }: { fresh?: boolean; json?: boolean },
): Promise<void> {
  const path = resolve(environment.NABOLAG_DATA || usualFolder)
  const demo = prepareFolder(path, fresh)
  const own = {
    ...environment,
    NABOLAG_DATA: path,
    NABOLAG_ADMIN_USERNAME: demo.username,
    NABOLAG_ADMIN_PASSWORD: demo.password,
    // The demo must never get into somebody's real databases.
    DATABASE_URL: undefined,
    CLICKHOUSE_URL: undefined,
    MQTT_URL: undefined,
  }
  await launch({
    settings: readSettings(own),
    environment: own,
    screen: json ? jsonScreen() : peopleScreen(({ http }) => greet(http, demo, path)),
    // The past comes first: once a device runs, its newest sample no longer tells where the past ends.
    beforeRoles: async (stack) => {
      const controlFile = controlFileIn(stack.folder.path)
      const given: HistoryGiven = { seed: demo.seed, start: demo.start, controlFile }
      await stack.supervisor.once(stack.plan('demo-history', given), (progress) =>
        stack.screen.progress('History', progress),
      )
      return startSimulators(stack, demo)
    },
    afterRoles: async (stack) => {
      const { running, folder } = stack
      await setUpHouses(running.http, demo, stoveFileIn(folder.path))
      const given: ControlGiven = { http: running.http, login: demo, file: controlFileIn(folder.path) }
      await stack.supervisor.once(stack.plan('demo-control', given))
    },
  })
}

const greet = (http: string, { username, password }: Demo, path: string) => [
  `Sign in at ${http}`,
  `  user name  ${username}`,
  `  password   ${password}`,
  '',
  'House 3 is planned ahead, house 4 keeps its schedule and has a battery, house 5 follows the price;',
  'house 6 is house 3 once more, and nobody controls it. All are simulated, and so are the clouds of',
  `their devices: vendors.json in ${path} says where each is made to fail.`,
  'Commands for this demo begin',
  `  NABOLAG_DATA=${path} nabolag …`,
]

const controlFileIn = (path: string) => join(path, 'control-past.json')
const stoveFileIn = (path: string) => join(path, 'wood-stove.json')

type Vendors = { readonly urls: Readonly<Record<string, string>>; readonly faults: Readonly<Record<string, string>> }

async function startSimulators(stack: Stack, { seed, start }: Demo): Promise<NodeJS.ProcessEnv> {
  const { vendorNames } = await import('@nabolag/simulators')
  const { supervisor, plan, folder } = stack
  // Chosen once, so that the vendors keep their addresses when the simulators are started again.
  const chosen = await Promise.all(vendorNames.map(async (vendor) => [vendor, await freePort()] as const))
  const ports = Object.fromEntries(chosen) as SimulatorsGiven['ports']
  const controlFile = controlFileIn(folder.path)
  const given: SimulatorsGiven = { seed, start, ports, stoveFile: stoveFileIn(folder.path), controlFile }
  const { urls, faults } = await supervisor.start<Vendors>(plan('simulators', given))
  writePrivately(join(folder.path, 'vendors.json'), { faults })
  const pairs = Object.entries(urls).map(([vendor, url]) => `${vendor}=${url}`)
  return { NABOLAG_VENDOR_URLS: pairs.join(',') }
}

/** Only what a demo has made is ever thrown away or gone on with. */
function prepareFolder(path: string, fresh: boolean): Demo {
  refuseNewer(path)
  const file = join(path, 'demo.json')
  if (existsSync(join(path, 'version.json')) && !existsSync(file))
    throw Problem('conflict', `${path} is not a demo’s folder; give the demo another one with NABOLAG_DATA`)
  if (fresh && existsSync(file)) {
    const holder = lockHolder(path)
    if (holder) throw Problem('conflict', `The demo on ${path} is running (process ${holder.pid}); stop it first`)
    rmSync(path, { recursive: true })
  }
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Demo
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const start = Math.floor(Date.now() / hour) * hour - 34 * 24 * hour
  const demo = { username: 'demo', password: randomBytes(12).toString('base64url'), seed: 2023, start }
  writePrivately(file, demo)
  return demo
}
