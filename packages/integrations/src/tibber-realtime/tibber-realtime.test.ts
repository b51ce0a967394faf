import { VendorFailure } from '@nabolag/core'
import { describe, expect, test } from 'vitest'
import type { GraphqlNews } from '../define.ts'
import tibberRealtime, { chooseHomes } from './index.ts'

const minute = 60_000
const start = Date.parse('2026-10-25T00:10:00Z')
const live = (ms: number) => ({ liveMeasurement: { timestamp: new Date(ms).toISOString(), power: 1 } })
const home = (id: string, appNickname: string, on = true) => ({
  id,
  appNickname,
  features: { realTimeConsumptionEnabled: on },
})

/** Listens to what comes; each question for the homes is answered with the next of `lists`, the last again and again. */
async function listen(lists: readonly unknown[], news: readonly GraphqlNews[]) {
  const heard: unknown[] = []
  let asked = 0
  const post = async () => {
    const list = lists[Math.min(asked++, lists.length - 1)]
    if (list instanceof Error) throw list
    return { data: { viewer: { websocketSubscriptionUrl: 'ws://127.0.0.1:1', homes: list } } }
  }
  const link = {
    http: { post },
    graphqlTogether: async function* () {
      yield* news
    },
  }
  const ended = await ('listen' in tibberRealtime
    ? tibberRealtime.listen(
        { link, credentials: { 'api-key': 'x' } } as never,
        (answer) => heard.push(answer),
        new AbortController().signal,
      )
    : Promise.reject(new Error('it does not listen'))
  ).then(
    () => 'ended',
    (error: VendorFailure) => error.kind,
  )
  return { heard: heard as { home: string; place: string }[], asked, ended }
}

const hours = (nth: number, count: number): GraphqlNews[] =>
  Array.from({ length: count + 1 }, (_, n) => ({ nth, data: live(start + n * 61 * minute) }))

describe('the homes of an account', () => {
  test('a home that is renamed is called so within the hour', async () => {
    const { heard, asked } = await listen([[home('a', 'Old')], [home('a', 'New')]], hours(0, 2))
    expect(heard.map((one) => one.home)).toEqual(['Old', 'Old', 'New'])
    expect(heard.map((one) => one.place)).toEqual(['a', 'a', 'a'])
    expect(asked).toBe(3)
  })

  test('a new home, or one whose meter goes, makes it connect again', async () => {
    const both = [home('a', 'A'), home('b', 'B')]
    expect(await listen([[home('a', 'A')], both], hours(0, 5))).toMatchObject({ ended: 'ended', asked: 2 })
    const one = [home('a', 'A'), home('b', 'B', false)]
    expect((await listen([both, one], [...hours(1, 0), ...hours(0, 5)])).ended).not.toBe('rejected')
  })

  test('a question that finds no answer meanwhile does not end the stream, a refused token does', async () => {
    const down = new VendorFailure('unreachable', 'down')
    expect((await listen([[home('a', 'A')], down], hours(0, 3))).heard.length).toBe(4)
    const refused = new VendorFailure('refused', 'gone')
    expect(await listen([[home('a', 'A')], refused], hours(0, 3))).toMatchObject({ ended: 'refused', asked: 2 })
  })

  test('one home fails: the others are heard', async () => {
    const failure = new VendorFailure('unreachable', 'unable to start stream')
    const { heard } = await listen([[home('a', 'A'), home('b', 'B')]], [{ nth: 0, failure }, ...hours(1, 0)])
    expect(heard.map((one) => one.home)).toEqual(['B'])
  })

  test.each([
    [{}, ['a', 'c']],
    [{ pulse_index: '1' }, ['c']],
    [{ home: 'Cabin' }, ['c']],
    [{ home: 'a' }, ['a']],
    [{ home: 'Off' }, 'unreachable'],
    [{ home: 'Nowhere' }, 'refused'],
    [{ pulse_index: '2' }, 'unreachable'],
    [{ pulse_index: '3' }, 'refused'],
  ])('%j is %j', (credentials, expected) => {
    const list = [home('a', 'House'), null, home('b', 'Off', false), home('c', 'Cabin')]
    const outcome = () => {
      try {
        return chooseHomes(list, credentials).map(({ id }) => id)
      } catch (error) {
        return (error as VendorFailure).kind
      }
    }
    expect(outcome()).toEqual(expected)
  })

  test('an account without a live meter is tried again', () => {
    expect(() => chooseHomes([home('b', 'Off', false)], {})).toThrow(/no home of this account has a live meter/)
  })
})
