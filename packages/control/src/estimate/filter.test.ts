import { expect, test } from 'vitest'
import { normals, referenceHouse } from '../mpc/winters.testing.ts'
import { discretise } from '../thermal/index.ts'
import { makeFilter } from './index.ts'

const hour = 3_600_000
const calm = { outdoor: 0, heat: 2, gains: 0.3, sun: 0 }

test('says how far the readings of the last day were off from what it expected', () => {
  const step = discretise(referenceHouse, 1)
  const filter = makeFilter(referenceHouse)
  const spreadAfter = (hours: number, noise: number) => {
    const random = normals(4)
    let truth = { air: 21, structure: filter.begin(0, 21, 0).structure }
    let estimate = filter.begin(0, 21, 0)
    for (let n = 1; n <= hours; n++) {
      truth = step(truth, calm)
      const reading = truth.air + noise * random()
      estimate = filter.step(estimate, { at: n * hour, reading, input: calm }).estimate
    }
    return estimate.spread!
  }
  expect(spreadAfter(24 * 7, 0)).toBeLessThan(0.02)
  expect(spreadAfter(24 * 14, 0.1)).toBeGreaterThan(0.09)
  expect(spreadAfter(24 * 14, 0.1)).toBeLessThan(0.18)
  const kept = { ...filter.begin(0, 21, 0), spread: Number.NaN }
  expect(filter.step(kept, { at: hour, reading: 21, input: calm }).estimate.spread).toBeLessThan(0.5)
})
