/** Trying credentials before they are saved, and signing in where the vendor sends a code. Nothing typed here is kept. */
import { failureKinds, Problem, whoCanMend } from '@nabolag/core'
import { type Channel, type Credentials, channels, type IntegrationInfo, type Tenant } from '@nabolag/store'
import { Type } from 'typebox'
import type { App } from '../app.ts'
import { checkCredentials } from '../credentials.ts'
import { DevicePath, DevicesPath, Nullable, refusals } from '../schemas.ts'
import { tellConnectors } from '../tell.ts'
import { carryOut, failureView } from '../trials.ts'
import { channelsOf, isoTime } from '../views.ts'

const Value = Type.Union([Type.String({ maxLength: 4096 }), Type.Number(), Type.Boolean(), Type.Null()])
const Typed = Type.Record(
  Type.String(),
  Type.Union([Value, Type.Record(Type.String(), Value, { maxProperties: 60 })]),
  {
    maxProperties: 60,
    description: '`credentials` with the fields of the kind; a form gives the fields themselves',
  },
)
const Nothing = Type.Object({}, { additionalProperties: false })
const Ask = Type.Object(
  {
    channel: Type.Optional(Type.Enum([...channels], { description: 'Which way the code is to come' })),
    code: Type.Optional(Type.String({ minLength: 1, maxLength: 40, description: 'The code that came' })),
  },
  { additionalProperties: false },
)

const Failure = {
  ok: Type.Literal(false),
  kind: Type.Enum(Object.keys(failureKinds) as [string, ...string[]]),
  message: Type.String({ description: 'What happened, in the words of the vendor where it has some' }),
  who: Type.Enum([...whoCanMend], { description: 'Who can mend it' }),
  do: Type.String({ description: 'How' }),
  until: Type.Optional(Type.String({ description: 'When the vendor lets us in again' })),
}
const Tried = Type.Union([
  Type.Object({
    ok: Type.Literal(true),
    samples: Type.Integer(),
    fields: Type.Array(Type.String()),
    places: Type.Array(Type.String(), { description: 'Rooms or the like, as samples would be located' }),
    message: Type.Optional(Type.String()),
  }),
  Type.Object({
    ...Failure,
    sign_in: Type.Optional(
      Type.Object({ channels: Type.Array(Type.String()) }, { description: 'A code may be needed' }),
    ),
  }),
])
const waiting = {
  waiting_for: Nullable(Type.Literal('code')),
  channel: Nullable(Type.String()),
  expires: Nullable(Type.String({ description: 'Until when the code is waited for' })),
}
const SignedIn = Type.Union([
  Type.Object({ ok: Type.Literal(true), ...waiting }),
  Type.Object({ ...Failure, ...waiting }),
])

export const trials = async (app: App) => {
  const tags = ['house devices']
  const config = { needs: 'house:write' } as const
  const partsOf = (tenant: Tenant) => ({ tenant, fleet: app.parts.store.fleet, bus: app.parts.bus })

  const testIt = async (tenant: Tenant, kind: IntegrationInfo, where: Where, typed?: Credentials) => {
    const subject = typed === undefined ? where : { ...where, ...checkCredentials(kind, typed) }
    const outcome = await carryOut(partsOf(tenant), { kind: 'test', ...subject })
    if (outcome.ok) {
      const { samples, fields, places } = outcome
      const message = samples > 0 ? undefined : 'The vendor lets us in, but has no measurement of this account yet.'
      return { ok: true as const, samples, fields: [...fields], places: [...places], ...(message && { message }) }
    }
    const ways = channelsOf(kind.name)
    return {
      ...failureView(outcome, ways !== undefined),
      ...(outcome.kind === 'refused' && ways ? { sign_in: { channels: [...ways] } } : {}),
    }
  }

  const signIn = async (tenant: Tenant, kind: IntegrationInfo, where: Where, asked: Asked, typed?: Credentials) => {
    const ways = channelsOf(kind.name)
    if (!ways) throw Problem('bad-request', `${kind.label} sends no code: its credentials are all it needs`)
    const { integration, count, houseId } = where
    const pending = async (): Promise<Waiting> => {
      const open = await tenant.pendingSignIn(houseId, integration, count)
      if (!open) return { waiting_for: null, channel: null, expires: null }
      return { waiting_for: 'code', channel: open.channel, expires: isoTime(open.expires) }
    }
    if (asked.code !== undefined) {
      const outcome = await carryOut(partsOf(tenant), { kind: 'answer', ...where, code: asked.code })
      if (outcome.ok && count !== undefined) {
        tellConnectors(app, [await tenant.setDesired(houseId, integration, count, 'restart')])
      }
      return answer(outcome, await pending(), 'Type the code again as it came, or ask for another one.')
    }
    const channel = asked.channel ?? ways[0]!
    if (!ways.includes(channel))
      throw Problem('bad-request', `body: /channel must be ${ways.join(' or ')} for ${kind.label}`)
    const subject = typed === undefined ? where : { ...where, ...checkCredentials(kind, typed) }
    const outcome = await carryOut(partsOf(tenant), { kind: 'ask', ...subject, channel })
    return answer(outcome, await pending())
  }

  app.post(
    '/houses/:houseId/devices/:deviceId/test',
    {
      config,
      schema: {
        summary: 'Try credentials before a device is added; nothing is saved',
        description:
          'The vendor is asked once, within what it allows. A failure says its kind, who can mend it and how.',
        tags,
        params: DevicesPath,
        body: Typed,
        response: { 200: Tried, ...refusals(400, 403, 404, 429, 503) },
      },
    },
    async ({ tenant, params: { houseId, deviceId }, body }) =>
      testIt(tenant, await builtIn(tenant, deviceId), { houseId, integration: deviceId }, typedOf(body, ['label'])),
  )

  app.post(
    '/houses/:houseId/devices/:deviceId/count/:count/test',
    {
      config,
      schema: {
        summary: 'Try the credentials that a device has',
        tags,
        params: DevicePath,
        body: Nothing,
        response: { 200: Tried, ...refusals(400, 403, 404, 429, 503) },
      },
    },
    async ({ tenant, params: { houseId, deviceId, count } }) =>
      testIt(tenant, await builtIn(tenant, deviceId), { houseId, integration: deviceId, count }),
  )

  app.post(
    '/houses/:houseId/devices/:deviceId/sign-in',
    {
      config,
      schema: {
        summary: 'Sign in to a vendor that sends a code, before the device is added',
        description:
          'With `credentials` the vendor is made to send a code (once a minute and five times a day at most); with `code` ' +
          'it is handed in. The trust is kept for the account; the device is added with the same credentials.',
        tags,
        params: DevicesPath,
        body: Typed,
        response: { 200: SignedIn, ...refusals(400, 403, 404, 429, 503) },
      },
    },
    async ({ tenant, params: { houseId, deviceId }, body }) => {
      const asked = askedOf(body)
      const typed = typedOf(body, ['label', 'channel', 'code'])
      return signIn(tenant, await builtIn(tenant, deviceId), { houseId, integration: deviceId }, asked, typed)
    },
  )

  app.post(
    '/houses/:houseId/devices/:deviceId/count/:count/sign-in',
    {
      config,
      schema: {
        summary: 'Sign in anew for a device whose vendor sends a code',
        description: 'Without `code` the vendor is made to send one; with it the device goes on at once.',
        tags,
        params: DevicePath,
        body: Ask,
        response: { 200: SignedIn, ...refusals(400, 403, 404, 429, 503) },
      },
    },
    async ({ tenant, params: { houseId, deviceId, count }, body }) =>
      signIn(tenant, await builtIn(tenant, deviceId), { houseId, integration: deviceId, count }, body),
  )
}

type Where = { readonly houseId: number; readonly integration: string; readonly count?: number }
type Asked = { readonly channel?: Channel; readonly code?: string }
type Waiting = { waiting_for: 'code' | null; channel: string | null; expires: string | null }

const answer = (outcome: Awaited<ReturnType<typeof carryOut>>, pending: Waiting, again?: string) => {
  if (outcome.ok) return { ok: true as const, ...pending }
  const view = failureView(outcome, false)
  return { ...view, ...(outcome.kind === 'refused' && again ? { do: again } : {}), ...pending }
}

async function builtIn(tenant: Tenant, ref: string): Promise<IntegrationInfo> {
  const kind = await tenant.integration(ref)
  if (kind.kind !== 'built-in')
    throw Problem('bad-request', `${kind.label} is not asked by us: there is nothing to try`)
  return kind
}

type Body = Readonly<Record<string, unknown>>

function typedOf({ credentials, ...flat }: Body, besides: readonly string[]): Credentials {
  if (typeof credentials === 'object' && credentials !== null) return credentials as Credentials
  if (credentials !== undefined) return { ...flat, credentials }
  return Object.fromEntries(Object.entries(flat).filter(([name]) => !besides.includes(name)))
}

function askedOf({ channel, code }: Body): Asked {
  if (channel !== undefined && !channels.some((one) => one === channel))
    throw Problem('bad-request', `body: /channel must be one of ${channels.join(', ')}`)
  if (code === undefined || code === null || code === '') return { channel: channel as Channel | undefined }
  const text = typeof code === 'number' ? String(code) : code
  if (typeof text !== 'string' || text.trim() === '' || text.length > 40)
    throw Problem('bad-request', 'body: /code must be a text of at most 40 characters')
  return { code: text.trim() }
}
