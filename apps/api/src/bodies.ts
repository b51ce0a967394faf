/**
 * How bodies are read: JSON or form-encoded. A JSON body is taken as it is; a form knows only texts, so its values are
 * converted to what the schema wants, like those of the query and the path.
 */
import formbody from '@fastify/formbody'
import { Problem } from '@nabolag/core'
import type { FastifyInstance, FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'

const forms = new WeakSet<object>()

/** Checks a part of a request against its schema, compiled once per route. */
export const compileCheck: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const check = Compile(schema)
  return (given: unknown) => {
    const texts = httpPart !== 'body' || (typeof given === 'object' && given !== null && forms.has(given))
    const value = texts ? check.Convert(given) : given
    if (!check.Check(value)) return { error: check.Errors(value) as never }
    refuseBrokenText(value)
    return { value }
  }
}

/** Texts that no database keeps: with a NUL in them, or with half a character. */
function refuseBrokenText(value: unknown): void {
  if (typeof value === 'string') {
    if (value.includes('\0') || !value.isWellFormed())
      throw Problem('bad-request', 'A text holds a NUL or half a character')
  } else if (typeof value === 'object' && value !== null)
    for (const [name, part] of Object.entries(value)) {
      refuseBrokenText(name)
      refuseBrokenText(part)
    }
}

/** Teaches the app to read bodies. An empty body is an empty object, whatever its content type says. */
export async function readBodies(app: FastifyInstance): Promise<void> {
  await app.register(formbody)
  app.removeContentTypeParser(['application/json', 'text/plain'])
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
    if (text.length === 0) return done(null, {})
    return parseJson(request, text as string, (error, value) =>
      error ? done(Problem('bad-request', 'The body is not JSON')) : done(null, value),
    )
  })
  app.addHook('preValidation', async (request) => {
    if (request.body === undefined || request.body === null) {
      if (request.routeOptions.schema?.body) request.body = {}
    } else if (/^application\/x-www-form-urlencoded/i.test(request.headers['content-type'] ?? '')) {
      // formbody hands over an object without a prototype; the schema's conversion wants a plain one.
      request.body = { ...(request.body as object) }
      forms.add(request.body as object)
    }
  })
}
