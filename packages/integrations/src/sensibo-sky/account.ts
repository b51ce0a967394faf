/** The account at Sensibo and the one call that shows all of it. */
import { type Static, Type } from 'typebox'
import type { Http } from '../define.ts'
import { envelopeFailure } from './failures.ts'

export const Credentials = Type.Object({
  'api-key': Type.String({ title: 'API key', description: 'From home.sensibo.com/me/api', secret: true, minLength: 1 }),
})

/** Without `fields` only the ids come. One call for all pods of the account. */
export const fetchPods = (given: { readonly http: Http; readonly credentials: Static<typeof Credentials> }) =>
  given.http.get('/users/me/pods', {
    query: { fields: '*', apiKey: given.credentials['api-key'] },
    failureOf: envelopeFailure,
  })
