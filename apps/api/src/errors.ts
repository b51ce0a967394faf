/** The one place where an error becomes a reply: problem+json (RFC 9457), with nothing in it but what was meant to be shown. */
import { expectedOf, Problem, type ProblemCode, ProblemError, problemBody } from '@nabolag/core'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

export type Complaint = { readonly path: string; readonly expected: string }

/** Connections that broke, addresses that do not answer: an engine is away, and nobody's request is wrong. */
const awayCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
])
const awayMessages = /connection terminated|connection ended|timeout exceeded when trying to connect|socket hang up/i

/** What the error means to the one who asked. Unknown errors are ours. */
export function problemOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error
  if (typeof error !== 'object' || error === null) return Problem('internal-error')
  const { code, message = '', statusCode, validation, validationContext } = error as Partial<FastifyError>
  if (validation) return problemOfValidation(validationContext, validation as unknown as readonly SchemaComplaint[])
  const known = code === undefined ? undefined : fastifyCodes[code]
  if (known) return Problem(known[0], known[1])
  // SQLSTATE classes of connections that cannot be had: 08, 53, 57P.
  if (code !== undefined && (awayCodes.has(code) || /^(08|53|57P)/.test(code))) return Problem('engine-down')
  if (awayMessages.test(message)) return Problem('engine-down')
  if (error instanceof AggregateError && error.errors.every((one) => problemOf(one).code === 'engine-down'))
    return Problem('engine-down')
  if (statusCode === 429) return Problem('too-many-requests')
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return Problem('bad-request')
  return Problem('internal-error')
}

const fastifyCodes: Readonly<Record<string, [ProblemCode, string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported-media-type', 'Send application/json or a form'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['body-too-large', 'The body is larger than 1 MiB'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['bad-request', 'The body is not as long as Content-Length says'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['bad-request', 'The body is empty'],
  FST_ERR_MAX_PARAM_LENGTH: ['not-found', 'A part of the address is too long'],
  FST_ERR_BAD_URL: ['bad-request', 'The address is not a valid one'],
}

/** One complaint of a compiled schema. */
export type SchemaComplaint = {
  readonly keyword: string
  readonly schemaPath: string
  readonly instancePath: string
  readonly params: Readonly<Record<string, unknown>>
  readonly message?: string
}

function problemOfValidation(part: string | undefined, found: readonly SchemaComplaint[]): ProblemError {
  const errors = complaintsOf(found)
  if (part === 'params') return Problem('not-found', errors.map(sentence).join('; '))
  const where = part === 'querystring' ? 'query' : 'body'
  return Problem('bad-request', `${where}: ${errors.map(sentence).join('; ')}`, { errors })
}

const sentence = ({ path, expected }: Complaint) => (path === '/' ? expected : `${path} ${expected}`)

/** What is wrong, one complaint per place: its JSON path and what is expected there. At most 20. */
export function complaintsOf(found: readonly SchemaComplaint[]): Complaint[] {
  const complaints = new Map<string, string>()
  const add = (path: string, expected: string) => {
    const before = complaints.get(path)
    complaints.set(
      path,
      before === undefined || before === expected ? expected : `${before} or ${expected.replace(/^must be /, '')}`,
    )
  }
  for (const { keyword, instancePath, params, message = 'is not of the expected form' } of found) {
    const path = instancePath === '' ? '/' : instancePath
    const child = (name: unknown) => `${instancePath}/${String(name)}`
    if (keyword === 'required') for (const name of listOf(params.requiredProperties)) add(child(name), 'is missing')
    else if (keyword === 'additionalProperties')
      for (const name of listOf(params.additionalProperties)) add(child(name), 'is not known here')
    else if (keyword === 'enum') add(path, `must be one of ${listOf(params.allowedValues).join(', ')}`)
    else if (keyword === 'const') add(path, `must be ${JSON.stringify(params.allowedValue)}`)
    else if (keyword === 'pattern') add(path, `must ${expectedOf(String(params.pattern))}`)
    else if (keyword === 'type') add(path, `must be ${listOf(params.type).join(' or ')}`)
    // The branches have said it better.
    else if (keyword !== 'anyOf' && keyword !== 'boolean') add(path, message)
  }
  return [...complaints]
    .slice(0, 20)
    .map(([path, expected]) => ({ path: path.slice(0, 200), expected: expected.slice(0, 300) }))
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value])

/** Sends every error of the app as a problem, and logs those that are ours. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply))
}

/** Replies with the problem of an error; the status is the code's own, or 401 where the route wants that. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  const problem = problemOf(error)
  const body = problemBody(problem)
  const turnedAway = problem.code === 'not-signed-in' || problem.code === 'no-such-house'
  const status = turnedAway ? (request.routeOptions.config.turnsAwayWith ?? body.status) : body.status
  if (status >= 500) request.log.error({ err: error }, problem.code)
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  const wait = problem.extra.retry_after
  if (typeof wait === 'number') reply.header('retry-after', Math.ceil(wait))
  return reply
    .code(status)
    .type('application/problem+json; charset=utf-8')
    .serializer(JSON.stringify)
    .send({ ...body, status, request_id: request.id })
}
