import { afterEach, describe, expect, test } from 'vitest'
import type { OddJob } from './fixtures/odd-thread.ts'
import type { JobKind } from './messages.ts'
import { NoResult, openPool, type Pool, type PoolGiven } from './pool.ts'

const ended: string[] = []
let pool: Pool
const open = (given: Partial<PoolGiven> = {}) => {
  ended.length = 0
  pool = openPool({
    threads: 1,
    file: new URL('./fixtures/odd-thread.ts', import.meta.url),
    limits: { plan: 1000, fit: 20_000 },
    heapLimit: 64,
    onEnded: (why) => ended.push(why),
    ...given,
  })
}
afterEach(() => pool.close())

/** The fixture answers other things than a plan. */
const ask = (kind: JobKind, job: OddJob, patience = 20_000): Promise<unknown> => pool.run(kind, job as never, patience)

describe('a pool of threads', () => {
  test('gives the result, or why there is none, and goes on with the same thread', async () => {
    open()
    expect(await ask('plan', { do: 'answer' })).toBe('plan done')
    await expect(ask('plan', { do: 'fail' })).rejects.toThrow('It would not')
    expect(await ask('fit', { do: 'answer' })).toBe('fit done')
    expect(ended).toEqual([])
  })

  test.each([
    { what: 'hang', says: /more than 1 s/ },
    { what: 'exit', says: /ended by itself \(exit code 3\)/ },
    { what: 'throw', says: /thread failed/ },
    { what: 'fill', says: /thread failed: .*memory/, limits: { plan: 30_000, fit: 1 } },
  ] as const)(
    'a thread made to $what is ended with its job, and a new one takes the next',
    async ({ what, ...rest }) => {
      open('limits' in rest ? { limits: rest.limits } : {})
      const failing = ask('plan', { do: what })
      const next = ask('plan', { do: 'answer' })
      await expect(failing).rejects.toThrow(rest.says)
      expect(await next).toBe('plan done')
      expect(ended).toHaveLength(1)
    },
  )

  test('a thread that cannot be loaded fails the job it was opened for', async () => {
    open({ file: new URL('./fixtures/no-such-thread.ts', import.meta.url) })
    await expect(ask('plan', { do: 'answer' })).rejects.toThrow(NoResult)
    await expect(ask('plan', { do: 'answer' })).rejects.toThrow(NoResult)
    expect(ended).toHaveLength(2)
  })

  test('a job that waits too long for a thread is withdrawn, and was only put off', async () => {
    open({ limits: { plan: 5000, fit: 5000 } })
    const long = ask('plan', { do: 'answer', wait: 600 })
    await expect(ask('plan', { do: 'answer' }, 50)).rejects.toMatchObject({ wasPutOff: true })
    expect(await long).toBe('plan done')
    expect(pool.waiting('plan')).toBe(0)
  })

  test('plans go before models, and one thread of several is kept for them', async () => {
    open({ threads: 2 })
    // Both have been loaded before it counts which is first.
    await Promise.all([ask('fit', { do: 'answer' }), ask('plan', { do: 'answer' })])
    const order: string[] = []
    const note = (name: string) => () => void order.push(name)
    const fits = [1, 2].map((n) => ask('fit', { do: 'answer', wait: 1000 }).then(note(`fit ${n}`)))
    const plan = ask('plan', { do: 'answer' }).then(note('plan'))
    expect(pool.waiting('fit')).toBe(1)
    await Promise.all([...fits, plan])
    expect(order).toEqual(['plan', 'fit 1', 'fit 2'])
  })

  test('a model that is being learnt gives way to a plan that has waited long', async () => {
    open({ politeness: 500 })
    const fit = ask('fit', { do: 'hang' })
    const plan = ask('plan', { do: 'answer' })
    await expect(fit).rejects.toMatchObject({ wasPutOff: true })
    expect(await plan).toBe('plan done')
  })

  test('closing ends what runs and what waits', async () => {
    open()
    const jobs = [ask('plan', { do: 'hang' }), ask('plan', { do: 'answer' }), ask('fit', { do: 'answer' })]
    const results = Promise.allSettled(jobs)
    await pool.close()
    expect((await results).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    await expect(ask('plan', { do: 'answer' })).rejects.toThrow(/closing/)
    expect(ended).toEqual([])
  })
})
