/**
 * Every setting of the program: one table that is the check, the help and the docs. Read from the environment once,
 * in an app's `main.ts`, and handed down.
 */
import { ProblemError } from './problems.ts'

type Setting = {
  readonly meaning: string
  readonly default?: string
  /** Never shown, logged or returned. */
  readonly secret?: true
  readonly check?: (text: string) => string | undefined
}

const port = (text: string) =>
  /^\d{1,5}$/.test(text) && Number(text) <= 65535 ? undefined : 'must be a port, 0 to 65535'
const address =
  (...protocols: string[]) =>
  (text: string) =>
    URL.canParse(text) && protocols.includes(new URL(text).protocol)
      ? undefined
      : `must be an address that begins ${protocols.map((p) => `${p}//`).join(' or ')}`

export const settings = {
  NABOLAG_DATA: {
    meaning: 'Data folder: what the embedded engines and the generated secrets live in',
    default: './data',
  },
  NABOLAG_HOST: { meaning: 'Address the web server and the embedded broker listen on', default: '127.0.0.1' },
  NABOLAG_HTTP_PORT: { meaning: 'Port of the web page and the API', default: '8080', check: port },
  NABOLAG_MQTT_PORT: { meaning: 'Port of the embedded broker', default: '1883', check: port },
  NABOLAG_METRICS_PORT: {
    meaning:
      'Port where a datalogger, a connector or a controller shows its figures to Prometheus (/metrics), on NABOLAG_HOST; under `nabolag up` the datalogger has it, the connector the next one and the controller the one after; not opened when absent. The API has its own at /metrics',
    check: port,
  },
  NABOLAG_URL: {
    meaning: 'Address people reach this server at, for links; guessed from host and port when absent',
    check: address('http:', 'https:'),
  },
  NABOLAG_BROKER_URL: {
    meaning:
      'Address programs outside reach the broker at, told to whoever adds a device that publishes by itself; guessed from MQTT_URL and NABOLAG_URL when absent',
    check: address('mqtt:', 'mqtts:', 'ws:', 'wss:'),
  },
  DATABASE_URL: {
    meaning: 'PostgreSQL; embedded when absent',
    secret: true,
    check: address('postgres:', 'postgresql:'),
  },
  CLICKHOUSE_URL: {
    meaning: 'ClickHouse over HTTP, with the database as path; embedded when absent',
    secret: true,
    check: address('http:', 'https:'),
  },
  MQTT_URL: {
    meaning: 'MQTT broker, with the account of the system itself; embedded when absent',
    secret: true,
    check: address('mqtt:', 'mqtts:', 'ws:', 'wss:'),
  },
  NABOLAG_MASTER_KEY: {
    meaning:
      'Key that wraps the device credentials: 32 bytes in base64, or several as id:key with commas, the first one being used for new credentials; generated into the data folder when absent',
    secret: true,
  },
  NABOLAG_ADMIN_USERNAME: { meaning: 'With the password: the admin to make at the first start' },
  NABOLAG_ADMIN_PASSWORD: { meaning: 'At least 10 characters; only read when there is no admin yet', secret: true },
  NABOLAG_LOG_LEVEL: {
    meaning: 'trace, debug, info, warn or error',
    default: 'info',
    check: (t: string) =>
      ['trace', 'debug', 'info', 'warn', 'error'].includes(t) ? undefined : 'must be trace, debug, info, warn or error',
  },
  NABOLAG_CONTROL_THREADS: {
    meaning: 'Threads in which a controller makes its plans; one for each processor, but at most two, when absent',
    check: (t: string) => (/^[1-9]\d?$/.test(t) ? undefined : 'must be a whole number, 1 to 99'),
  },
  NABOLAG_CONTACT: {
    meaning: 'Mail address or link that tells a vendor whom to ask about our requests; goes into the User-Agent',
    default: 'https://github.com/nabolag/nabolag',
  },
  NABOLAG_VENDOR_URLS: {
    meaning:
      'Other base addresses for vendors, for simulators and tests: name=address, with commas (met=http://127.0.0.1:9001,tibber=…)',
    check: (t: string) =>
      t.split(',').every((p) => /^[a-z0-9-]+=(https?|mqtts?):\/\/[^|]+(\|(https?|mqtts?):\/\/[^|]+)*$/.test(p.trim()))
        ? undefined
        : 'must be name=http://address, with commas',
  },
} as const satisfies Record<string, Setting>

export type SettingName = keyof typeof settings
export type Settings = {
  readonly [S in SettingName]: (typeof settings)[S] extends { default: string } ? string : string | undefined
}

/**
 * Reads every setting. An unusable one ends the program with its name and what it should be; its value is not shown.
 *
 * @throws ProblemError `bad-request`, naming every setting that is wrong
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const complaints: string[] = []
  const values: Record<string, string | undefined> = {}
  for (const [name, setting] of Object.entries<Setting>(settings)) {
    const given = environment[name]
    const text = given === undefined || given === '' ? setting.default : given
    const complaint = text === undefined ? undefined : setting.check?.(text)
    if (complaint) complaints.push(`${name} ${complaint}`)
    values[name] = text
  }
  if (complaints.length > 0) throw new ProblemError('bad-request', complaints.join('; '))
  return values as unknown as Settings
}
