/** Verisure's app service, simulated: log-in with codes, installations, and detectors in the rooms of the houses. */
import type { Faults } from './faults.ts'
import { makeQuirks } from './quirks.ts'
import {
  isBench,
  type ListenOptions,
  makeAllowance,
  type Question,
  type Reply,
  type Simulator,
  startVendor,
  type Vendor,
} from './server.ts'
import { climateTime, type Detector, detectorsOf, labelOf, readDetector } from './verisure-detectors.ts'
import { makeVerisureSignIn, noSession, verisureError } from './verisure-session.ts'
import type { LivingHouse } from './world/house.ts'
import { loginAt } from './world/logins.ts'
import { seedOf, smooth } from './world/noise.ts'
import type { World } from './world/world.ts'

export const startVerisure = (world: World, options: ListenOptions = {}): Promise<Simulator> =>
  startVendor((faults) => makeVerisure(world, faults), options)

/** What this vendor alone does; switched with `POST /_quirks {quirk, on, account?, …}`. */
const menu = {
  'wrong-host': 'This host is not the active one: SYS_00004, in a 503 or (`in: 200`) in a 200',
  maintenance: '504 with the web page of the gateway',
  blocked: 'The user is blocked for asking too often: AUT_00021',
  'rate-words': 'A 200 that says that the request limit has been reached',
  'step-up': 'Every user must type a code',
  'trust-revoked': 'Nobody is trusted any more',
  'too-many-codes': 'No more codes are sent: ACC_00002',
  'password-doubted': 'The right password is not known: AUT_00001',
  'dead-in-200': 'A dead session is said in a 200',
  'second-installation': 'The user has a second installation',
  'second-fails': 'The second installation answers an error',
  'no-installation': 'The user has accepted no invitation',
  'no-area': 'Detectors have no room',
  flat: 'The detectors keep their last value of `hours` ago (24 when absent)',
} as const

type Installation = { readonly giid: string; readonly alias: string; readonly detectors: readonly Detector[] }

const hour = 3_600_000
const blocked = (user: string) => verisureError(403, 'AUT_00021', `User '${user}' blocked`, 'FORBIDDEN')
const otherHost = verisureError(503, 'SYS_00004', 'XBN Database is not activated', 'SERVICE_UNAVAILABLE')
const inData = (status: number, { errorGroup, errorCode, errorMessage }: Record<string, unknown>) => ({
  errors: [{ message: 'Request Failed', data: { status, errorGroup, errorCode, errorMessage } }],
})

function makeVerisure(world: World, faults: Faults): Vendor {
  const quirks = makeQuirks(menu)
  const passwords = new Map<string, string>()
  const homes = new Map<string, Installation[]>()
  for (const living of world.houses) {
    const { number } = living.house
    // The same home twice: a user with a password alone, and one with two-factor log-in.
    const { username, password } = loginAt('verisure', number)
    for (const user of [username, username.replace('@', '-code@')]) {
      passwords.set(user, password)
      homes.set(user, [installationOf(living), cabinOf(number)])
    }
  }
  const installationsOf = (user: string): readonly Installation[] => {
    if (quirks.active('no-installation', user)) return []
    if (isBench(user)) return [{ ...cabinOf(seedOf(user)), alias: user }]
    return (homes.get(user) ?? []).slice(0, quirks.active('second-installation', user) ? 2 : 1)
  }
  const signIn = makeVerisureSignIn({
    now: world.now,
    knows: (user, password) => isBench(user) || (passwords.has(user) && passwords.get(user) === password),
    hasTwoFactors: (user) => user.endsWith('-code@example.org') || quirks.active('step-up', user) !== undefined,
    quirk: (name, user) => quirks.active(name, user) !== undefined,
  })
  // The real limit is not known; an eager client meets one here too.
  const isTooMuch = makeAllowance(240, 3600)

  const climates = ({ detectors }: Installation, user: string) => {
    const late = faults.strike('late', user)?.seconds ?? (faults.active('late', user) ? 600 : 0)
    const flat = quirks.active('flat', user)
    const hours = flat ? Number(flat.hours ?? 24) : 0
    const list = detectors.map((detector) =>
      climateOf(detector, world.now() - late * 1000 - hours * hour, quirks.active('no-area', user) !== undefined),
    )
    return faults.strike('duplicate', user) ? [...list, ...list] : list
  }

  function carryOut(operation: unknown, user: string): object {
    const { operationName, variables } = (
      typeof operation === 'object' && operation !== null ? operation : {}
    ) as Record<string, unknown>
    const given = (variables ?? {}) as Record<string, unknown>
    const own = installationsOf(user)
    if (operationName === 'fetchAllInstallations') {
      if (String(given.email).toLowerCase() !== user)
        return inData(403, { errorGroup: 'FORBIDDEN', errorCode: 'AUT_00007', errorMessage: 'Not your account' })
      return { data: { account: { installations: own.map(writeInstallation), __typename: 'Account' } } }
    }
    if (operationName !== 'Climate') return { errors: [{ message: `Unknown operation named "${operationName}".` }] }
    const home = own.find(({ giid }) => giid === given.giid)
    if (!home)
      return inData(403, { errorGroup: 'FORBIDDEN', errorCode: 'AUT_00007', errorMessage: 'Not your installation' })
    if (home !== own[0] && quirks.active('second-fails', user))
      return inData(500, {
        errorGroup: 'NOT_AVAILABLE',
        errorCode: 'INS_00001',
        errorMessage: 'Installation not available',
      })
    return { data: { installation: { climates: climates(home, user), __typename: 'Installation' } } }
  }

  function graphql(question: Question, user: string): Reply {
    const { body } = question
    if (!Array.isArray(body) || body.length === 0) return verisureError(400, 'VAL_00001', 'Bad request', 'BAD_REQUEST')
    const answers = body.map((operation) => carryOut(operation, user))
    return { status: 200, body: answers.length === 1 ? answers[0] : answers }
  }

  return {
    account: (question) => signIn.asking(question),
    accounts: [...passwords].map(([username, password]) => ({
      integration: 'verisure-smoke-detector',
      credentials: { username, password },
      holds: username.includes('-code@')
        ? 'the detectors of a house; wants a code, which GET /_codes shows'
        : 'the detectors of a house',
    })),
    refused: verisureError(401, 'AUT_00001', 'Username/password does not match any valid login'),
    throttled: { status: 429, body: '' },
    own: (question) => {
      const { path, method, query } = question
      if (path === '/_codes')
        return { status: 200, body: { sent: signIn.sent, logIns: Object.fromEntries(signIn.logIns) } }
      if (path !== '/_sessions' || method !== 'DELETE') return quirks.answer(question)
      signIn.end(query.get('refresh') === 'too' ? 'all' : 'access')
      return { status: 200, body: {} }
    },
    answer: (question) => {
      const user = signIn.asking(question)
      const wrongHost = quirks.active('wrong-host', user)
      if (wrongHost?.in === 200) return { status: 200, body: inData(503, otherHost.body as Record<string, unknown>) }
      if (wrongHost) return otherHost
      if (quirks.active('maintenance', user))
        return {
          status: 504,
          headers: { 'content-type': 'text/html' },
          body: '<html><title>Verisure APIGW</title><body>504 Gateway Time-out</body></html>',
        }
      if (quirks.active('blocked', user)) return blocked(user ?? 'unknown')
      if (quirks.active('rate-words', user))
        return { status: 200, body: { errors: [{ message: 'Request limit has been reached' }] } }
      if (user !== undefined && !isBench(user) && isTooMuch(user)) return blocked(user)
      if (!question.headers.application_id) return { status: 400, body: 'Bad Request' }
      const signedIn = signIn.answer(question)
      if (signedIn) return signedIn
      if (question.method !== 'POST' || question.path !== '/graphql')
        return verisureError(404, 'VAL_01797', 'This API is not supported anymore', 'NOT_FOUND')
      const known = signIn.userOf(question)
      if (known !== undefined) return graphql(question, known)
      if (quirks.active('dead-in-200', user))
        return {
          status: 200,
          body: inData(401, {
            errorGroup: 'UNAUTHORIZED',
            errorCode: 'AUT_00011',
            errorMessage: 'Invalid session cookie',
          }),
        }
      return question.headers.cookie ? { status: 401, body: '401 Unauthorized' } : noSession
    },
  }
}

const writeInstallation = ({ giid, alias }: Installation) => ({
  giid,
  alias,
  customerType: 'HOUSEHOLD',
  dealerId: 'SIM',
  subsidiary: null,
  pinCodeLength: 4,
  locale: 'nb_NO',
  address: { street: alias, city: 'Trondheim', postalNumber: 'NO-7034', __typename: 'InstallationAddress' },
  __typename: 'Installation',
})

function climateOf(detector: Detector, ms: number, nameless: boolean) {
  const { label, area, kind } = detector
  const at = climateTime(detector, ms)
  const time = new Date(at).toISOString()
  const { temperature, humidity } = readDetector(detector, at)
  return {
    device: {
      deviceLabel: label,
      area: nameless ? null : area,
      gui: { label: kind, __typename: 'Gui' },
      __typename: 'Device',
    },
    humidityEnabled: humidity !== undefined,
    humidityTimestamp: humidity === undefined ? null : time,
    humidityValue: humidity ?? null,
    temperatureTimestamp: time,
    temperatureValue: temperature,
    thresholds: null,
    __typename: 'Climate',
  }
}

const installationOf = (living: LivingHouse): Installation => ({
  giid: String(100_000_000_000 + (seedOf(living.house.name) % 900_000_000)),
  alias: living.house.name,
  detectors: detectorsOf(living.house, living),
})

/** A place away, whose one detector shares a room's name with a home. */
const cabinOf = (number: number): Installation => ({
  giid: String(200_000_000_000 + number),
  alias: `Cabin ${number}`,
  detectors: [
    {
      label: labelOf(`cabin ${number}`),
      area: 'Stue',
      kind: 'SMOKE2',
      humid: true,
      climate: (ms) => ({ temperature: 12 + 3 * smooth(number, ms / hour / 20), humidity: 45 }),
    },
  ],
})
