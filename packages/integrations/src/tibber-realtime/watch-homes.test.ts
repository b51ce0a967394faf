import { VendorFailure } from '@nabolag/core'
import { describe, expect, test } from 'vitest'
import { watchHomes } from './watch-homes.ts'

const minute = 60_000
const start = Date.parse('2026-10-25T00:10:00Z')

describe('homes that share a stream', () => {
  test('both speak: nothing is said, and each hour it is time to ask for the homes', () => {
    const watch = watchHomes(['House', 'Cabin'])
    const due: number[] = []
    for (let at = 0; at <= 150; at++) {
      const first = watch.hear(0, start + at * minute)
      const second = watch.hear(1, start + at * minute + 3000)
      if (first || second) due.push(at)
    }
    expect(due).toEqual([60, 120])
  })

  test('one that has spoken falls silent: after ten minutes of the others’ time all connect again', () => {
    const watch = watchHomes(['House', 'Cabin'])
    watch.hear(1, start)
    for (let at = 0; at <= 10; at++) watch.hear(0, start + at * minute)
    expect(() => watch.hear(0, start + 10 * minute + 1)).toThrow(/nothing of Cabin for 10 minutes/)
  })

  test('one that never spoke, and one that failed, get an hour', () => {
    const silent = watchHomes(['House', 'Cabin'])
    for (let at = 0; at <= 60; at++) silent.hear(0, start + at * minute)
    expect(() => silent.hear(0, start + 61 * minute)).toThrow(/nothing of Cabin for 60 minutes/)
    const failed = watchHomes(['House', 'Cabin'])
    failed.hear(0, start)
    failed.lose(1, new VendorFailure('unreachable', 'unable to start stream'))
    for (let at = 0; at <= 60; at++) failed.hear(0, start + at * minute)
    expect(() => failed.hear(0, start + 61 * minute)).toThrow('unable to start stream')
  })

  test('points that come late or without a time do not move the clock back', () => {
    const watch = watchHomes(['House', 'Cabin'])
    watch.hear(0, start)
    watch.hear(1, start)
    expect(watch.hear(0, Number.NaN)).toBe(false)
    expect(watch.hear(0, start - 600 * minute)).toBe(false)
    expect(watch.hear(1, start + minute)).toBe(false)
  })
})
