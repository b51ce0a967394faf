/** A ClickHouse of its own for a test, in a folder that goes with it. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Sample } from '@nabolag/core'
import { startClickHouse } from '@nabolag/engines/clickhouse'
import { openTimeSeries } from './open.ts'
import type { ReadAnswer, TimeSeries } from './types.ts'

export type TestEngine = { root: string; url: string; folder: string; series: TimeSeries; close(): Promise<void> }

export async function openTestEngine(): Promise<TestEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'nabolag-timeseries-'))
  const engine = await startClickHouse({ folder, user: 'nabolag', password: 'p w' })
  const url = `${engine.url}/nabolag`
  const series = openTimeSeries(url)
  await series.migrate()
  const close = async () => {
    await series.close()
    await engine.close()
    await rm(folder, { recursive: true, force: true })
  }
  return { root: engine.url, url, folder, series, close }
}

export const sample = (given: Partial<Sample> & Pick<Sample, 'houseId' | 'time' | 'fields'>): Sample => ({
  group: 'powerConsumption',
  device: 'meter',
  count: 0,
  location: '',
  tags: {},
  issued: undefined,
  ...given,
})

export const textOf = (answer: ReadAnswer): Promise<string> => text(answer.stream)
