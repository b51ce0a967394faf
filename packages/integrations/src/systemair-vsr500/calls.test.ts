// Real answers of Systemair's cloud, kept beside the repository and not in it: run where they are, every one.
import { describe, expect, test } from 'vitest'
import { type Canned, exchangeOf, replay, samplesOf } from '../replay.testing.ts'
import { systemairAnswers } from './answers.testing.ts'
import { CloudFailure, failureOf } from './cloud.ts'
import integration from './index.ts'
import { signals } from './items.ts'
import { formAction, type Session } from './sign-in.ts'

const { here, text, json } = samplesOf('systemair')
const now = '2026-03-17T22:00:00.000Z'
const credentials = { username: 'someone@example.org', password: 'pass/word' }
const signedIn: Session = { accessToken: 'a', refreshToken: 'r', units: {} }
const open = integration.signIn!.open
const fetch = 'fetch' in integration ? integration.fetch : undefined

const none = { data: { GetDataItems: [] } }

/** Reads an account whose one unit answers so. */
async function read(items: unknown, exported: Canned, view: Canned) {
  const kept: Session[] = []
  const { http, asked } = replay([json('gateway_get_account_devices.json'), exported, view, { body: items }])
  const given = { http, credentials, now, session: signedIn, keep: (session: Session) => void kept.push(session) }
  const status = (await fetch!(given)) as Parameters<typeof integration.samples>[0]
  return { status, asked, kept: kept.at(-1), readings: integration.samples(status, credentials) }
}

const tests: Readonly<Record<string, () => unknown>> = {
  'sso_login_form.html.txt': () => {
    expect(formAction(text('sso_login_form.html.txt'))).toBe(
      'https://sso.systemair.com/auth/realms/iot/login-actions/authenticate?session_code=abc123&execution=def456&client_id=iot-application&tab_id=Qx1',
    )
  },

  'sso_redirects.json': async () => {
    const {
      success_after_form_post: success,
      already_signed_in_cookie: already,
      denied,
    } = json<Record<'success_after_form_post' | 'already_signed_in_cookie' | 'denied', Canned>>('sso_redirects.json')
    const page = { body: text('sso_login_form.html.txt'), cookies: { AUTH_SESSION_ID: 'x', KC_RESTART: 'y' } }
    const token = json('token_response.json')
    const walk = async (answers: Canned[]) => {
      const { http, asked } = replay(answers)
      return { opened: await open({ http, credentials, now, worn: undefined }), asked }
    }
    const usual = await walk([page, success, token])
    expect(usual.asked[1]!.options).toMatchObject({
      headers: { cookie: 'AUTH_SESSION_ID=x; KC_RESTART=y' },
      form: { username: 'someone@example.org', password: 'pass/word' },
    })
    expect(usual.asked[2]!.options.form).toMatchObject({ grant_type: 'authorization_code', code: 'auth_code_xyz' })
    const quick = await walk([already, token])
    expect(quick.asked[1]!.options.form).toMatchObject({ code: 'auto_code_from_session' })
    await expect(walk([page, denied])).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('Account disabled'),
    })
    await expect(walk([page, page])).rejects.toMatchObject({ kind: 'refused' })
  },

  'token_response.json': async () => {
    const { success_after_form_post: success } =
      json<Record<'success_after_form_post' | 'already_signed_in_cookie' | 'denied', Canned>>('sso_redirects.json')
    const { http } = replay([success, json('token_response.json')])
    expect(await open({ http, credentials, now, worn: undefined })).toEqual({
      session: { accessToken: 'oidc_access_token_123', refreshToken: 'oidc_refresh_token_456', units: {} },
      lasts: '270 s',
    })
  },

  'token_refresh_rotated.json': async () => {
    const { http, asked } = replay([json('token_refresh_rotated.json')])
    const units = { IAM_1: { ids: { mode: 29 }, missing: [1023] } }
    expect((await open({ http, credentials, now, worn: { ...signedIn, units } })).session).toEqual({
      accessToken: 'refreshed_access_token_789',
      refreshToken: 'refreshed_refresh_token_012',
      units,
    })
    expect(asked[0]!.options.form).toEqual({
      grant_type: 'refresh_token',
      client_id: 'iot-application',
      refresh_token: 'r',
    })
  },

  'gateway_get_account_devices.json': async () => {
    const { status } = await read(none, { status: 400, body: {} }, { status: 400, body: {} })
    expect(status.units.map(({ identifier, name, problem }) => [identifier, name, problem])).toEqual([
      ['IAM_0123456789AB', 'Unit 1', undefined],
      ['IAM_0123456789CD', 'Unit 2', 'it has no connection to Systemair'],
    ])
  },

  'remote_export_data_items.json': async () => {
    const { kept } = await read(none, json('remote_export_data_items.json'), { status: 400, body: {} })
    expect(kept!.units.IAM_0123456789AB!.ids).toEqual({
      temperatureUnit: 28,
      setpoint: 32,
      fanLevel: 38,
      refreshMinutes: 254,
    })
  },

  'remote_get_view_home.json': async () => {
    const { kept } = await read(none, { status: 400, body: {} }, json('remote_get_view_home.json'))
    expect(kept!.units.IAM_0123456789AB!.ids).toEqual({
      mode: 29,
      setpoint: 32,
      outdoor: 54,
      alarmA: 119,
      alarmB: 120,
      alarmC: 121,
      remaining: 250,
    })
  },

  // Made by hand, without registers: nothing can be learnt of it.
  'remote_get_view_minimal.json': async () => {
    const { kept } = await read(none, { status: 400, body: {} }, json('remote_get_view_minimal.json'))
    expect(kept!.units.IAM_0123456789AB!.ids).toEqual({})
  },

  'remote_get_data_items_logging_set.json': async () => {
    const { request, body } = json<Canned & { readonly request: { readonly body: { readonly query: string } } }>(
      'remote_get_data_items_logging_set.json',
    )
    const { readings, asked } = await read(
      body,
      json('remote_export_data_items.json'),
      json('remote_get_view_home.json'),
    )
    expect(asked[3]!.options.headers).toMatchObject({ 'device-id': 'IAM_0123456789AB', 'device-type': 'LEGACY' })
    expect((asked[3]!.options.body as { query: string }).query).toContain('GetDataItems(input: $input)')
    expect(request.body.query).toContain('GetDataItems(input: $input)')
    expect(readings).toEqual([
      {
        time: now,
        place: 'IAM_0123456789AB',
        location: 'Unit 1',
        fields: {
          extractAirTemperature: 22.1,
          supplyAirTemperature: 17.9,
          outdoorTemperature: 8.2,
          temperatureSetpoint: 19,
          humidity: 59,
          supplyAirFanRotation: 2340,
          extractAirFanRotation: 2100,
          mode: 'manual',
          fanLevel: 'normal',
          boostMinutes: 0,
          filterDays: 221.83,
          alarm: false,
        },
      },
    ])
  },

  'data_item_id_to_register_scan.json': () => {
    const scan: Record<string, { modbus: number }> = json<Record<string, { readonly modbus: number }>>(
      'data_item_id_to_register_scan.json',
    )
    const known = Object.values(signals).filter(({ id }) => scan[id])
    expect(known.length).toBe(16)
    for (const { id, register } of known) expect(scan[id]!.modbus).toBe(register - 1)
  },

  'error_device_offline.json': () => {
    expect(failureOf(exchangeOf(json('error_device_offline.json')), 'GetDataItems')).toMatchObject({
      kind: 'unreachable',
      about: 'unit',
      message: expect.stringContaining('The unit is offline'),
    })
  },

  'error_unauthorized.json': () => {
    const all: Canned[] = Object.values(json<Record<string, Canned>>('error_unauthorized.json'))
    expect(all.length).toBe(4)
    for (const answer of all) expect(failureOf(exchangeOf(answer), 'GetDataItems')?.kind).toBe('refused')
  },

  'remote_get_view_batch_errors.json': () => {
    const { one_alias_failed, whole_request_failed_but_data_present, disabled_element_must_be_ignored } = json<
      Record<'one_alias_failed' | 'whole_request_failed_but_data_present' | 'disabled_element_must_be_ignored', Canned>
    >('remote_get_view_batch_errors.json')
    expect(failureOf(exchangeOf(one_alias_failed), 'v0')).toBeUndefined()
    expect(failureOf(exchangeOf(one_alias_failed), 'v1')).toBeInstanceOf(CloudFailure)
    expect(failureOf(exchangeOf(whole_request_failed_but_data_present), 'v0')?.kind).toBe('unreachable')
    expect(failureOf(exchangeOf(disabled_element_must_be_ignored), 'v0')).toBeUndefined()
  },

  'remote_write_data_items.json': async () => {
    const samples =
      json<
        Record<
          'setpoint_21_5_degrees' | 'fan_level_high_in_manual_mode',
          Canned & { readonly request: { readonly body: unknown } }
        >
      >('remote_write_data_items.json')
    const { setSupplySetpoint, setFanLevel } = integration.commands!.ventilation!
    const given = (http: Canned[]) => {
      const { http: one, asked } = replay(http)
      const status = { at: now, units: [{ identifier: 'IAM_0123456789AB', items: [] }] }
      const rest = { credentials, session: signedIn, keep: () => {}, now, link: undefined as never, place: undefined }
      return { asked, given: { http: one, status, ...rest } }
    }
    const setpoint = given([samples.setpoint_21_5_degrees])
    expect(await setSupplySetpoint!(setpoint.given, { temperature: 21.5 })).toBe('applied')
    expect(setpoint.asked[0]!.options.body).toEqual(samples.setpoint_21_5_degrees.request.body)
    const level = given([samples.fan_level_high_in_manual_mode])
    expect(await setFanLevel!(level.given, { fanLevel: 'high' })).toBe('applied')
    expect(level.asked[0]!.options.body).toEqual(samples.fan_level_high_in_manual_mode.request.body)
    // ECO and holiday are no commands of ours.
    expect(Object.keys(samples).length).toBe(4)
  },
}

describe(`${here ? Object.keys(tests).length : 0} real answers of Systemair`, () => {
  test('what is left to the calls is run here', () => {
    const left = Object.entries(systemairAnswers.notCalled).filter(([, reason]) => reason.includes('calls.test.ts'))
    expect(left.length).toBeGreaterThan(3)
    for (const [file] of left) expect(Object.keys(tests)).toContain(file)
  })

  test.skipIf(!here).each(Object.entries(tests))('%s', (_, run) => run() as Promise<void>)
})
