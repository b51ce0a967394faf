import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** They take minutes, mostly waiting: begun last, they would run on alone at the end. */
const longest = [/conformance\/integrations/, /faults\/integrations/, /faults\/vendors/, /web-devices/, /tests\/demo/]
const rank = ({ moduleId }: TestSpecification) => {
  const place = longest.findIndex((pattern) => pattern.test(moduleId))
  return place < 0 ? longest.length : place
}

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  test: {
    include: ['packages/**/*.test.ts', 'apps/**/*.test.ts', 'tests/**/*.test.ts', 'web/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // They bound what hangs, not what is slow: a machine may be three times slower than this one, and have a pause.
    testTimeout: 120_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 20_000 } },
    sequence: { sequencer: LongestFirst },
  },
})
