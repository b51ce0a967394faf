/** Every built-in integration: a new vendor is one folder and one line here. */
import type { AnyIntegration } from './define.ts'
import met from './met/index.ts'
import sensiboSky from './sensibo-sky/index.ts'
import tibberHourly from './tibber-hourly/index.ts'
import tibberRealtime from './tibber-realtime/index.ts'

export const integrations: readonly AnyIntegration[] = [met, tibberRealtime, tibberHourly, sensiboSky]

/** The built-in integration of that name, or `undefined`. */
export const integrationOf = (name: string): AnyIntegration | undefined =>
  integrations.find((integration) => integration.name === name)
