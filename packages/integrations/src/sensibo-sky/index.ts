// Heat pumps behind Sensibo's infrared remotes. Quirks of the API: README.md beside this file.
import { defineIntegration } from '../define.ts'
import { Credentials, fetchPods } from './account.ts'
import { commands } from './commands.ts'
import { podsOf, readPod, Status } from './pods.ts'
import { actuatorOf } from './remote.ts'

export default defineIntegration({
  name: 'sensibo-sky',
  label: 'Sensibo heat pump controller',
  vendor: 'sensibo',
  group: 'heatPumpController',
  base: 'https://home.sensibo.com/api/v2',
  // Schedules have stayed behind.
  also: ['https://home.sensibo.com/api/v1'],
  credentials: Credentials,
  account: (credentials) => credentials['api-key'],
  status: Status,
  sampling: { every: '90 s', staleAfter: '15 min' },
  limits: { calls: { count: 8, per: '10 s' }, pause: '2 min' },
  fetch: fetchPods,
  samples: (status) => podsOf(status).flatMap(readPod),
  actuators: (status) => podsOf(status).flatMap(actuatorOf),
  commands,
  settles: '5 s',
})
