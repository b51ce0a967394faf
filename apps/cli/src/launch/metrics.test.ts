import { makeMetrics } from '@nabolag/connector'
import { expect, test } from 'vitest'
import { serveMetrics } from './metrics.ts'

const log = { info: () => {}, warn: () => {} }
const budget = { used: 0, limit: 10, waiting: 0, pausedFor: 0 }
const stats = () => ({
  devices: { running: 2 },
  outbox: { waiting: 0, dropped: 0, published: 7 },
  integrations: {},
  budgets: [
    { ...budget, scope: 'sol/a1', used: 9 },
    { ...budget, scope: 'sol/b2', used: 1 },
    { ...budget, scope: 'sol/c3', pausedFor: 30_000 },
    { ...budget, scope: 'met', used: 3, limit: 20 },
  ],
})

test('figures are shown at /metrics and nowhere else; a taken port is left alone', async () => {
  const given = { host: '127.0.0.1', log }
  const metrics = await serveMetrics(makeMetrics(stats), { ...given, port: 0 })
  const url = `http://127.0.0.1:${metrics.port}`
  const answer = await fetch(`${url}/metrics`)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/plain')])
  const text = await answer.text()
  expect(text).toContain('nabolag_connector_devices{state="running"} 2')
  expect(text).toContain('nabolag_connector_budget_used{vendor="sol",account="a1"} 9')
  expect(text).toContain('nabolag_connector_budget_paused_seconds{vendor="sol",account="c3"} 30')
  expect(text).toContain('nabolag_connector_budget_limit{vendor="met",account=""} 20')
  expect(text).toContain('nabolag_connector_budgets{vendor="sol",what="known"} 3')
  // What does well is only counted.
  expect(text).not.toContain('b2')
  expect((await fetch(`${url}/`)).status).toBe(404)
  expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(404)
  const second = await serveMetrics(makeMetrics(stats), { ...given, port: metrics.port! })
  expect(second.port).toBeUndefined()
  await second.close()
  await metrics.close()
})
