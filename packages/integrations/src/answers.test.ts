// Real answers of the vendors, kept beside the repository and not in it: run where they are.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { VendorFailure } from '@nabolag/core'
import { Check } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import { graphqlFailure } from './graphql.ts'
import { type AnyIntegration, integrationOf, type Reading } from './index.ts'
import { envelopeFailure } from './sensibo-sky/index.ts'

const vendors = join(import.meta.dirname, '../../../../shared/vendors')
const here = existsSync(vendors)

type Part = (file: never) => unknown
type Row = {
  /** The integration that gets it, and which part of the file is the answer. */
  readonly as: string
  readonly answer?: Part
  /** How many readings it gives; `changed` when the schema must refuse it. */
  readonly gives: number | 'changed'
  readonly first?: object
  readonly last?: object
}

type Wrapped = { status: number; body: unknown }
const body: Part = (file: Wrapped) => file.body
const frame =
  (nth: number): Part =>
  (file: { frames: { frame: { type: string; payload?: { data?: unknown } } }[] }) =>
    file.frames.filter(({ frame }) => frame.type === 'next')[nth]?.frame.payload?.data

const rows: Readonly<Record<string, readonly Row[]>> = {
  'met/locationforecast_compact_200.json': [
    {
      as: 'met',
      answer: body,
      gives: 82,
      first: {
        time: '2020-07-20T11:00:00Z',
        issued: '2020-07-20T01:30:57Z',
        fields: { temperature: 30.4, humidity: 56.5, precipitationAmount: 0, symbolCode: 'clearsky_day' },
      },
      last: { time: '2020-07-29T06:00:00Z', fields: { temperature: 37.6, precipitationAmount: undefined } },
    },
  ],
  'met/locationforecast_complete_200.json': [
    { as: 'met', answer: body, gives: 82, first: { fields: { temperature: 18.8, dewPointTemperature: 7.2 } } },
  ],
  'met/locationforecast_complete_nordic_excerpt.json': [
    { as: 'met', answer: body, gives: 1, first: { fields: { windSpeedOfGust: 6.6, cloudAreaFraction: 58 } } },
  ],
  'met/nowcast_complete_200_no_radar_coverage.json': [
    { as: 'met', answer: body, gives: 1, first: { fields: { temperature: -7.5, precipitationAmount: 0 } } },
  ],
  'met/nowcast_complete_200_radar_ok.json': [{ as: 'met', answer: body, gives: 1 }],
  'met/not_modified_304.json': [{ as: 'met', answer: body, gives: 'changed' }],
  'met/frost_observations_200_air_temperature.json': [{ as: 'met', answer: body, gives: 'changed' }],
  'tibber/gql_consumption_hourly_SE.json': [
    {
      as: 'tibber-hourly',
      gives: 200,
      first: { time: '2024-03-13T12:00:00.000+01:00', fields: { hourlyPower: 1883, hourlyConsumption: 1.883 } },
      last: { time: '2024-03-17T15:00:00.000+01:00', tags: { currency: 'SEK' }, fields: { hourlyCost: 1.772097075 } },
    },
  ],
  'tibber/gql_viewer_homes_priceinfo_hourly_SE3.json': [{ as: 'tibber-hourly', gives: 0 }],
  'tibber/gql_send_push_notification.json': [{ as: 'tibber-hourly', gives: 'changed' }],
  'tibber/ws_stream_normal.json': [
    {
      as: 'tibber-realtime',
      answer: frame(0),
      gives: 1,
      first: {
        time: '2022-06-16T16:43:20.000+02:00',
        fields: { power: 600, voltagePhase1: 238.9, accumulatedCost: 1.666866 },
      },
    },
    {
      as: 'tibber-realtime',
      answer: frame(1),
      gives: 1,
      first: { fields: { power: 612, currentL1: undefined, voltagePhase1: undefined } },
    },
    { as: 'tibber-realtime', answer: frame(2), gives: 1, first: { fields: { power: 598 } } },
  ],
  // Its query did not ask for the time; ours does.
  'tibber/ws_next_currents_null.json': [{ as: 'tibber-realtime', answer: frame(0), gives: 'changed' }],
  'sensibo/pods_fields_all_airq_skyplus.json': [
    {
      as: 'sensibo-sky',
      gives: 2,
      first: {
        time: '2023-10-19T04:00:16.572501Z',
        location: 'aula',
        fields: {
          temperature: 23,
          humidity: 34.8,
          targetTemperature: 22,
          mode: 'heat',
          fanLevel: 'medium_high',
          on: true,
        },
      },
      last: { time: '2023-10-19T03:59:47.326580Z', location: 'lab', fields: { temperature: 30.7, on: false } },
    },
  ],
  'sensibo/pods_without_fields.json': [{ as: 'sensibo-sky', gives: 0 }],
  'sensibo/users_me.json': [{ as: 'sensibo-sky', gives: 'changed' }],
  'sensibo/measurements_success.json': [{ as: 'sensibo-sky', gives: 'changed' }],
}

const failures: Readonly<Record<string, string | undefined>> = {
  'tibber/http_200_unauthenticated.json': 'refused',
  'tibber/http_400_unauthenticated_before_2025.json': 'refused',
  'tibber/http_400_syntax_error.json': 'changed',
  'tibber/http_429_rate_limit.json': 'throttled',
  // Left to the general rule: 502 is unreachable, 429 throttled.
  'tibber/http_502_html.json': undefined,
  'sensibo/error_429_rate_limit.json': undefined,
  'sensibo/error_invalid_api_key.json': 'refused',
}

const read = (name: string) => {
  const [vendor, file] = name.split('/') as [string, string]
  return JSON.parse(readFileSync(join(vendors, vendor, 'samples', file), 'utf8'))
}
const named = new Set([...Object.keys(rows), ...Object.keys(failures)])
const left = here
  ? ['met', 'tibber', 'sensibo'].flatMap((vendor) =>
      readdirSync(join(vendors, vendor, 'samples'))
        .filter((file) => file.endsWith('.json') && !named.has(`${vendor}/${file}`))
        .map((file) => `${vendor}/${file}`),
    )
  : []

describe(
  here
    ? `${named.size} real answers of vendors (${left.length} files of calls we do not make: ${left.join(', ')})`
    : `${named.size} real answers left out: they lie beside the repository, and are not here`,
  () => {
    test.skipIf(!here)('none of the named files is missing', () => {
      expect(named.size).toBe(23)
      for (const name of named) expect(read(name), name).toBeDefined()
    })

    test.skipIf(!here).each(Object.entries(rows))('%s', (name, expected) => {
      expect(expected.length).toBeGreaterThan(0)
      for (const { as, answer = (file: unknown) => file, gives, first, last } of expected) {
        const integration = integrationOf(as) as AnyIntegration
        const given = answer(read(name) as never)
        expect(Check(integration.status, given)).toBe(gives !== 'changed')
        if (gives === 'changed') continue
        const readings: readonly Reading[] = integration.samples(given as never, {} as never)
        expect(readings.length).toBe(gives)
        if (first) expect(readings[0]).toMatchObject(first)
        if (last) expect(readings.at(-1)).toMatchObject(last)
      }
    })

    test.skipIf(!here).each(Object.entries(failures))('%s is %s', (name, kind) => {
      const { status, body } = read(name) as Wrapped
      const failure = name.startsWith('tibber/') ? graphqlFailure(body) : envelopeFailure({ status, body })
      expect(failure instanceof VendorFailure ? failure.kind : failure).toBe(kind)
    })
  },
)
