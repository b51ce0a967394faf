import { readFile } from 'node:fs/promises'
import type { TryGiven } from '@nabolag/connector/try'
import { type FailureKind, Problem, readSettings, VendorFailure } from '@nabolag/core'
import type { Reading } from '@nabolag/integrations'
import { type Command, Option } from 'commander'
import { wholeNumber } from '../arguments.ts'
import { ExitError, note, say, sayJson, sayTable } from '../say.ts'
import { argumentsOf } from './commands.ts'

/** Exit codes by which other programs tell how a vendor failed. */
export const failureExitCodes: Record<FailureKind, number> = {
  unreachable: 10,
  throttled: 11,
  refused: 12,
  changed: 13,
  rejected: 14,
}

type Try = {
  credentials: string
  baseUrl?: string
  once: true
  timeout?: number
  command?: string
  codeBy?: 'sms' | 'email'
}

export function addIntegrations(program: Command): void {
  const group = program.command('integrations').description('the kinds of devices that this program can log')

  group
    .command('list')
    .description('every built-in integration')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { integrations, requiredFields } = await import('@nabolag/integrations')
      const rows = integrations.map((integration) => ({
        name: integration.name,
        label: integration.label,
        vendor: integration.vendor,
        group: integration.group,
        every: integration.sampling.every,
        base: integration.base,
        required_fields: requiredFields(integration),
        credentials: integration.credentials,
      }))
      if (json) sayJson(rows)
      else
        sayTable(
          ['name', 'label', 'group', 'every', 'credentials'],
          rows.map(({ name, label, group, every, required_fields }) => [
            name,
            label,
            group,
            every,
            required_fields.join(', '),
          ]),
        )
    })

  group
    .command('try')
    .description('runs one integration alone and prints its samples as JSON lines')
    .argument('<name>', 'as integrations list has it')
    .argument('[values...]', 'the arguments of --command, as temperature=21 location=Stue')
    .requiredOption('--credentials <file>', 'JSON object with what an owner would type; - is standard input')
    .option(
      '--base-url <address>',
      'ask there and not at the vendor’s own address; several with | between for a vendor with several, mqtt:// for a broker',
    )
    .option('--command <capability.verb>', 'carry this out, and look until a reading shows it')
    .addOption(
      new Option('--code-by <way>', 'have the vendor send a code first, and ask for it here').choices(['sms', 'email']),
    )
    .addOption(new Option('--once', 'end after the first answer').default(true).hideHelp())
    .option('--timeout <seconds>', 'how long the vendor may take; 60, or 120 with --command', wholeNumber)
    .addHelpText(
      'after',
      `
The samples go to standard output; a failure’s kind and message to standard error. With --command, what came of it is
the first line (confirmed, or applied or sent as the vendor says), and the reading that shows it the second. Exit codes:
   0  the vendor answered; samples were printed where there are any
   1  wrong arguments, or credentials that are not of the integration’s form
${Object.entries(failureExitCodes)
  .map(([kind, code]) => `  ${code}  ${kind}`)
  .join('\n')}

Example:
  $ echo '{"latitude": 59.9, "longitude": 10.7}' | nabolag integrations try met --credentials -
  $ nabolag integrations try sensibo-sky --credentials key.json --command thermostat.setTargetTemperature temperature=21`,
    )
    .action(tryIntegration)

  group
    .command('new')
    .description('makes the folder of a new integration in this clone, with cases and a simulator that work at once')
    .argument('<name>', 'lower case with dashes: acme-thermometer')
    .option('--vendor <name>', 'the cloud it speaks to; the first part of the name when absent')
    .option('--label <text>', 'what a person calls it')
    .option('--group <group>', 'what its data are: airSensor, heatPumpController …', 'airSensor')
    .option('--root <folder>', 'the clone to write into', process.cwd())
    .action(async (name: string, options: { vendor?: string; label?: string; group: string; root: string }) => {
      const { writeNewIntegration } = await import('./new-integration.ts')
      const files = await writeNewIntegration({ name, ...options })
      const vendor = options.vendor ?? name.split('-')[0] ?? name
      say(`Written:\n${files.map((file) => `  ${file}`).join('\n')}

It works as it is, against its own simulator. Try it:
  nabolag simulate ${vendor} --port ${vendor}=9000 &
  echo '{"api-key": "sim-${vendor}-key"}' | nabolag integrations try ${name} --credentials - --base-url http://127.0.0.1:9000
Then change it into the vendor's own, a case at a time:
  npm test -- packages/integrations
  npm run conformance -- ${name}
The guide: docs/adding-a-vendor.md`)
    })
}

async function tryIntegration(name: string, values: readonly string[], options: Try): Promise<void> {
  const { integrationOf, integrations, readCredentials } = await import('@nabolag/integrations')
  const integration = integrationOf(name)
  if (!integration)
    throw Problem(
      'no-such-integration',
      `There is no integration ${name}; there are ${integrations.map((one) => one.name).join(', ')}`,
    )
  if (options.baseUrl !== undefined && !options.baseUrl.split('|').every(isAddress))
    throw Problem('bad-request', '--base-url must be addresses that begin http(s):// or mqtt(s)://, with | between')
  if (options.command === undefined && values.length > 0)
    throw Problem('bad-request', `${values[0]} is an argument of a command, and there is no --command`)
  const checked = readCredentials(integration, await readJson(options.credentials))
  if (!checked.ok) {
    const missing = checked.missing.map((field) => `${field} is missing`)
    const wrong = Object.entries(checked.wrong).map(([field, complaint]) => `${field} ${complaint}`)
    throw Problem('bad-request', `The credentials do not fit ${name}: ${[...missing, ...wrong].join('; ')}`)
  }
  if (options.codeBy !== undefined && options.credentials === '-')
    throw Problem('bad-request', 'With --code-by the code comes from standard input: put the credentials in a file')
  const given = {
    integration,
    credentials: checked.credentials,
    contact: readSettings(process.env).NABOLAG_CONTACT,
    ...(options.baseUrl === undefined ? {} : { baseUrl: options.baseUrl }),
    timeout: 1000 * (options.timeout ?? (options.command === undefined ? 60 : 120)),
  }
  try {
    if (options.command === undefined) {
      const { runOnce } = await import('@nabolag/connector/try')
      const { samples } = await runOnce({ ...given, session: await signIn(given, options.codeBy) })
      for (const sample of samples) saySample(integration, sample)
      if (samples.length === 0) note(`${integration.label}: the vendor answered, and there is nothing measured in it.`)
    } else {
      const [capability = '', verb = ''] = options.command.split('.')
      const command = { capability, verb, arguments: argumentsOf(values) }
      const { commandOnce } = await import('@nabolag/connector/try-command')
      const session = await signIn(given, options.codeBy)
      const { state, reading, command: done } = await commandOnce({ ...given, session, command })
      say(JSON.stringify({ ...done, state }))
      if (reading) saySample(integration, reading)
      else note('No reading has shown it yet.')
    }
  } catch (error) {
    if (error instanceof VendorFailure)
      throw new ExitError(failureExitCodes[error.kind], `${error.kind}: ${error.message}`)
    throw error
  }
}

/** The session that a code gives; `undefined` where none is to be sent. */
async function signIn(given: TryGiven, channel: 'sms' | 'email' | undefined): Promise<unknown> {
  if (channel === undefined) return undefined
  const [{ answerCode, askCode }, { askCode: typeCode }] = await Promise.all([
    import('@nabolag/connector/try'),
    import('./accounts.ts'),
  ])
  const asked = await askCode({ ...given, channel })
  return (await answerCode({ ...given, asked, code: await typeCode() })).session
}

const isAddress = (text: string) => /^(http|mqtt)s?:$/.test(URL.parse(text.trim())?.protocol ?? '')

/** As it would go out on the bus, but for the house. */
function saySample(
  { name, group: usual }: { readonly name: string; readonly group: string },
  { time, issued, location, group, tags, fields }: Omit<Reading, 'place'>,
): void {
  const where = location === undefined || location === '' ? {} : { location }
  say(
    JSON.stringify({
      measurement: group ?? usual,
      tags: { device_name: name, ...where, ...tags },
      fields,
      time,
      issued,
    }),
  )
}

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file === '-' ? '/dev/stdin' : file, 'utf8')
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own message would quote the text, which holds secrets.
    throw Problem('bad-request', `${file === '-' ? 'Standard input' : file} is not JSON`)
  }
}
