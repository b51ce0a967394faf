// Real answers of Verisure's app service, kept beside the repository and not in it: run where they are, every one.
import { Check } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import { type Canned, exchangeOf, replay, samplesOf } from '../replay.testing.ts'
import { verisureAnswers } from './answers.testing.ts'
import { judge, partsOf } from './answers.ts'
import integration from './index.ts'
import type { Session } from './sign-in.ts'

const { here, json } = samplesOf('verisure')
const now = '2026-01-01T00:20:00.000Z'
const credentials = { username: 'user@example.com', password: 'pass:wörd' }
const { open, code } = integration.signIn!
const fetch = 'fetch' in integration ? integration.fetch : undefined

type Wrapped = { readonly status: number; readonly body?: unknown; readonly set_cookie?: readonly string[] }
type Asked = Canned & {
  readonly request: { readonly body: readonly { readonly operationName: string; readonly variables: object }[] }
}

/** A wrapped answer with its cookies, as the host hands it over. */
const canned = ({ status, body, set_cookie = [] }: Wrapped): Canned => ({
  status,
  body,
  cookies: Object.fromEntries(set_cookie.map((line) => /^([^=]+)=([^;]*)/.exec(line)!.slice(1, 3) as [string, string])),
})
const session = (giids: string[]): Session => ({
  host: 0,
  cookies: { vid: 'v', 'vs-access': 'a' },
  giids,
  throttled: 0,
})
const read = async (known: Session, answers: Canned[]) => {
  const kept: Session[] = []
  const { http, asked } = replay(answers)
  const status = await fetch!({ http, credentials, now, session: known, keep: (next: Session) => void kept.push(next) })
  return { asked, kept: kept.at(-1), readings: integration.samples(status as never, credentials) }
}

const tests: Readonly<Record<string, () => unknown>> = {
  'auth_login_200.json': async () => {
    const { http, asked } = replay([canned(json<Wrapped>('auth_login_200.json'))])
    expect(await open({ http, credentials, now, worn: undefined })).toEqual({
      session: {
        host: 0,
        cookies: { vid: 'myToken', 'vs-access': 'myAccessToken', 'vs-refresh': 'myRefreshToken' },
        giids: [],
        throttled: 0,
      },
      lasts: '600 s',
    })
    expect(asked[0]!.options.headers).toMatchObject({
      APPLICATION_ID: 'PS_PYTHON',
      authorization: 'Basic dXNlckBleGFtcGxlLmNvbTpwYXNzOnfDtnJk',
    })
  },

  'auth_mfa_dialogue.json': async () => {
    const [login, mfa, validate, trust, later] = json<Wrapped[]>('auth_mfa_dialogue.json').map(canned) as Canned[]
    const first = replay([login!])
    await expect(open({ http: first.http, credentials, now, worn: undefined })).rejects.toMatchObject({
      kind: 'refused',
    })
    const asking = replay([login!, mfa!])
    const asked = await code!.ask({ http: asking.http, credentials, now, channel: 'sms' })
    expect(asking.asked.map(({ path }) => path)).toEqual([
      'https://automation01.verisure.com/auth/login',
      'https://automation01.verisure.com/auth/mfa?type=phone',
    ])
    const answering = replay([validate!, trust!])
    const opened = await code!.answer({ http: answering.http, credentials, now, asked, code: '123456' })
    expect(answering.asked[0]!.options).toMatchObject({
      body: { token: '123456' },
      headers: { cookie: 'vs-stepup=myStepUpToken' },
    })
    expect(opened.session.cookies).toEqual({
      vid: 'myToken',
      'vs-access': 'myAccessToken',
      'vs-refresh': 'myRefreshToken',
      'vs-trust-abc': 'TRUST',
    })
    const dead = { status: 401, body: '401 Unauthorized' }
    const again = replay([dead, later!])
    const renewed = await open({ http: again.http, credentials, now, worn: opened.session })
    expect(again.asked.map(({ options }) => options.headers?.cookie)).toEqual([
      'vid=myToken; vs-refresh=myRefreshToken',
      'vs-trust-abc=TRUST',
    ])
    expect(renewed.session.cookies).toMatchObject({ vid: 'V3', 'vs-access': 'A3', 'vs-trust-abc': 'TRUST' })
  },

  'errors_common.json': () => {
    const all = json<Record<string, Canned>>('errors_common.json')
    const meaning = Object.fromEntries(
      Object.entries(all).map(([name, answer]) => {
        const judgement = judge(exchangeOf(answer as Canned), now)
        return [name, [judgement?.failure.kind, judgement?.elsewhere]]
      }),
    )
    expect(meaning).toEqual({
      wrong_password: ['refused', false],
      blocked_for_too_many_calls: ['throttled', false],
      other_host_is_active_http: ['unreachable', true],
      other_host_is_active_graphql_in_200: ['unreachable', true],
      no_session: ['refused', false],
    })
  },

  'graphql_fetch_all_installations.json': async () => {
    const { body, request } = json<Asked>('graphql_fetch_all_installations.json')
    const { asked, kept, readings } = await read(session([]), [
      { body },
      { body: json<Asked>('graphql_climate.json').body },
    ])
    expect(asked[0]!.options.body).toMatchObject([
      { operationName: request.body[0]!.operationName, variables: request.body[0]!.variables },
    ])
    expect(kept!.giids).toEqual(['123456789000'])
    expect(readings.length).toBe(2)
  },

  'graphql_climate.json': async () => {
    const { body, request } = json<Asked>('graphql_climate.json')
    const list = json<Asked>('graphql_fetch_all_installations.json').body
    const { asked, readings } = await read(session(['123456789000']), [{ body: [list, body] }])
    expect((asked[0]!.options.body as object[])[1]).toMatchObject({
      operationName: 'Climate',
      variables: request.body[0]!.variables,
    })
    expect(readings).toEqual([
      {
        place: 'ABCD 1234',
        location: 'Hall',
        time: '2026-01-01T00:00:00.000Z',
        fields: { temperature: 22, humidity: 30 },
      },
      { place: 'BCDE 2345', location: 'Trapp', time: '2026-01-01T00:00:00.000Z', fields: { temperature: 22 } },
    ])
  },

  'graphql_single_is_object.json': () => {
    const { parts, failure } = partsOf(exchangeOf(json('graphql_single_is_object.json')), 1, now)
    expect([parts.length, failure]).toEqual([1, undefined])
  },

  'graphql_batch_is_array.json': () => {
    const { parts, failure } = partsOf(exchangeOf(json('graphql_batch_is_array.json')), 3, now)
    expect([parts.length, failure]).toEqual([3, undefined])
    expect(partsOf(exchangeOf(json('graphql_batch_is_array.json')), 2, now).failure?.failure.kind).toBe('changed')
  },

  // The older interface, which answers no more.
  'legacy_overview_2016.json': () => {
    expect(Check(integration.status, json('legacy_overview_2016.json'))).toBe(false)
  },
}

describe(`${here ? Object.keys(tests).length : 0} real answers of Verisure`, () => {
  test('what is left to the calls is run here', () => {
    const left = Object.entries(verisureAnswers.notCalled).filter(([, reason]) => reason.includes('calls.test.ts'))
    expect(left.length).toBeGreaterThan(3)
    for (const [file] of left) expect(Object.keys(tests)).toContain(file)
  })

  test.skipIf(!here).each(Object.entries(tests))('%s', (_, run) => run() as Promise<void>)
})
