/** Every built-in integration: a new vendor is one folder and one line here. */
import type { AnyIntegration } from './define.ts'
import met from './met/index.ts'
import millHeater from './mill-heater/index.ts'
import millSense from './mill-sense/index.ts'
import sensiboSky from './sensibo-sky/index.ts'
import solcast from './solcast/index.ts'
import spotPrice from './spot-price/index.ts'
import systemairVsr500 from './systemair-vsr500/index.ts'
import tibberHourly from './tibber-hourly/index.ts'
import tibberRealtime from './tibber-realtime/index.ts'
import verisureSmokeDetector from './verisure-smoke-detector/index.ts'
import victron from './victron/index.ts'

export const integrations: readonly AnyIntegration[] = [
  met,
  tibberRealtime,
  tibberHourly,
  sensiboSky,
  millSense,
  millHeater,
  spotPrice,
  solcast,
  victron,
  systemairVsr500,
  verisureSmokeDetector,
]

/** The built-in integration of that name, or `undefined`. */
export const integrationOf = (name: string): AnyIntegration | undefined =>
  integrations.find((integration) => integration.name === name)
