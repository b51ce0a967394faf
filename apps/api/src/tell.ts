/** Tells the connectors, over the bus, that somebody wants something of a device. */
import { desiredTopic } from '@nabolag/core'
import type { App } from './app.ts'

type Told = { readonly houseId: number; readonly integration: string; readonly count: number }

/**
 * Does not wait: the wish is in the store already, which the connectors read again by themselves; the message only makes
 * it quick.
 */
export function tellConnectors(app: App, devices: readonly Told[]): void {
  for (const { houseId, integration, count } of devices)
    app.parts.bus
      .publish(desiredTopic(houseId, integration, count), '{}')
      .catch((error) => app.log.warn({ err: error }, 'could not tell the connectors at once'))
}
