import { desiredTopic } from '@nabolag/core'
import type { Fleet } from './live.ts'
import type { Subject } from './subject.ts'
import type { LiveReport } from './trials.ts'
import { waitFor } from './wait.ts'

/** Restarts each device again and again: the calls must stay within the integration's own limit. */
export async function tryBudgets(
  subjects: readonly Subject[],
  { tenant, bus, house }: Fleet,
  connect: (options: { budgets: boolean }) => Promise<{ close(): Promise<void> }>,
  callsOf: (vendor: string) => number,
): Promise<Map<string, LiveReport['budget']>> {
  const budgets = new Map<string, LiveReport['budget']>()
  const limited = subjects.filter(({ integration }) => (integration.limits?.calls?.count ?? Infinity) <= 30)
  for (const { integration } of subjects) await tenant.setDesired(house, integration.name, 0, 'stopped')
  const connector = await connect({ budgets: true })
  const tryOne = async ({ integration: { name, vendor, limits } }: Subject) => {
    const allowed = limits?.calls?.count ?? 0
    const before = callsOf(vendor)
    for (let time = 0; time < allowed + 4; time++) {
      await tenant.setDesired(house, name, 0, 'restart')
      await bus.publish(desiredTopic(house, name, 0), '{}')
      const now = callsOf(vendor)
      await waitFor(700, async () => callsOf(vendor) > now)
    }
    budgets.set(name, { calls: callsOf(vendor) - before, allowed })
    await tenant.setDesired(house, name, 0, 'stopped')
    await bus.publish(desiredTopic(house, name, 0), '{}')
  }
  // One vendor's integrations share its limits, so they take turns; vendors do not.
  await Promise.all(
    [...new Set(limited.map(({ integration }) => integration.vendor))].map(async (vendor) => {
      for (const subject of limited) if (subject.integration.vendor === vendor) await tryOne(subject)
    }),
  )
  await connector.close()
  return budgets
}
