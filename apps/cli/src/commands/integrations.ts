import { readFile } from 'node:fs/promises'
import { type FailureKind, Problem, readSettings, VendorFailure } from '@nabolag/core'
import { type Command, Option } from 'commander'
import { wholeNumber } from '../arguments.ts'
import { ExitError, say, sayJson, sayTable } from '../say.ts'

/** Exit codes by which other programs tell how a vendor failed. */
export const failureExitCodes: Record<FailureKind, number> = {
  unreachable: 10,
  throttled: 11,
  refused: 12,
  changed: 13,
  rejected: 14,
}

type Try = { credentials: string; baseUrl?: string; once: true; timeout: number }

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
    .requiredOption('--credentials <file>', 'JSON object with what an owner would type; - is standard input')
    .option('--base-url <address>', 'ask there and not at the vendor’s own address')
    .addOption(new Option('--once', 'end after the first answer').default(true).hideHelp())
    .option('--timeout <seconds>', 'how long the vendor may take', wholeNumber, 60)
    .addHelpText(
      'after',
      `
The samples go to standard output; a failure’s kind and message to standard error. Exit codes:
   0  samples were printed
   1  wrong arguments, or credentials that are not of the integration’s form
${Object.entries(failureExitCodes)
  .map(([kind, code]) => `  ${code}  ${kind}`)
  .join('\n')}

Example:
  $ echo '{"latitude": 59.9, "longitude": 10.7}' | nabolag integrations try met --credentials -`,
    )
    .action(tryIntegration)

  group
    .command('new')
    .description('makes the folder of a new integration in this clone, with a case and a simulator that work at once')
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

It works as it is, against its own simulator. Try it, then change it into the vendor's own, a case at a time:
  npx biome check --write packages/integrations packages/simulators
  npm test -- packages/integrations
  nabolag simulate ${vendor} --port ${vendor}=9000
  echo '{"api-key": "sim-${vendor}-key"}' | nabolag integrations try ${name} --credentials - --base-url http://127.0.0.1:9000
The guide: docs/integration-author.md`)
    })
}

async function tryIntegration(name: string, options: Try): Promise<void> {
  const [{ integrationOf, integrations, readCredentials }, { runOnce }] = await Promise.all([
    import('@nabolag/integrations'),
    import('@nabolag/connector/try'),
  ])
  const integration = integrationOf(name)
  if (!integration)
    throw Problem(
      'no-such-integration',
      `There is no integration ${name}; there are ${integrations.map((one) => one.name).join(', ')}`,
    )
  if (options.baseUrl !== undefined && !/^https?:$/.test(URL.parse(options.baseUrl)?.protocol ?? ''))
    throw Problem('bad-request', '--base-url must be an address that begins http:// or https://')
  const checked = readCredentials(integration, await readJson(options.credentials))
  if (!checked.ok) {
    const missing = checked.missing.map((field) => `${field} is missing`)
    const wrong = Object.entries(checked.wrong).map(([field, complaint]) => `${field} ${complaint}`)
    throw Problem('bad-request', `The credentials do not fit ${name}: ${[...missing, ...wrong].join('; ')}`)
  }
  try {
    const { samples } = await runOnce({
      integration,
      credentials: checked.credentials,
      baseUrl: options.baseUrl,
      contact: readSettings(process.env).NABOLAG_CONTACT,
      timeout: options.timeout * 1000,
    })
    for (const { time, issued, location, tags, fields } of samples) {
      // As it would go out on the bus, but for the house.
      const where = location === undefined || location === '' ? {} : { location }
      say(
        JSON.stringify({
          measurement: integration.group,
          tags: { device_name: name, ...where, ...tags },
          fields,
          time,
          issued,
        }),
      )
    }
  } catch (error) {
    if (error instanceof VendorFailure)
      throw new ExitError(failureExitCodes[error.kind], `${error.kind}: ${error.message}`)
    throw error
  }
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
