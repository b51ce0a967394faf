/** The commands and their help. */
import { Command } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { addAccounts } from './commands/accounts.ts'
import { addAdmin } from './commands/admin.ts'
import { addCommands } from './commands/commands.ts'
import { addControl } from './commands/control.ts'
import { addData } from './commands/data.ts'
import { addDemo } from './commands/demo.ts'
import { addDoctor } from './commands/doctor.ts'
import { addHouses } from './commands/houses.ts'
import { addImport } from './commands/import.ts'
import { addIntegrations } from './commands/integrations.ts'
import { addKey } from './commands/key.ts'
import { addLoops } from './commands/loops.ts'
import { addPrices } from './commands/prices.ts'
import { addPublishers } from './commands/publishers.ts'
import { addRoles } from './commands/roles.ts'
import { addRooms } from './commands/rooms.ts'
import { addSettings } from './commands/settings.ts'
import { addSimulate } from './commands/simulate.ts'
import { addTokens } from './commands/tokens.ts'
import { addUp } from './commands/up.ts'

export function makeProgram(): Command {
  const program = new Command('nabolag')
    .description('One server, many houses: logs the homes’ cloud-connected devices, keeps and serves their data.')
    .version(packageJson.version)
    .showHelpAfterError('(nabolag --help, or nabolag <command> --help, tells more)')
    .configureHelp({ showGlobalOptions: false })
    .addHelpText(
      'after',
      `
Examples:
  $ nabolag up                          everything on this machine; data in ./data
  $ nabolag demo                        the same with simulated houses, to look around
  $ nabolag publisher add --house 3 --name mill-sense
  $ nabolag doctor                      what is wrong, and how to mend it

Settings come from the environment; nabolag settings lists them all.`,
    )
  for (const add of [
    addUp,
    addDemo,
    addDoctor,
    addSettings,
    addAdmin,
    addHouses,
    addPublishers,
    addAccounts,
    addTokens,
    addIntegrations,
    addCommands,
    addControl,
    addRooms,
    addLoops,
    addPrices,
    addData,
    addImport,
    addSimulate,
    addKey,
    addRoles,
  ])
    add(program)
  return exitByThrowing(program)
}

/** Usage errors end in main.ts as everything else, so that the exit code is decided in one place. */
function exitByThrowing(command: Command): Command {
  command.exitOverride()
  command.commands.forEach(exitByThrowing)
  return command
}
