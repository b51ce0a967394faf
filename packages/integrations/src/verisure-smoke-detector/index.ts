// Temperatures of Verisure's smoke detectors, sirens and others. Quirks of the service: README.md beside this file.
import { celsius, percent, VendorFailure } from '@nabolag/core'
import { type Static, Type } from 'typebox'
import { Check } from 'typebox/value'
import { defineIntegration, type Exchange, type Given, type Reading } from '../define.ts'
import { Maybe, Nullable } from '../schema.ts'
import { partsOf } from './answers.ts'
import { askHosts, hosts, pickCookies } from './hosts.ts'
import { Credentials, code, holdFailure, open, Session } from './sign-in.ts'

const Climate = Type.Object({
  device: Type.Object({ deviceLabel: Type.String(), area: Maybe(Type.String()) }),
  humidityEnabled: Maybe(Type.Boolean()),
  humidityTimestamp: Maybe(Type.String()),
  humidityValue: Maybe(Type.Number()),
  temperatureTimestamp: Maybe(Type.String()),
  temperatureValue: Maybe(Type.Number()),
})
/** The climate of each installation that answered. */
const Status = Type.Object({
  answers: Type.Array(
    Type.Object({
      data: Type.Object({ installation: Nullable(Type.Object({ climates: Maybe(Type.Array(Nullable(Climate))) })) }),
    }),
  ),
})

const Installations = Type.Object({
  data: Type.Object({
    account: Nullable(
      Type.Object({ installations: Maybe(Type.Array(Nullable(Type.Object({ giid: Type.String() })))) }),
    ),
  }),
})

const installations = (email: string) => ({
  operationName: 'fetchAllInstallations',
  variables: { email },
  query:
    'query fetchAllInstallations($email: String!) { account(email: $email) { installations { giid alias __typename } __typename } }',
})
const climate = (giid: string) => ({
  operationName: 'Climate',
  variables: { giid },
  query:
    'query Climate($giid: String!) { installation(giid: $giid) { climates { device { deviceLabel area gui { label __typename } __typename } humidityEnabled humidityTimestamp humidityValue temperatureTimestamp temperatureValue __typename } __typename } }',
})

export default defineIntegration({
  name: 'verisure-smoke-detector',
  label: 'Verisure smoke detectors',
  vendor: 'verisure',
  group: 'airSensor',
  base: hosts[0],
  also: [hosts[1]],
  credentials: Credentials,
  account: ({ username }) => username.trim().toLowerCase(),
  status: Status,
  // They report about once an hour; users who ask too often are blocked.
  sampling: { every: '10 min', staleAfter: '6 h' },
  limits: { calls: { count: 30, per: '1 h' }, pause: '5 min' },

  signIn: { session: Session, open, code },

  // One request a round: whether there are new installations, and the climate of those that are known.
  fetch: async (given) => {
    const { session } = given
    const held = holdFailure(session)
    if (held) throw held
    const round = await ask(given, session, [installations(given.credentials.username), ...session.giids.map(climate)])
    const [list, ...known] = round.parts
    const giids = list === undefined ? session.giids : giidsOf(list)
    const fresh = giids.filter((giid) => !session.giids.includes(giid))
    const next = { ...session, host: round.host, giids, throttled: 0 }
    const more = fresh.length === 0 ? { parts: [] } : await ask(given, next, fresh.map(climate))
    if (JSON.stringify(next) !== JSON.stringify(session)) given.keep(next)
    return { answers: [...known, ...more.parts].filter((part) => part !== undefined) }
  },

  samples: ({ answers }) => {
    const seen = new Set<string>()
    return answers
      .flatMap(({ data }) => (data.installation?.climates ?? []).flatMap((one) => (one ? readClimate(one) : [])))
      .filter(({ place, time, fields }) => {
        const point = JSON.stringify([place, time, Object.keys(fields)])
        return !seen.has(point) && seen.add(point)
      })
  },
})

type Operation = { readonly operationName: string; readonly variables: object; readonly query: string }

/** Asks all operations at once; a part that failed alone is `undefined`. @throws VendorFailure when none is good */
async function ask(
  { http, now, keep }: Given<typeof Credentials, Session>,
  session: Session,
  operations: readonly Operation[],
): Promise<{ readonly host: 0 | 1; readonly parts: readonly unknown[] }> {
  const cookies = pickCookies(session.cookies, (name) => name === 'vid' || name === 'vs-access')
  const call = { method: 'POST', path: '/graphql', cookies, body: operations } as const
  const more = (answer: Exchange) => partsOf(answer, operations.length, now).failure
  const { answer, host, judgement } = await askHosts(http, session.host, call, { now, before: session.throttled, more })
  if (judgement?.failure.kind === 'throttled') keep({ ...session, throttled: session.throttled + 1 })
  if (judgement) throw judgement.failure
  return { host, parts: partsOf(answer, operations.length, now).parts }
}

function giidsOf(part: unknown): string[] {
  if (!Check(Installations, part))
    throw new VendorFailure('changed', "Verisure's list of installations has another shape than it had")
  return (part.data.account?.installations ?? []).flatMap((one) => (one ? [one.giid] : []))
}

/** Temperature and humidity have a time of their own each; without one nobody knows how old a value is. */
function readClimate({ device, ...climate }: Static<typeof Climate>): Reading[] {
  const { temperatureTimestamp, temperatureValue, humidityEnabled, humidityTimestamp, humidityValue } = climate
  const place = { place: device.deviceLabel, location: device.area?.trim() || device.deviceLabel }
  const temperature = typeof temperatureValue === 'number' ? celsius(temperatureValue) : undefined
  // Without a sensor there is a null or a zero.
  const measures = humidityEnabled ?? (humidityValue ?? 0) > 0
  const humidity = measures && typeof humidityValue === 'number' ? percent(humidityValue) : undefined
  const readings: Reading[] = []
  const together = temperatureTimestamp === humidityTimestamp
  if (temperatureTimestamp && temperature !== undefined)
    readings.push({ ...place, time: temperatureTimestamp, fields: { temperature, ...(together ? { humidity } : {}) } })
  if (humidityTimestamp && humidity !== undefined && !(together && temperature !== undefined))
    readings.push({ ...place, time: humidityTimestamp, fields: { humidity } })
  return readings
}
