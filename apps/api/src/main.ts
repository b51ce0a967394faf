/** The api alone, against the addresses in the environment. */
import { readSettings } from '@nabolag/core'
import { makeLog } from './log.ts'
import { startApi } from './start.ts'

const settings = readSettings(process.env)
const log = makeLog(settings.NABOLAG_LOG_LEVEL)
const webFolder = process.argv[2]

try {
  const { close } = await startApi(settings, { log, webFolder })
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      void close().then(() => process.exit(0))
    })
} catch (error) {
  log.fatal({ err: error }, 'the api cannot start')
  process.exitCode = 1
}
