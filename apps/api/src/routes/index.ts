/** Every route, one subject per file. */
import type { App } from '../app.ts'
import { auth } from './auth.ts'
import { data } from './data.ts'
import { events } from './events.ts'
import { houseDevices } from './house-devices.ts'
import { houses } from './houses.ts'
import { integrations } from './integrations.ts'
import { erasing, measurements } from './measurements.ts'
import { operation } from './operation.ts'
import { publishers } from './publishers.ts'
import { rejected } from './rejected.ts'
import { tokens } from './tokens.ts'
import { users } from './users.ts'

export const routes: readonly ((app: App) => Promise<void>)[] = [
  auth,
  houses,
  houseDevices,
  data,
  measurements,
  erasing,
  events,
  rejected,
  publishers,
  integrations,
  users,
  tokens,
  operation,
]
