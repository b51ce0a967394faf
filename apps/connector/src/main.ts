/** The connector as a process of its own: `node apps/connector/src/main.ts`. */
import { readSettings } from '@nabolag/core'
import { pino } from 'pino'
import { startConnector } from './connector.ts'

const settings = readSettings(process.env)
const log = pino({ name: 'connector', level: settings.NABOLAG_LOG_LEVEL })
const connector = await startConnector(settings, { log })
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    connector.close().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  })
