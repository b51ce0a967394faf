/** Mill's cloud, simulated: log-ins that end, own and shared houses, sensors, and heaters that warm the simulated rooms. */
import { type Faults, shownTime } from './faults.ts'
import { errorReply, type MillDevice, millDevices } from './mill-devices.ts'
import { makeMillTokens, type TokenPair } from './mill-tokens.ts'
import { makeQuirks } from './quirks.ts'
import {
  type ListenOptions,
  makeAllowance,
  type Question,
  type Reply,
  type Simulator,
  startVendor,
  type Vendor,
} from './server.ts'
import type { LivingHouse } from './world/house.ts'
import { loginAt } from './world/logins.ts'
import type { World } from './world/world.ts'

export const startMill = (world: World, options: ListenOptions = {}): Promise<Simulator> =>
  startVendor((faults) => makeMill(world, faults), options)

/** Switched over HTTP at `/_quirks`. */
const quirkMenu = {
  storm: 'Every access token is refused as if it had run out; log-ins go on',
  inside: 'Errors come in a 200',
  charging: 'Sensors charge, and their numbers are none',
  offline: 'Devices have lost their connection; the cloud repeats their last words',
  silent: 'Devices have no metrics: `as` null, empty or missing',
  milliseconds: 'The time of metrics is in milliseconds',
  deaf: 'Heaters do not hear what is wanted of them: `delta` stays',
  tibber: 'Tibber steers the heaters',
} as const
export type MillQuirk = keyof typeof quirkMenu

const invalidToken = errorReply(401, 'InvalidAuthTokenError', 'Invalid auth token')
const wrongLogin = errorReply(401, 'LogInError', 'Incorrect login or password')
const tooMany = errorReply(429, 'TooManyRequestsError', 'Too many requests')
const notFound = errorReply(404, 'NotFoundError', 'There is no such house or device')

type MillHouse = { readonly id: string; readonly living: LivingHouse; readonly devices: readonly MillDevice[] }
type MillAccount = {
  readonly password: string
  readonly own: readonly MillHouse[]
  readonly shared: readonly MillHouse[]
}

function makeMill(world: World, faults: Faults): Vendor {
  const quirks = makeQuirks<MillQuirk>(quirkMenu)
  const houses = world.houses.map((living): MillHouse => {
    const { id, devices } = millDevices(living)
    return { id, living, devices }
  })
  const accounts = new Map<string, MillAccount>(
    houses.map((house) => {
      const { username, password } = loginAt('mill', house.living.house.number)
      return [username, { password, own: [house], shared: [] }]
    }),
  )
  const family = { username: 'family@mill.example', password: 'sim-mill-family' }
  // Not the copy of a house: their rooms have the same names.
  const shared = houses.filter(({ living }) => living.house.like === undefined).slice(-1)
  accounts.set(family.username, { password: family.password, own: houses.slice(0, 1), shared })
  const tokens = makeMillTokens(world.now)
  const allowance = makeAllowance(2500, 3600, world.now)

  const bearerOf = ({ headers }: Question) => /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? ''
  const given = ({ body }: Question) =>
    (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  const account = (question: Question) => {
    if (question.path.endsWith('/auth/sign-in')) return String(given(question).login ?? '').toLowerCase() || undefined
    return tokens.ownerOf(bearerOf(question))
  }

  function signedIn(question: Question): Reply {
    const bearer = bearerOf(question)
    const pair = (tokenPair: TokenPair | undefined): Reply =>
      tokenPair ? { status: 200, body: tokenPair } : invalidToken
    if (question.path === '/customer/auth/sign-in' && question.method === 'POST') {
      const { login, password } = given(question)
      const who = String(login ?? '').toLowerCase()
      return accounts.get(who)?.password === password ? pair(tokens.open(who)) : wrongLogin
    }
    if (question.path === '/customer/auth/refresh' && question.method === 'POST') return pair(tokens.renew(bearer))
    if (question.path === '/customer/auth/sign-out' && question.method === 'DELETE') {
      tokens.end(bearer)
      return { status: 200, body: {} }
    }
    const who = tokens.access(bearer)
    const known = who === undefined || quirks.active('storm', who) ? undefined : accounts.get(who)
    if (who === undefined || !known) return invalidToken
    return answer(question, who, known)
  }

  function answer({ method, path, query, ...question }: Question, who: string, { own, shared }: MillAccount): Reply {
    const now = world.now()
    const late = faults.strike('late', who)
    const view = {
      now,
      shown: shownTime(faults, who, now),
      late: late ? 1000 * (late.seconds ?? 600) : 0,
      quirk: (name: MillQuirk) => quirks.active(name, who),
    }
    const mine = [...own, ...shared]
    if (method === 'GET' && path === '/customer/details') return { status: 200, body: { id: who, email: who } }
    if (method === 'GET' && path === '/houses')
      return { status: 200, body: { ownHouses: own.map(houseBody), sharedHouses: shared.map(houseBody) } }
    const [, kind, id, part, more] = path.split('/')
    const house = mine.find((one) => one.id === id)
    if (method === 'GET' && kind === 'houses' && house) {
      const twice = faults.strike('duplicate', who) ? [1, 2] : [1]
      const shownAs = (device: MillDevice) => twice.map(() => device.body(view))
      const rooms = house.living.house.rooms.map(({ name }, index) => ({ id: `${house.id}-r${index}`, name, index }))
      if (part === 'rooms') return { status: 200, body: rooms.map(({ id, name }) => ({ id, name, houseId: house.id })) }
      if (part === 'devices' && more === 'independent') {
        const filter = query.get('filterDevices')
        const items = house.devices
          .filter(({ room, parent }) => room === undefined && fits(filter, parent))
          .flatMap(shownAs)
        return { status: 200, body: { items, totalRecords: items.length } }
      }
      if (part === 'devices')
        return {
          status: 200,
          body: rooms.map(({ id, name, index }) => ({
            roomId: id,
            roomName: name,
            devices: house.devices.filter(({ room }) => room === index).flatMap(shownAs),
          })),
        }
    }
    const device = mine.flatMap(({ devices }) => devices).find((one) => one.id === id)
    if (kind !== 'devices' || !device) return notFound
    if (method === 'GET' && part === 'data') return { status: 200, body: device.body(view) }
    if (method === 'PATCH' && part === 'settings')
      return device.patch(given({ method, path, query, ...question }), view)
    return notFound
  }

  return {
    account,
    accounts: [...accounts].flatMap(([username, { password, own, shared }]) =>
      (['mill-sense', 'mill-heater'] as const).map((integration) => ({
        integration,
        credentials: { username, password },
        holds: [...own, ...shared].map(({ living }) => living.house.name).join(' and shared '),
      })),
    ),
    refused: wrongLogin,
    throttled: tooMany,
    own: (question) => quirks.answer(question),
    reject: ({ method }) =>
      method === 'PATCH'
        ? errorReply(400, 'DeviceSettingsError', 'The device does not take these settings')
        : undefined,
    answer: (question) => {
      const who = account(question)
      const reply = allowance(who ?? 'nobody') ? tooMany : signedIn(question)
      return reply.status >= 400 && quirks.active('inside', who) ? { ...reply, status: 200 } : reply
    },
  }
}

const fits = (filter: string | null, parent: string): boolean =>
  filter === null || (filter === 'sensorsAndPurifiers') === (parent === 'Sensors' || parent === 'Air Purifiers')

const houseBody = ({ id, living }: MillHouse) => ({
  id,
  name: living.house.name,
  country: 'Norway',
  postalCode: '7000',
  timezone: 'Europe/Oslo',
  mode: 'weekly_program',
  isVacationModeActive: false,
  vacationStartDate: 0,
  vacationEndDate: 0,
  vacationTemperature: 10,
  overrideModeType: null,
  overrideEndDate: 0,
})
