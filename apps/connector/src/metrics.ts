/** What a connector tells to whoever watches it (Prometheus). */
import { Gauge, Registry } from 'prom-client'
import type { ConnectorStats } from './connector.ts'

/** The text page of metrics, made from the connector's counts when it is asked for. */
export function makeMetrics(stats: () => ConnectorStats): { page(): Promise<string>; contentType: string } {
  const registry = new Registry()
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Gauge({ name: `nabolag_connector_${name}`, help, labelNames: [...labelNames], registers: [registry] })
  const devices = gauge('devices', 'Devices by state', ['state'])
  const samples = gauge('outbox_samples', 'Samples published, dropped for want of room, and messages waiting', ['what'])
  const polls = gauge('runs_total', 'Fetches and connections begun', ['integration'])
  const failures = gauge('failures_total', 'Failures by kind', ['integration', 'kind'])
  const deaths = gauge('thread_deaths_total', 'Threads that were ended', ['integration'])
  const memory = gauge('thread_memory_mebibytes', 'Memory of each thread', ['integration', 'where'])
  const used = gauge('budget_used', 'Calls within the window, of what the vendor allows', ['vendor', 'account'])
  const allowed = gauge('budget_limit', 'Calls that this connector may make in the window', ['vendor', 'account'])
  const paused = gauge('budget_paused_seconds', 'How long the vendor wants to be left alone', ['vendor', 'account'])
  const accounts = gauge('budgets', 'Accounts with a limit, paused, and with calls that wait', ['vendor', 'what'])
  return {
    contentType: registry.contentType,
    async page() {
      const now = stats()
      devices.reset()
      for (const [state, count] of Object.entries(now.devices)) devices.set({ state }, count)
      for (const [what, count] of Object.entries(now.outbox)) samples.set({ what }, count)
      for (const one of [used, allowed, paused, accounts]) one.reset()
      for (const { scope, used: calls, limit, waiting, pausedFor } of now.budgets) {
        const [vendor = '', account = ''] = scope.split('/')
        accounts.inc({ vendor, what: 'known' })
        if (pausedFor > 0) accounts.inc({ vendor, what: 'paused' })
        if (waiting > 0) accounts.inc({ vendor, what: 'waiting' })
        // Ten thousand accounts that are well would hide the few that are not.
        if (account !== '' && pausedFor === 0 && waiting === 0 && calls * 2 < limit) continue
        used.set({ vendor, account }, calls)
        allowed.set({ vendor, account }, limit)
        paused.set({ vendor, account }, pausedFor / 1000)
      }
      for (const [integration, counts] of Object.entries(now.integrations)) {
        polls.set({ integration }, counts.polls)
        deaths.set({ integration }, counts.deaths)
        memory.set({ integration, where: 'heap' }, counts.heapMiB)
        memory.set({ integration, where: 'external' }, counts.externalMiB)
        for (const [kind, count] of Object.entries(counts.failures)) failures.set({ integration, kind }, count)
      }
      return registry.metrics()
    },
  }
}
