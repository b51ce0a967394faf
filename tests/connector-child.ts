/** A connector with the fixtures' obedient device, in a process of its own that a test may kill. */
import { startConnector } from '@nabolag/connector'
import { readSettings } from '@nabolag/core'

const nothing = () => {}
const module = new URL('../apps/connector/src/fixtures/list.ts', import.meta.url).href
await startConnector(readSettings(process.env), {
  log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  tempo: 0.02,
  integrations: [{ name: 'obedient', module }],
})
