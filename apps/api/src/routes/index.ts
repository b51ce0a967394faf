/** Every route, one subject per file. */
import type { App } from '../app.ts'
import { auth } from './auth.ts'
import { comfort } from './comfort.ts'
import { commands } from './commands.ts'
import { control } from './control.ts'
import { data } from './data.ts'
import { events } from './events.ts'
import { forecast } from './forecast.ts'
import { houseDevices } from './house-devices.ts'
import { houses } from './houses.ts'
import { insights } from './insights.ts'
import { integrations } from './integrations.ts'
import { erasing, measurements } from './measurements.ts'
import { operation } from './operation.ts'
import { prices } from './prices.ts'
import { publishers } from './publishers.ts'
import { publishing } from './publishing.ts'
import { receipts } from './receipts.ts'
import { rejected } from './rejected.ts'
import { rooms } from './rooms.ts'
import { sharedCaps } from './shared-caps.ts'
import { tokens } from './tokens.ts'
import { trials } from './trials.ts'
import { users } from './users.ts'
import { vendors } from './vendors.ts'

export const routes: readonly ((app: App) => Promise<void>)[] = [
  auth,
  houses,
  houseDevices,
  commands,
  rooms,
  comfort,
  control,
  receipts,
  sharedCaps,
  prices,
  forecast,
  insights,
  trials,
  data,
  measurements,
  erasing,
  events,
  rejected,
  publishers,
  publishing,
  integrations,
  vendors,
  users,
  tokens,
  operation,
]
