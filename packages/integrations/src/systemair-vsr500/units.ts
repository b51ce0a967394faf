/** Reading the units of an account: the list, what is learnt of each unit once, and its items. */
import type { VendorFailure } from '@nabolag/core'
import { type Static, Type } from 'typebox'
import { Check } from 'typebox/value'
import type { Duration, Given } from '../define.ts'
import { Maybe, Nullable } from '../schema.ts'
import { ask, CloudFailure, gatewayPath, type Question, recordOf, remotePath } from './cloud.ts'
import { decodeItems, type Ids, Ids as IdsSchema, type Item, Items, idOf, signalNames, signals } from './items.ts'
import type { Credentials, Learnt, Session } from './sign-in.ts'

/** A unit as the account's list has it. */
const Listed = Type.Object({
  identifier: Type.String(),
  name: Maybe(Type.String()),
  deviceType: Maybe(Type.Object({ type: Maybe(Type.String()) })),
  status: Maybe(Type.Object({ connectionStatus: Maybe(Type.String()), hasAlarms: Maybe(Type.Boolean()) })),
})
const List = Nullable(Type.Array(Nullable(Listed)))

/** The answers of one round, put together: a unit that could not be read says why. */
export const Status = Type.Object({
  at: Type.String(),
  units: Type.Array(
    Type.Intersect([
      Listed,
      Type.Object({ ids: Maybe(IdsSchema), items: Maybe(Items), problem: Maybe(Type.String()) }),
    ]),
  ),
})
export type Status = Static<typeof Status>
export type Unit = Status['units'][number]

export type Asking = Given<typeof Credentials, Session>

const listQuery = `query { GetAccountDevices { identifier name deviceType { type } status { connectionStatus hasAlarms } } }`
const itemsQuery = 'query GetDataItems($input: [Int]) { GetDataItems(input: $input) }'
const exportQuery = '{ ExportDataItems { version type dataItems } }'
const viewQuery = 'query ($input: GetViewInputType!) { GetView(input: $input) { children { type properties } } }'

/**
 * Asks for the units of the account and what each measures.
 *
 * @throws CloudFailure when nobody could be read: of the account, or of the units when all of them fail
 */
export async function readAccount(given: Asking): Promise<Status> {
  const { http, session, now } = given
  const listed = await ask(http, {
    path: gatewayPath,
    token: session.accessToken,
    query: listQuery,
    field: 'GetAccountDevices',
  })
  if (!Check(List, listed))
    throw new CloudFailure('changed', 'account', "Systemair's list of units has another shape than it had")
  const learnt: Record<string, Learnt> = { ...session.units }
  const failures: VendorFailure[] = []
  const units: Unit[] = []
  for (const unit of listed ?? []) {
    if (unit === null) continue
    try {
      if (isOffline(unit)) throw new CloudFailure('unreachable', 'unit', 'it has no connection to Systemair')
      const known = learnt[unit.identifier] ?? { ids: await learnIds(given, unit), missing: [] }
      const { items, missing } = await readUnit(given, unit, known)
      if (known !== session.units[unit.identifier] || missing !== known.missing)
        learnt[unit.identifier] = { ...known, missing }
      units.push({ ...unit, ids: known.ids, items })
    } catch (error) {
      // One unit's trouble is no reason to lose the others; the account's is.
      if (!(error instanceof CloudFailure) || error.about === 'account') throw error
      failures.push(error)
      units.push({ ...unit, problem: error.message })
    }
  }
  if (Object.keys(learnt).some((identifier) => learnt[identifier] !== session.units[identifier]))
    given.keep({ ...session, units: learnt })
  if (failures.length > 0 && failures.length === units.length) throw together(units, failures)
  return { at: now, units }
}

export const nameOf = ({ name, identifier }: Pick<Unit, 'name' | 'identifier'>): string => name?.trim() || identifier

const isOffline = ({ status }: Static<typeof Listed>) => status?.connectionStatus?.toUpperCase() === 'OFFLINE'

const together = (units: readonly Unit[], failures: readonly VendorFailure[]) => {
  const words = units.map((unit) => `${nameOf(unit)}: ${unit.problem}`).join('; ')
  const changed = failures.every(({ kind }) => kind === 'changed')
  return new CloudFailure(
    changed ? 'changed' : 'unreachable',
    'account',
    changed ? words : `No unit can be read. ${words}. Check its power and its connection to the internet.`,
  )
}

const remote = (
  { session }: Pick<Asking, 'session'>,
  { identifier, deviceType }: Static<typeof Listed>,
): Pick<Question, 'path' | 'token' | 'unit'> => ({
  path: remotePath,
  token: session.accessToken,
  unit: { identifier, type: deviceType?.type || 'LEGACY' },
})

/** The ids of this unit by register, from what it exports and shows; nothing where it does neither. */
async function learnIds(given: Asking, unit: Static<typeof Listed>): Promise<Ids> {
  const ids: Record<string, number> = {}
  const learn = async (query: string, field: string, variables?: Readonly<Record<string, unknown>>) => {
    try {
      const answer = await ask(given.http, { ...remote(given, unit), query, field, variables })
      for (const [signal, id] of findIds(field === 'ExportDataItems' ? exported(answer) : answer)) ids[signal] ??= id
    } catch (error) {
      // A unit that cannot be reached is no unit that knows no table.
      if (!(error instanceof CloudFailure) || error.about === 'account' || error.about === 'unit') throw error
    }
  }
  await learn(exportQuery, 'ExportDataItems')
  await learn(viewQuery, 'GetView', { input: { route: '/home', viewId: '' } })
  return ids
}

/** The list, which may be written as a text. */
const exported = (answer: unknown): unknown => {
  const { dataItems } = recordOf(answer)
  return typeof dataItems === 'string' ? decodeItems(dataItems) : dataItems
}

/** Every item in a document, however deep it lies, by its register. */
function* findIds(document: unknown, depth = 0): Generator<readonly [string, number]> {
  if (typeof document !== 'object' || document === null || depth > 30) return
  const { id, extension, enabled } = document as Record<string, unknown>
  if (enabled === false) return
  const register = recordOf(extension).modbusRegister
  const signal = signalNames.find((name) => typeof register === 'number' && signals[name].register === register + 1)
  if (signal !== undefined && Number.isInteger(Number(id))) yield [signal, Number(id)]
  for (const inner of Object.values(document)) yield* findIds(inner, depth + 1)
}

/** What every unit shows on its first page. */
const sure = ['mode', 'setpoint', 'outdoor'] as const

/**
 * The items of one unit. Where a batch fails because of an id that this unit does not know, the ids are tried in halves;
 * what is found missing is never asked for again.
 */
async function readUnit(
  given: Asking,
  unit: Static<typeof Listed>,
  { ids, missing }: Learnt,
): Promise<{ readonly items: Static<typeof Items>; readonly missing: number[] }> {
  const wanted = signalNames
    .filter((signal) => signal !== 'modeWish')
    .map((signal) => idOf(ids, signal))
    .filter((id) => !missing.includes(id))
  const read = (list: readonly number[]) => readItems(given, unit, list)
  const whole = await attempt(read(wanted))
  if ('items' in whole) return { items: whole.items, missing }
  const certain = sure.map((signal) => idOf(ids, signal))
  // If not even these come, it is not about ids.
  const first = decoded(await read(certain))
  const lost: number[] = []
  const rest = await readHalves(
    read,
    wanted.filter((id) => !certain.includes(id)),
    lost,
  )
  return { items: [...first, ...rest], missing: lost.length > 0 ? [...missing, ...lost] : missing }
}

type Read = (ids: readonly number[]) => Promise<Static<typeof Items>>

async function readHalves(read: Read, ids: readonly number[], lost: number[]): Promise<(Item | null)[]> {
  if (ids.length === 0) return []
  const outcome = await attempt(read(ids))
  if ('items' in outcome) return [...decoded(outcome.items)]
  if (ids.length === 1) {
    if (outcome.failure.about !== 'size') lost.push(ids[0]!)
    return []
  }
  const half = Math.ceil(ids.length / 2)
  return [...(await readHalves(read, ids.slice(0, half), lost)), ...(await readHalves(read, ids.slice(half), lost))]
}

/** The items, or the failure that fewer of them might not have. */
async function attempt(
  reading: Promise<Static<typeof Items>>,
): Promise<{ readonly items: Static<typeof Items> } | { readonly failure: CloudFailure }> {
  try {
    return { items: await reading }
  } catch (error) {
    if (error instanceof CloudFailure && ['items', 'server', 'size'].includes(error.about)) return { failure: error }
    throw error
  }
}

/** Items of one unit by id, as they came. @throws CloudFailure */
export async function readItems(
  given: Pick<Asking, 'http' | 'session'>,
  unit: Static<typeof Listed>,
  ids: readonly number[],
): Promise<Static<typeof Items>> {
  const variables = { input: ids }
  const answer = await ask(given.http, { ...remote(given, unit), query: itemsQuery, variables, field: 'GetDataItems' })
  if (answer === null) throw new CloudFailure('unreachable', 'unit', 'it gave no values just now')
  if (!Check(Items, answer) || decodeItems(answer) === undefined)
    throw new CloudFailure('changed', 'account', "Systemair's data items have another shape than they had")
  return answer
}

const decoded = (items: Static<typeof Items>) => decodeItems(items) ?? []

/** Writes points together; `true` is Systemair's word that it is done. @throws CloudFailure */
export const writeItems = (
  given: Pick<Asking, 'http' | 'session'>,
  unit: Static<typeof Listed>,
  points: readonly { readonly id: number; readonly value: string }[],
  after?: Duration,
): Promise<unknown> =>
  ask(given.http, {
    ...remote(given, unit),
    query: 'mutation ($input: WriteDataItemsInput!) { WriteDataItems(input: $input) }',
    variables: { input: { dataPoints: points } },
    field: 'WriteDataItems',
    ...(after === undefined ? {} : { after }),
  })
