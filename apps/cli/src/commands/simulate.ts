import { Problem } from '@nabolag/core'
import { type Command, InvalidArgumentError } from 'commander'
import { moment, wholeNumber } from '../arguments.ts'
import { note, say, sayJson, sayTable } from '../say.ts'

type Options = {
  readonly port: Readonly<Record<string, number>>
  readonly seed?: number
  readonly start?: number
  readonly host?: string
  readonly faults?: boolean
  readonly json?: boolean
}

/** `vendor=port`, given once or several times. */
function vendorPort(text: string, before: Readonly<Record<string, number>>): Record<string, number> {
  const [, vendor, port] = /^([a-z-]+)=(\d{1,5})$/.exec(text) ?? []
  if (vendor === undefined || Number(port) > 65_535)
    throw new InvalidArgumentError('It must be a vendor and a port, such as met=9001.')
  return { ...before, [vendor]: Number(port) }
}

export function addSimulate(program: Command): void {
  program
    .command('simulate')
    .description('the vendors’ clouds, simulated, to run devices against; with faults that can be switched')
    .argument('[vendors...]', 'all when none is named; each can also run in a process of its own')
    .option('--port <vendor=port>', 'where a vendor listens; a free port when left out', vendorPort, {})
    .option('--seed <number>', 'other weather, people and prices', wholeNumber)
    .option('--start <time>', 'when the simulated houses begin to live; 31 days ago when left out', moment)
    .option('--host <address>', 'to be reached from other machines: 0.0.0.0', '127.0.0.1')
    .option('--faults', 'lists what can go wrong at a vendor, and ends')
    .option('--json', 'as JSON: one line with addresses, accounts and the setting')
    .addHelpText(
      'after',
      `
Examples:
  $ nabolag simulate                                  every vendor, in one process
  $ nabolag simulate tibber --port tibber=9002        one alone
  $ curl http://127.0.0.1:9002/_faults -d '{"fault": "throttled", "retryAfter": 60}'
  $ curl http://127.0.0.1:9002/_faults -d '{"fault": "throttled", "on": false}'
  $ curl -X DELETE http://127.0.0.1:9002/_faults      all faults end`,
    )
    .action(simulate)
}

async function simulate(named: readonly string[], options: Options): Promise<void> {
  const { faults, makeWorld, startSimulators, vendorNames } = await import('@nabolag/simulators')
  if (options.faults) {
    if (options.json) sayJson(faults)
    else sayTable(['fault', 'what happens'], Object.entries(faults))
    return
  }
  const names: readonly string[] = vendorNames
  const unknown = [...named, ...Object.keys(options.port)].filter((name) => !names.includes(name))
  if (unknown.length > 0)
    throw Problem('bad-request', `There is no simulated vendor ${unknown.join(', ')}; there are ${names.join(', ')}`)
  const running = await startSimulators({
    vendors: named.length === 0 ? vendorNames : vendorNames.filter((name) => named.includes(name)),
    ports: options.port,
    world: makeWorld({ seed: options.seed, start: options.start }),
    host: options.host,
  })
  const vendors = [...running.started].map(([vendor, { url, faultsUrl, accounts = [] }]) => ({
    vendor,
    url,
    faults: faultsUrl ?? `${url.split('|')[0]}/_faults`,
    accounts,
  }))
  const setting = vendors.map(({ vendor, url }) => `${vendor}=${url}`).join(',')
  if (options.json) say(JSON.stringify({ NABOLAG_VENDOR_URLS: setting, start: running.world.start, vendors }))
  else {
    sayTable(
      ['vendor', 'address', 'faults'],
      vendors.map(({ vendor, url, faults }) => [vendor, url, faults]),
    )
    say()
    sayTable(
      ['device', 'credentials', 'what it is'],
      vendors.flatMap(({ accounts }) =>
        accounts.map(({ integration, credentials, holds }) => [integration, JSON.stringify(credentials), holds]),
      ),
    )
    say()
    say(`NABOLAG_VENDOR_URLS='${setting}' nabolag up`)
    say()
    const [first] = vendors
    say(`Faults (nabolag simulate --faults lists them) are switched while it runs, for everybody or for one "account":`)
    say(`  curl ${first?.faults} -d '{"fault": "outage"}'`)
    say(`  curl ${first?.faults} -d '{"fault": "outage", "on": false}'`)
    note('Ctrl-C ends it.')
  }
  const { runUntilStopped } = await import('../launch/protocol.ts')
  await runUntilStopped(running)
  process.exit(0)
}
