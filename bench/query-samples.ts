/** The points of the query bench: a month of one house's meter, as the thesis had it, among ten other houses. */
import type { Sample } from '@nabolag/core'

export const points = 2_397_905
export const houseId = 3
/** Every other house's points. */
export const neighbourPoints = 100_000
export const neighbours = [1, 2, 4, 5, 6, 7, 8, 9, 10, 11] as const

const month = 30 * 86_400
/** The month ends here, ms since the epoch. */
export const end = Date.UTC(2023, 4, 8, 12)
const batch = 100_000

export const ofHouse = { group: 'powerConsumption', field: 'power', device: 'tibber-realtime' } as const

/** A generator of numbers from 0 to 1 that is the same in every run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Times (ms, with the jitter of a network) and whole watts: a base load by the hour, a heat pump, now and then an oven. */
export function* meterPoints(house: number, count: number): Generator<{ time: number; watts: number }> {
  const random = randomFrom(house)
  const spacing = (month * 1000) / count
  let [pump, oven] = [900, 0]
  for (let index = 0; index < count; index++) {
    const at = end - month * 1000 + index * spacing
    const hour = (at / 3_600_000) % 24
    if (random() < 0.0005) pump = random() < 0.4 ? 0 : 600 + random() * 900
    if (random() < 0.0001) oven = random() < 0.7 ? 0 : 2000
    const base = 350 + 150 * Math.sin(((hour - 14) / 24) * 2 * Math.PI)
    yield { time: Math.floor(at + random() * 40), watts: Math.round(base + pump + oven + (random() - 0.5) * 24) }
  }
}

/** All houses' samples in batches, the way the datalogger would write them. */
export function* querySamples(): Generator<Sample[]> {
  let samples: Sample[] = []
  for (const house of [houseId, ...neighbours])
    for (const { time, watts } of meterPoints(house, house === houseId ? points : neighbourPoints)) {
      const { group, field, device } = ofHouse
      const fields = { [field]: watts }
      samples.push({
        houseId: house,
        group,
        device,
        count: 0,
        location: '',
        tags: {},
        time: time * 1000,
        issued: undefined,
        fields,
      })
      if (samples.length === batch) {
        yield samples
        samples = []
      }
    }
  if (samples.length > 0) yield samples
}
