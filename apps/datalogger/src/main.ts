/** The datalogger alone, against the addresses in the environment. `--instance N` where several share the work. */
import { parseArgs } from 'node:util'
import { ProblemError, readSettings } from '@nabolag/core'
import { startDatalogger } from './index.ts'

const { instance } = parseArgs({ options: { instance: { type: 'string' } } }).values
try {
  const datalogger = await startDatalogger(readSettings(process.env), {
    instance: instance === undefined ? undefined : Number(instance),
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void datalogger.close().then(() => process.exit(0)))
} catch (error) {
  if (!(error instanceof ProblemError)) throw error
  console.error(error.message)
  process.exit(1)
}
