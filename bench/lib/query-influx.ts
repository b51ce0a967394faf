/** InfluxDB 1.x as Debian has it, on a free port with a folder of its own: what the thesis measured. */
import { spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../tests/stack.ts'
import { houseId, meterPoints, neighbourPoints, neighbours, points } from '../query-samples.ts'
import { fetchBytes } from './fetch-bytes.ts'
import type { Tidy } from './tidy.ts'

const program = '/usr/bin/influxd'
export const influxIsHere = (): boolean => existsSync(program)

export const influxFormats = {
  csv: 'application/csv',
  msgpack: 'application/x-msgpack',
  json: 'application/json',
} as const
export type InfluxFormat = keyof typeof influxFormats
/** The whole answer; times are ms since the epoch. */
export type Influx = (range: { from: number; to: number }, format: InfluxFormat, discard: boolean) => Promise<Buffer>

/** Starts it and writes the bench's points. */
export async function startInflux(tidy: Tidy): Promise<Influx> {
  const folder = await mkdtemp(join(tmpdir(), 'nabolag-influx-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const [http, rpc] = [await freePort(), await freePort()]
  const configuration = join(folder, 'influxdb.conf')
  await writeFile(
    configuration,
    `reporting-disabled = true
bind-address = "127.0.0.1:${rpc}"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:${http}"
  log-enabled = false
  max-row-limit = 0
`,
  )
  const child = spawn(program, ['-config', configuration], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const close = async () => {
    child.kill()
    await ended
    remove()
  }
  tidy.add(close, () => {
    child.kill('SIGKILL')
    remove()
  })
  const base = `http://127.0.0.1:${http}`
  while (
    !(await fetch(`${base}/ping`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null) throw new Error(`influxd ended with ${child.exitCode}`)
    await sleep(100)
  }
  await post(`${base}/query`, new URLSearchParams({ q: 'CREATE DATABASE nabolag' }))
  for (const house of [houseId, ...neighbours]) {
    let lines = ''
    for (const { time, watts } of meterPoints(house, house === houseId ? points : neighbourPoints)) {
      lines += `powerConsumption,house_id=${house},device_name=tibber-realtime power=${watts} ${time}\n`
      if (lines.length > 2_000_000) {
        await post(`${base}/write?db=nabolag&precision=ms`, lines)
        lines = ''
      }
    }
    if (lines !== '') await post(`${base}/write?db=nabolag&precision=ms`, lines)
  }
  return ({ from, to }, format, discard) => {
    const q = `SELECT power FROM powerConsumption WHERE house_id='${houseId}' AND device_name='tibber-realtime' AND time >= ${from}ms AND time < ${to}ms`
    const query = new URLSearchParams({ db: 'nabolag', epoch: 'ms', q })
    // In chunks, as its own client asks: the whole at once takes longer.
    query.set('chunked', 'true')
    query.set('chunk_size', '10000')
    return fetchBytes({ url: `${base}/query?${query}`, headers: { accept: influxFormats[format] }, discard })
  }
}

async function post(url: string, body: string | URLSearchParams): Promise<void> {
  const answer = await fetch(url, { method: 'POST', body })
  if (!answer.ok) throw new Error(`InfluxDB answered ${answer.status}: ${await answer.text()}`)
  await answer.arrayBuffer()
}
