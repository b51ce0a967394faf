/** The `nabolag` command. Every heavy part is loaded by the command that needs it, so that the others start at once. */
import { CommanderError } from 'commander'
import { makeProgram } from './program.ts'
import { reportFailure } from './say.ts'

// `nabolag … | head` ends when head has seen enough; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

try {
  await makeProgram().parseAsync()
} catch (error) {
  // Commander has said already what was wrong with the arguments.
  if (error instanceof CommanderError) process.exitCode = error.exitCode
  else process.exitCode = reportFailure(error, process.argv.includes('--json'))
}
// Whatever still listens on the channel to the older Node in front of this one must not keep it alive.
if (process.connected && process.exitCode !== undefined) process.disconnect()
