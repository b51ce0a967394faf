/**
 * Samples in InfluxDB's line protocol, as Telegraf and InfluxDB's own clients send them, at InfluxDB's own addresses and
 * with its own answers: `/api/v2/write`, and `/write` of version 1.
 */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { microsFromMillis, Problem, type ProblemCode, problems, type TimePrecision } from '@nabolag/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { App } from '../app.ts'
import { problemOf } from '../errors.ts'
import { type LinesWritten, writeLines } from '../line-write.ts'
import { Empty, refusals } from '../schemas.ts'

const precisions: Readonly<Record<string, TimePrecision>> = { n: 'ns', ns: 'ns', u: 'us', us: 'us', ms: 'ms', s: 's' }
const Precision = Type.Optional(Type.Enum(Object.keys(precisions) as [string, ...string[]]))
const Name = Type.Optional(Type.String({ maxLength: 200 }))
/** Clients send names that mean nothing here too (`orgID`, `consistency`). */
const open = { additionalProperties: true }
const Query = Type.Object({ bucket: Name, org: Name, precision: Precision }, open)
const OldQuery = Type.Object({ db: Name, rp: Name, precision: Precision }, open)
const Refused = Type.Object({ code: Type.String(), message: Type.String() }, { description: "InfluxDB's form" })
const response = { 204: Empty, 400: Refused, 401: Refused, 403: Refused, 413: Refused, 503: Refused }

const sentBytes = 8 * 2 ** 20
const unpackedBytes = 16 * 2 ** 20

type Given = {
  readonly precision: TimePrecision
  readonly bucket: string | undefined
  readonly org: string | undefined
}

export const lineProtocol = async (app: App) => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: sentBytes },
    async (request: FastifyRequest, body: Buffer) => ({
      text: await textOf(body, request.headers['content-encoding']),
    }),
  )
  app.setErrorHandler(answerAsInflux)
  const config = { needs: 'writing' } as const
  const tags = ['data']

  const write = async (request: FastifyRequest, reply: FastifyReply, given: Given) => {
    const { text = '' } = (request.body ?? {}) as { text?: string }
    const written = await writeLines(app, request.tenant, { ...given, text, now: microsFromMillis(Date.now()) })
    if (written.refused > 0) throw Problem('bad-request', sentence(written))
    return reply.code(204).send(null)
  }

  app.post(
    '/api/v2/write',
    {
      config,
      schema: {
        summary: "Write samples in InfluxDB's line protocol",
        description:
          'For Telegraf and InfluxDB’s clients; gzip is understood. `Authorization: Token nbl_…`, a token with the scope write. The measurement is the group. `bucket` names the house (`house-3`) of lines without the tag `house_id`, `org` the device of lines without `device_name`. When 204 is answered, all is kept; at 400 the lines named were refused and the others are kept.',
        tags,
        querystring: Query,
        response,
      },
    },
    (request, reply) => {
      const { bucket, org, precision = 'ns' } = request.query
      return write(request, reply, { bucket, org, precision: precisions[precision]! })
    },
  )

  app.post(
    '/write',
    {
      config,
      schema: {
        summary: 'The same, as clients of InfluxDB 1 write: `db` names the house, `rp` the device',
        description: 'The token is the password of HTTP Basic; any user name.',
        tags,
        querystring: OldQuery,
        response,
      },
    },
    (request, reply) => {
      const { db, rp, precision = 'ns' } = request.query
      return write(request, reply, { bucket: db, org: rp, precision: precisions[precision]! })
    },
  )

  for (const method of ['GET', 'HEAD'] as const)
    app.route({
      method,
      url: '/ping',
      config: { needs: 'nothing' },
      schema: {
        summary: 'Whether there is a server that takes line protocol',
        tags: ['operation'],
        response: { 204: Empty, ...refusals(429) },
      },
      handler: async (_request, reply) => reply.code(204).header('x-influxdb-version', 'nabolag').send(null),
    })

  app.get(
    '/health',
    {
      config: { needs: 'nothing' },
      schema: {
        summary: 'The same in the words of InfluxDB 2',
        tags: ['operation'],
        response: { 200: Type.Record(Type.String(), Type.String()), 503: Type.Record(Type.String(), Type.String()) },
      },
    },
    async (_request, reply) => {
      const up = app.parts.bus.connected
      const message = up ? 'ready for writes' : 'the broker does not answer'
      return reply.code(up ? 200 : 503).send({ name: 'nabolag', message, status: up ? 'pass' : 'fail' })
    },
  )
}

const unpack = promisify(gunzip)
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

async function textOf(body: Buffer, encoding = 'identity'): Promise<string> {
  if (!['identity', 'gzip'].includes(encoding))
    throw Problem('unsupported-media-type', 'The body is taken as it is, or as gzip')
  let bytes = body
  if (encoding === 'gzip')
    bytes = await unpack(body, { maxOutputLength: unpackedBytes }).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ERR_BUFFER_TOO_LARGE'
        ? Problem(
            'body-too-large',
            `The body is larger than ${unpackedBytes / 2 ** 20} MiB when unpacked; send less at once`,
          )
        : Problem('bad-request', 'The body is not gzip, as Content-Encoding says')
    })
  try {
    return utf8.decode(bytes)
  } catch {
    throw Problem('bad-request', 'The body is not UTF-8')
  }
}

function sentence({ stored, refused, named }: LinesWritten): string {
  const reasons = named.map(({ line, reason }) => `line ${line}: ${reason}`)
  const more = refused > named.length ? `; and ${refused - named.length} more` : ''
  const of = `${refused} of ${stored + refused} lines ${refused === 1 ? 'is' : 'are'} refused`
  return `${of}${stored > 0 ? ', the others are stored' : ''}: ${reasons.join('; ')}${more}`
}

/** What InfluxDB 2 calls it, and with which status its clients know whether to send again. */
const influxCodes: Partial<Record<ProblemCode, readonly [status: number, code: string]>> = {
  'bad-request': [400, 'invalid'],
  'not-signed-in': [401, 'unauthorized'],
  'not-allowed': [403, 'forbidden'],
  'no-such-house': [404, 'not found'],
  'body-too-large': [413, 'request too large'],
  'unsupported-media-type': [415, 'unsupported media type'],
  'too-many-requests': [429, 'too many requests'],
  'engine-down': [503, 'unavailable'],
  'disk-full': [503, 'unavailable'],
}

function answerAsInflux(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  const problem = problemOf(error)
  const [status, code] = influxCodes[problem.code] ?? [problems[problem.code].status, 'internal error']
  const message = (problem.detail ?? problems[problem.code].title).replace(/1 MiB$/, `${sentBytes / 2 ** 20} MiB`)
  if (status >= 500) request.log.error({ err: error }, problem.code)
  const wait = problem.extra.retry_after
  if (status === 429 || status === 503) reply.header('retry-after', typeof wait === 'number' ? Math.ceil(wait) : 5)
  if (status === 401) reply.header('www-authenticate', 'Token')
  const old = request.url.startsWith('/write')
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(old ? { error: message } : { code, message })
}
