import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runLive } from './live.ts'
import { judge, type Result, tableOf } from './scale.ts'
import { integrations, levels, readSubject } from './subject.ts'

const results = new Map<string, Result>()
beforeAll(async () => {
  const live = await runLive(integrations, () => {})
  for (const integration of integrations) {
    const ran = live.get(integration.name)
    results.set(integration.name, judge(readSubject(integration, ran?.credentials, ran?.live)))
  }
}, 1_800_000)
afterAll(() => {
  for (const { name, level, kept, notAsked, missing } of results.values())
    console.log(`${name} ${level}: ${kept} kept, ${notAsked} not asked, ${missing.length} missing`)
})

describe(`${integrations.length} integrations on the quality scale, each against its simulator with every fault`, () => {
  test.each(integrations.map(({ name }) => name))('%s reaches gold', (name) => {
    const { level, missing } = results.get(name) as Result
    expect(missing.filter((one) => one.level !== 'platinum')).toEqual([])
    expect(['gold', 'platinum']).toContain(level)
  })

  test('the README states no level that is not reached', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
    const stated = [...readme.matchAll(/^\| \[`([a-z0-9-]+)`\].*\| (bronze|silver|gold|platinum) \|$/gm)]
    expect(stated.map(([, name]) => name)).toEqual(integrations.map(({ name }) => name))
    for (const [row, name = '', level = ''] of stated) {
      const reached = results.get(name) as Result
      expect(levels.indexOf(reached.level as never), name).toBeGreaterThanOrEqual(levels.indexOf(level as never))
      // The rest of the row is as it would be written now.
      expect(tableOf([{ ...reached, level: level as never }])).toContain(row)
    }
  })
})
