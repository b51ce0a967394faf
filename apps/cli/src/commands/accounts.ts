/** Accounts at vendors: trying credentials, signing in with a code, and whether a vendor has trouble. */
import { readFile } from 'node:fs/promises'
import { desiredTopic, Problem } from '@nabolag/core'
import type { Channel, Credentials, Tenant, TrialOutcome, TrialRequest } from '@nabolag/store'
import { type Command, Option } from 'commander'
import { wholeNumber } from '../arguments.ts'
import { ExitError, note, say, sayJson, sayTable } from '../say.ts'
import { withBroker, withStore } from '../stores.ts'
import { failureExitCodes } from './integrations.ts'

type Given = { readonly credentials?: string; readonly json?: boolean; readonly by?: Channel; readonly code?: string }
type Subject = { readonly houseId: number; readonly integration: string; readonly count?: number }

const credentialsOption = () =>
  new Option('--credentials <file>', 'JSON object with what an owner would type; - is standard input')
const deviceArgument = 'the integration, and /COUNT for a device that the house has: met, tibber-hourly/0'

export function addAccounts(program: Command): void {
  program
    .command('test')
    .description('has a connector try credentials once, within what the vendor allows; nothing is saved')
    .argument('<house>', 'the house', wholeNumber)
    .argument('<device>', deviceArgument)
    .addOption(credentialsOption())
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 when it works; ${Object.entries(failureExitCodes)
        .map(([kind, code]) => `${code} ${kind}`)
        .join(', ')}.

Examples:
  $ nabolag test 3 sensibo-sky/0                           the credentials that the device has
  $ echo '{"api-key": "…"}' | nabolag test 3 sensibo-sky --credentials -`,
    )
    .action(async (house: number, device: string, options: Given) => {
      const outcome = await tryOut(house, device, options, (subject) => ({ kind: 'test', ...subject }))
      if (options.json) sayJson(outcome)
      if (!outcome.ok) throw toExit(outcome)
      if (options.json) return
      say(outcome.samples > 0 ? `It works: ${outcome.samples} samples.` : 'It works, but there is no measurement yet.')
      if (outcome.fields.length > 0) say(`fields  ${outcome.fields.join(', ')}`)
      if (outcome.places.length > 0) say(`places  ${outcome.places.join(', ')}`)
    })

  program
    .command('sign-in')
    .description('signs in to a vendor that sends a code to its user; the device goes on at once')
    .argument('<house>', 'the house', wholeNumber)
    .argument('<device>', deviceArgument)
    .addOption(credentialsOption())
    .addOption(new Option('--by <way>', 'how the code is to come').choices(['sms', 'email']))
    .option('--code <code>', 'the code that came; without it the vendor is made to send one, and it is asked for here')
    .addHelpText(
      'after',
      `
Examples:
  $ nabolag sign-in 3 verisure-smoke-detector/0 --by email
  $ nabolag sign-in 3 verisure-smoke-detector --credentials verisure.json
  $ nabolag sign-in 3 verisure-smoke-detector/0 --code 123456      a code that was asked for before`,
    )
    .action(signIn)

  program
    .command('vendors')
    .description('every vendor with its devices, and whether it has trouble with many houses')
    .option('--json', 'as JSON')
    .action(async ({ json }: Given) => {
      const vendors = await withStore((_store, operator) => operator.vendors())
      if (json) return sayJson(vendors)
      const time = (millis: number) => new Date(millis).toISOString().slice(0, 16)
      sayTable(
        ['vendor', 'devices', 'houses', 'state'],
        vendors.map(({ vendor, devices, houses, incident }) => [
          vendor,
          devices,
          houses,
          incident
            ? `${incident.kind} since ${time(incident.since)}Z: ${incident.devices} devices in ${incident.houses} houses`
            : 'working',
        ]),
      )
    })
}

async function signIn(house: number, device: string, options: Given): Promise<void> {
  const { integrationOf } = await import('@nabolag/integrations')
  const { integration } = readDevice(device)
  const ways = integrationOf(integration)?.signIn?.code?.channels
  if (!ways) throw Problem('bad-request', `${integration} sends no code: its credentials are all it needs`)
  const channel = options.by ?? ways[0]!
  if (!ways.includes(channel)) throw Problem('bad-request', `--by must be ${ways.join(' or ')} for ${integration}`)
  if (options.code === undefined) {
    const asked = await tryOut(house, device, options, (subject) => ({ kind: 'ask', ...subject, channel }))
    if (!asked.ok) throw toExit(asked)
    note(`The vendor has sent a code by ${channel === 'sms' ? 'SMS' : 'e-mail'}; it is waited for 15 minutes.`)
    if (!process.stdin.isTTY) return say(`Hand it in with: nabolag sign-in ${house} ${device} --code CODE`)
  }
  for (;;) {
    const code = options.code ?? (await askCode())
    const answer = ({ houseId, integration: name, count }: Subject): TrialRequest => ({
      kind: 'answer',
      ...{ houseId, integration: name, code },
      ...(count === undefined ? {} : { count }),
    })
    const answered = await tryOut(house, device, {}, answer, true)
    if (answered.ok) break
    if (answered.kind !== 'refused' || options.code !== undefined) throw toExit(answered)
    note(`${answered.message}. Type it again, or break off with Ctrl-C.`)
  }
  const { count } = readDevice(device)
  say(
    count === undefined ? 'Signed in. Add the device with the same credentials now.' : 'Signed in; the device goes on.',
  )
}

export async function askCode(): Promise<string> {
  const { input } = await import('@inquirer/prompts')
  const validate = (text: string) => (text.trim() === '' || text.length > 40 ? 'Type the code that came' : true)
  return (await input({ message: 'Code', validate }, { output: process.stderr })).trim()
}

/** Has a running connector do it. @throws ProblemError `no-connector`, and what the credentials lack */
async function tryOut(
  houseId: number,
  device: string,
  { credentials: file }: Given,
  make: (subject: Subject & { readonly credentials?: Credentials; readonly accountHash?: string }) => TrialRequest,
  restarts = false,
): Promise<TrialOutcome> {
  const { integration, count } = readDevice(device)
  if (file !== undefined && count !== undefined)
    throw Problem('bad-request', 'A device has credentials of its own; leave /COUNT out to try others')
  const typed = file === undefined ? undefined : await readJson(file)
  const [{ carryOut }, { checkCredentials }] = await Promise.all([
    import('@nabolag/api/trials'),
    import('@nabolag/api/credentials'),
  ])
  return withStore((store, operator) =>
    withBroker(async (_accounts, bus) => {
      const checked = typed && checkCredentials(await kindOf(operator, integration), typed)
      if (!checked && count === undefined && !restarts)
        throw Problem('bad-request', 'Say what to try: --credentials FILE, or /COUNT for a device that the house has')
      const subject = { houseId, integration, ...checked, ...(count === undefined ? {} : { count }) }
      const outcome = await carryOut({ tenant: operator, fleet: store.fleet, bus }, make(subject))
      if (outcome.ok && restarts && count !== undefined) {
        await operator.setDesired(houseId, integration, count, 'restart')
        await bus.publish(desiredTopic(houseId, integration, count), '{}')
      }
      return outcome
    }),
  )
}

const kindOf = (operator: Tenant, integration: string) => operator.integration(integration)

function readDevice(text: string): { readonly integration: string; readonly count?: number } {
  const [integration = '', count, ...more] = text.split('/')
  if (integration === '' || more.length > 0 || (count !== undefined && !/^\d{1,4}$/.test(count)))
    throw Problem('bad-request', 'The device is INTEGRATION or INTEGRATION/COUNT, such as met or tibber-hourly/0')
  return count === undefined ? { integration } : { integration, count: Number(count) }
}

async function readJson(file: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readFile(file === '-' ? '/dev/stdin' : file, 'utf8')
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // The parser's own message would quote the text, which holds secrets.
  }
  throw Problem('bad-request', `${file === '-' ? 'Standard input' : file} is not a JSON object`)
}

const toExit = (outcome: TrialOutcome & { readonly ok: false }) =>
  new ExitError(failureExitCodes[outcome.kind], `${outcome.kind}: ${outcome.message}`)
