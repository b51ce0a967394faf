/** Waiting for a trial when things do not go as they should; that it works is seen through the whole system. */
import { failureKinds } from '@nabolag/core'
import type { Tenant, TrialOutcome } from '@nabolag/store'
import { expect, test } from 'vitest'
import { carryOut, failureView, type TrialParts } from './trials.ts'

const request = { kind: 'test', houseId: 1, integration: 'met' } as const
const outcome: TrialOutcome = { ok: true, samples: 1, fields: [], places: [] }

function stand(answers: readonly (TrialOutcome | 'waiting' | 'running' | 'gone')[], shards = 64) {
  const said: string[] = []
  const left = [...answers]
  const parts = {
    fleet: { connectors: async () => [{ id: 'a', address: undefined, beat: 0, shards }] },
    tenant: {
      beginTrial: async () => {
        said.push('begin')
        return { id: 'x' }
      },
      trialOutcome: async () => (left.length > 1 ? left.shift()! : left[0]!),
      dropTrial: async () => void said.push('drop'),
    } as unknown as Tenant,
    bus: {
      publish: async (topic: string) => void said.push(topic),
      subscribe: async (topic: string, handler: () => void) => {
        said.push(topic)
        const timer = setInterval(handler, 5)
        return async () => clearInterval(timer)
      },
    } as unknown as TrialParts['bus'],
    patience: { begin: 60, end: 120 },
  }
  return { parts, said }
}

test('the connectors are woken, and the outcome is handed on', async () => {
  const { parts, said } = stand(['waiting', 'running', outcome])
  expect(await carryOut(parts, request)).toEqual(outcome)
  expect(said).toEqual(['begin', 'trials/x/done', 'trials/x'])
})

test('a bus that is away only makes it slower', async () => {
  const { parts } = stand(['running', outcome])
  const broken = async () => {
    throw new Error('no broker')
  }
  expect(await carryOut({ ...parts, bus: { publish: broken, subscribe: broken } }, request)).toEqual(outcome)
})

test.each([
  { name: 'no connector holds anything', answers: ['waiting'], shards: 0, says: /none is running/, said: [] },
  { name: 'no connector takes it', answers: ['waiting'], shards: 64, says: /none is running/, said: ['drop'] },
  { name: 'the connector died with it', answers: ['running'], shards: 64, says: /has not answered/, said: ['drop'] },
  { name: 'it was swept away', answers: ['gone'], shards: 64, says: /has not answered/, said: ['drop'] },
] as const)('$name: 503, and who can mend it', async ({ answers, shards, says, said: expected }) => {
  const { parts, said } = stand(answers, shards)
  await expect(carryOut(parts, request)).rejects.toMatchObject({
    code: 'no-connector',
    detail: expect.stringMatching(says),
  })
  expect(said.filter((word) => word === 'drop')).toEqual(expected)
})

test('every kind of failure says who can mend it and how', () => {
  const kinds = Object.keys(failureKinds) as (keyof typeof failureKinds)[]
  expect(kinds.length).toBe(5)
  for (const kind of kinds) {
    const view = failureView({ ok: false, kind, message: 'm', until: 0 }, false)
    expect(view).toMatchObject({ ok: false, kind, message: 'm', until: '1970-01-01T00:00:00.000Z' })
    expect(view.do.length).toBeGreaterThan(20)
  }
  expect(failureView({ ok: false, kind: 'refused', message: 'm' }, true).do).toContain('code')
})
