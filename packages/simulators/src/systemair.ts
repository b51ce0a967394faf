/** Systemair's SAVE CONNECT cloud, simulated: log-in, account and units; the ventilation of the houses obeys it. */
import { type FieldNode, Kind, parse } from 'graphql'
import type { Faults } from './faults.ts'
import { makeQuirks } from './quirks.ts'
import {
  isBench,
  type ListenOptions,
  type Question,
  type Reply,
  type Simulator,
  startVendor,
  type Vendor,
} from './server.ts'
import { type SimulatedItem, systemairItems, type UnitView, writeItem } from './systemair-items.ts'
import { makeSso } from './systemair-sso.ts'
import { loginAt } from './world/logins.ts'
import { seedOf } from './world/noise.ts'
import { makeVentilation, type Ventilation } from './world/ventilation.ts'
import type { World } from './world/world.ts'

export const startSystemair = (world: World, options: ListenOptions = {}): Promise<Simulator> =>
  startVendor((faults, url) => makeSystemair(world, faults, url), options)

/** What this vendor alone does; switched with `POST /_quirks {quirk, on, account?, …}`. */
const menu = {
  offline: 'The unit has no connection to the cloud (`unit`: only that one), and the list says so',
  'offline-unsaid': 'The same, and the list goes on to say ONLINE',
  'second-unit': 'The account has a second unit',
  busy: 'Writes are answered SERVER_BUSY, the next `times` of them (all when absent)',
  timeout: 'The unit does not answer the cloud in time',
  'other-ids': 'The main board numbers its writable items otherwise',
  'no-output': "The unit does not know the items of the fans' output",
  small: 'The unit answers at most 8 items at once',
  fahrenheit: 'The unit is set to Fahrenheit',
  unsigned: 'Temperatures below zero come without their sign',
  text: 'Items come as a text that holds JSON, and values as texts',
  'null-items': 'Items are null',
  unauthorized: 'Tokens are refused in a 200',
  denied: 'The account is refused after the password',
  terms: 'The log-in wants terms to be accepted',
  hops: 'The log-in takes one redirect more',
  'signed-in': 'The log-in page needs no password',
} as const

type Unit = { readonly identifier: string; readonly name: string; readonly ventilation: Ventilation }
type Outcome = { readonly value: unknown } | { readonly error: object } | { readonly reply: Reply }

const failed = (message: string, words?: string): Outcome => ({
  error: { message, ...(words === undefined ? {} : { extensions: { error: { msg: words } } }) },
})
const device = (name: string, msg: string): Outcome => ({
  reply: { status: 500, body: { name, msg, ui: { msg, hint: 'Make sure that the unit has power and a connection.' } } },
})
const unauthorized: Reply = { status: 401, body: '' }

function makeSystemair(world: World, faults: Faults, url: () => string): Vendor {
  const quirks = makeQuirks(menu)
  const passwords = new Map<string, string>()
  const units = new Map<string, Unit[]>()
  for (const living of world.houses) {
    const { username: user, password } = loginAt('systemair', living.house.number)
    passwords.set(user, password)
    const unit = (name: string): Unit => ({
      identifier: `IAM_${seedOf(user + name)
        .toString(16)
        .padStart(8, '0')
        .toUpperCase()}5A1E`,
      name,
      ventilation: makeVentilation(living, world.seed, world.start),
    })
    units.set(user, [unit('Ventilation'), unit('Cellar')])
  }
  const bench = makeVentilation(
    {
      house: { name: 'bench', latitude: 63.4, longitude: 10.4, rooms: [] },
      climateAt: () => ({ temperature: 21, humidity: 35 }),
    },
    world.seed,
    world.start,
  )
  const unitsOf = (user: string): readonly Unit[] => {
    if (isBench(user)) return [{ identifier: `IAM_${user}`, name: 'Ventilation', ventilation: bench }]
    const all = units.get(user) ?? []
    return quirks.active('second-unit', user) ? all : all.slice(0, 1)
  }
  const sso = makeSso({
    now: world.now,
    url,
    knows: (user, password) => isBench(user) || (passwords.has(user) && passwords.get(user) === password),
    quirk: (name, user) => quirks.active(name, user) !== undefined,
  })
  const tokenOf = ({ headers }: Question) => [headers['x-access-token']].flat()[0]
  const isOffline = (user: string, { identifier }: Unit, said: boolean) =>
    (said ? (['offline'] as const) : (['offline', 'offline-unsaid'] as const)).some((name) => {
      const quirk = quirks.active(name, user)
      return quirk !== undefined && (quirk.unit === undefined || quirk.unit === identifier)
    })

  const list = (user: string) =>
    unitsOf(user).map((unit) => {
      const offline = isOffline(user, unit, true)
      return {
        identifier: unit.identifier,
        name: unit.name,
        street: 'Simuleringsveien 3',
        zipcode: '7034',
        city: 'Trondheim',
        country: 'NO',
        deviceType: { entry: 'remoteEntry.js', module: './Device', scope: 'legacy_ui', type: 'LEGACY' },
        status: {
          connectionStatus: offline ? 'OFFLINE' : 'ONLINE',
          serialNumber: offline ? '' : `SIM${seedOf(unit.identifier) % 1_000_000}`,
          model: offline ? '0' : 'SAVE VSR 500',
          hasAlarms: false,
          startupWizardRequired: false,
          updateInProgress: false,
          filterLocked: false,
          weekScheduleLocked: false,
          serviceLocked: false,
          units: { temperature: 'C', pressure: 'Pa', flow: 'l/s' },
        },
      }
    })

  const gateway = (user: string, field: string): Outcome => {
    if (field === 'GetAccountDevices') return { value: list(user) }
    if (field === 'BroadcastDeviceStatuses') return { value: true }
    return failed(`Cannot query field "${field}" on type "Query".`)
  }

  /** The ids that this unit has for its items. */
  const idsFor = (user: string) => {
    const moved = quirks.active('other-ids', user) !== undefined
    return (item: SimulatedItem) => (moved && item.exported ? item.id + 2000 : item.id)
  }

  function remote(user: string, unit: Unit, field: string, input: unknown): Outcome {
    if (isOffline(user, unit, false)) return device('DeviceOfflineError', 'Device is offline')
    if (quirks.active('timeout', user)) return device('DeviceTimeoutError', 'Device request timed out')
    const view: UnitView = {
      ventilation: unit.ventilation,
      ms: world.now(),
      inFahrenheit: quirks.active('fahrenheit', user) !== undefined,
      unsigned: quirks.active('unsigned', user) !== undefined,
    }
    const asText = quirks.active('text', user) !== undefined
    const idFor = idsFor(user)
    const known = systemairItems.filter(
      (item) => !(quirks.active('no-output', user) && (item.id === 1023 || item.id === 1024)),
    )
    const write = (item: SimulatedItem) => writeItem(item, idFor, view, asText)
    switch (field) {
      case 'GetDataItems': {
        if (quirks.active('null-items', user)) return { value: null }
        const ids = Array.isArray(input) ? input : []
        if (quirks.active('small', user) && ids.length > 8)
          return device('DeviceRequestPayloadSizeExceededError', 'Too many items at once')
        const items = ids.map((id) => known.find((item) => idFor(item) === id))
        if (items.some((item) => item === undefined)) return failed('Data item not found', 'Unknown data item')
        const values = items.filter((item) => item !== undefined && !item.writeOnly).map((item) => write(item!))
        return { value: asText ? JSON.stringify(values) : values }
      }
      case 'ExportDataItems': {
        const dataItems = known.filter(({ exported }) => exported).map(write)
        return { value: { version: '1', type: 'LEGACY', dataItems: asText ? JSON.stringify(dataItems) : dataItems } }
      }
      case 'GetView': {
        if ((input as { route?: unknown } | undefined)?.route !== '/home') return failed('Unsupported view')
        const rows = known.filter(({ shown }) => shown).map((item) => ({ enabled: true, dataItem: write(item) }))
        return {
          value: {
            children: [
              { type: 0, properties: rows[0] },
              {
                type: 2,
                properties: { tabs: [{ key: 'all', elements: [{ type: 5, properties: { rows: rows.slice(1) } }] }] },
              },
            ],
          },
        }
      }
      case 'GetActiveAlarms':
        return { value: { alarms: [] } }
      case 'WriteDataItems':
        return writePoints(user, view, known, idFor, input)
      default:
        return failed(`Cannot query field "${field}" on type "Query".`)
    }
  }

  let busyLeft: { readonly of: object; times: number } | undefined
  const isBusy = (user: string): boolean => {
    const quirk = quirks.active('busy', user)
    if (!quirk) return false
    if (busyLeft?.of !== quirk)
      busyLeft = { of: quirk, times: typeof quirk.times === 'number' ? quirk.times : Number.POSITIVE_INFINITY }
    return busyLeft.times-- > 0
  }

  function writePoints(
    user: string,
    view: UnitView,
    known: readonly SimulatedItem[],
    idFor: (item: SimulatedItem) => number,
    input: unknown,
  ): Outcome {
    if (isBusy(user)) return failed('SERVER_BUSY')
    const points = (input as { dataPoints?: unknown } | undefined)?.dataPoints
    let wanted = {}
    for (const { id, value } of Array.isArray(points) ? (points as { id?: unknown; value?: unknown }[]) : []) {
      const item = known.find((one) => idFor(one) === id)
      if (!item?.write) return failed('Data item not found', 'Unknown data item')
      if (typeof value !== 'string') return failed('String cannot represent a non string value')
      const raw = value === 'true' ? 1 : value === 'false' ? 0 : Number(value)
      const [low, high] = view.inFahrenheit && item.unit === 5 ? [540, 860] : [item.min, item.max]
      const fits = item.options ? item.options.includes(raw) : raw >= (low ?? 0) && raw <= (high ?? 65_535)
      const change = fits && Number.isInteger(raw) ? item.write(raw, view) : undefined
      if (!change) return failed('Illegal value', `${value} is not within the limits of item ${item.id}`)
      wanted = { ...wanted, ...change }
    }
    view.ventilation.set(view.ms, wanted)
    return { value: true }
  }

  return {
    account: (question) => sso.userOf(tokenOf(question)) ?? sso.asking(question),
    accounts: [...passwords].map(([username, password]) => ({
      integration: 'systemair-vsr500',
      credentials: { username, password },
      holds: `the ventilation of ${username.split('@')[0]}`,
    })),
    refused: unauthorized,
    throttled: { status: 429, body: { message: 'Too many requests' } },
    own: (question) => {
      if (question.path !== '/_sessions' || question.method !== 'DELETE') return quirks.answer(question)
      sso.end(question.query.get('refresh') === 'too' ? 'all' : 'access')
      return { status: 200, body: {} }
    },
    reject: ({ text }) =>
      text.includes('WriteDataItems') ? { status: 200, body: { data: { WriteDataItems: false } } } : undefined,
    spoil: (body, user) => {
      const items = (body as { data?: { GetDataItems?: unknown } | null }).data?.GetDataItems
      return Array.isArray(items) && faults.strike('duplicate', user)
        ? { data: { GetDataItems: [...items, ...items] } }
        : body
    },
    answer: (question) => {
      const signedIn = sso.answer(question)
      if (signedIn) return signedIn
      const isGateway = question.path === '/gateway/api'
      if (question.method !== 'POST' || (!isGateway && question.path !== '/gateway/remote-api'))
        return { status: 404, body: 'Not Found' }
      const user = sso.userOf(tokenOf(question))
      if (user === undefined) return unauthorized
      if (quirks.active('unauthorized', user)) return { status: 200, body: { errors: [{ message: 'Unauthorized' }] } }
      const unit = unitsOf(user).find(({ identifier }) => identifier === question.headers['device-id'])
      if (!isGateway && !unit) return { status: 404, body: 'Not Found' }
      return answerQuery(question.body, (field, input) =>
        isGateway ? gateway(user, field) : remote(user, unit!, field, input),
      )
    },
  }
}

/** Carries out the fields of one operation; a failing one is null beside its error, as GraphQL has it. */
function answerQuery(body: unknown, run: (field: string, input: unknown) => Outcome): Reply {
  const { query, variables } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  const fields = fieldsOf(query)
  if (!fields) return { status: 400, body: { errors: [{ message: 'Syntax Error: Unexpected Name' }] } }
  const data: Record<string, unknown> = {}
  const errors: object[] = []
  for (const { name, alias, argument } of fields) {
    const outcome = run(name, (variables as Record<string, unknown> | undefined)?.[argument ?? 'input'])
    if ('reply' in outcome) return outcome.reply
    if ('error' in outcome) errors.push(fields.length > 1 ? { ...outcome.error, path: [alias] } : outcome.error)
    data[alias] = 'value' in outcome ? outcome.value : null
  }
  return {
    status: 200,
    body: { data: errors.length > 0 && fields.length === 1 ? null : data, ...(errors.length > 0 ? { errors } : {}) },
  }
}

function fieldsOf(query: unknown) {
  try {
    const operation = parse(String(query)).definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION)
    if (operation?.kind !== Kind.OPERATION_DEFINITION) return undefined
    return operation.selectionSet.selections
      .filter((selection): selection is FieldNode => selection.kind === Kind.FIELD)
      .map(({ name, alias, arguments: given = [] }) => ({
        name: name.value,
        alias: alias?.value ?? name.value,
        argument: given.map(({ value }) => (value.kind === Kind.VARIABLE ? value.name.value : undefined))[0],
      }))
  } catch {
    return undefined
  }
}
