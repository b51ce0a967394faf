/** What can be looked at without any engine: the program, the machine, the data folder. */
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { freemem, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import type { SettingName, Settings } from '@nabolag/core'
import { readRunning, refuseNewer } from '../launch/data-folder.ts'
import { lockHolder } from '../launch/lock.ts'
import { findPort } from '../launch/ports.ts'
import { engineNames } from '../launch/roles.ts'
import { bad, type Finding, good, reasonOf, skipped, warning } from './finding.ts'

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`

export function checkNode(): Finding {
  const major = Number(process.versions.node.split('.')[0])
  return major >= 24
    ? good('node', `Node ${process.versions.node}`)
    : bad('node', `Node ${process.versions.node}`, 'Run npm ci in the project’s folder: it brings Node 24')
}

export function checkMemory(): Finding {
  const limit = process.constrainedMemory()
  const total = limit > 0 && limit < totalmem() ? limit : totalmem()
  const found = `${megabytes(total)}, ${megabytes(Math.min(freemem(), total))} free`
  return total < 1.5e9
    ? warning('memory', found, 'The embedded engines want 2 GB; give more, or use engines on another machine')
    : good('memory', found)
}

export function checkFolder(path: string): Finding[] {
  if (!existsSync(path)) return [skipped('folder', `${path} is not there yet; nabolag up makes it`)]
  const findings: Finding[] = []
  const mode = statSync(path).mode & 0o777
  findings.push(
    (mode & 0o077) === 0
      ? good('folder', `${path}, only for this user`)
      : bad('folder', `${path} is open to other users (mode ${mode.toString(8)})`, `chmod 700 ${path}`),
  )
  try {
    refuseNewer(path)
    findings.push(good('version', 'the folder’s version is one this program knows'))
  } catch (error) {
    findings.push(bad('version', reasonOf(error), 'Use the newer program, or another folder with NABOLAG_DATA'))
  }
  for (const name of ['secrets.json', 'run.json'].filter((file) => existsSync(join(path, file)))) {
    const open = statSync(join(path, name)).mode & 0o077
    findings.push(
      open === 0
        ? good('secrets', `${name} is only for this user`)
        : bad('secrets', `${name} is open to other users`, `chmod 600 ${join(path, name)}`),
    )
  }
  return findings
}

/** Free room, and whether files can be written where the data lies: the folder's disk, and those of engines elsewhere. */
export async function checkDisk(path: string): Promise<Finding[]> {
  let place = path
  while (!existsSync(place)) place = dirname(place)
  const device = statSync(place).dev
  const elsewhere = engineNames
    .map((name) => join(path, name))
    .filter((folder) => existsSync(folder) && statSync(folder).dev !== device)
  return (await Promise.all([place, ...elsewhere].map(checkDiskAt))).flat()
}

async function checkDiskAt(place: string): Promise<Finding[]> {
  const { bavail, bsize } = await statfs(place)
  const free = bavail * bsize
  const room = `${megabytes(free)} free at ${place}`
  const mend = 'Make room on that disk, or put the data on another one with NABOLAG_DATA'
  const findings = [
    free < 2e8 ? bad('disk', room, mend) : free < 2e9 ? warning('disk', room, mend) : good('disk', room),
  ]
  let trial: string | undefined
  try {
    trial = mkdtempSync(join(place, '.doctor-'))
    writeFileSync(join(trial, 'trial'), 'x')
    findings.push(checkClock(place, Math.abs(statSync(join(trial, 'trial')).mtimeMs - Date.now())))
  } catch (error) {
    const full = (error as NodeJS.ErrnoException).code === 'ENOSPC'
    const found = `Nothing can be written at ${place}: ${reasonOf(error)}`
    findings.push(bad('disk', found, full ? mend : `chown or chmod ${place}`))
  } finally {
    if (trial !== undefined) rmSync(trial, { recursive: true, force: true })
  }
  return findings
}

/** A clock that was set back shows as files from the future; one that never was set, as a year long gone. */
function checkClock(place: string, apart: number): Finding {
  const mend = 'Set the clock (timedatectl set-ntp true): the time of every sample depends on it'
  const newest = Math.max(0, ...readdirSync(place).map((name) => statSync(join(place, name)).mtimeMs))
  if (newest > Date.now() + 60_000)
    return bad('clock', `Files are from the future (${new Date(newest).toISOString()})`, mend)
  if (Date.now() < Date.UTC(2025, 0, 1)) return bad('clock', `It says ${new Date().toISOString()}`, mend)
  if (apart > 5000) return warning('clock', `It differs from the disk’s by ${Math.round(apart / 1000)} s`, mend)
  return good('clock', new Date().toISOString())
}

export function checkLauncher(path: string): Finding {
  const holder = lockHolder(path)
  if (!holder) return skipped('launcher', 'nothing runs on this folder')
  return readRunning(path)
    ? good('launcher', `runs as process ${holder.pid} since ${holder.since}`)
    : warning('launcher', `process ${holder.pid} is starting or stopping`, 'Wait a little and ask again')
}

/** Ports that a start would need; only when nothing runs. */
export async function checkPorts(settings: Settings): Promise<Finding[]> {
  const wanted: SettingName[] = settings.MQTT_URL ? ['NABOLAG_HTTP_PORT'] : ['NABOLAG_HTTP_PORT', 'NABOLAG_MQTT_PORT']
  return Promise.all(
    wanted.map(async (name) => {
      try {
        await findPort(settings.NABOLAG_HOST, Number(settings[name]), name, 0)
        return good('port', `${settings[name]} is free (${name})`)
      } catch (error) {
        return bad('port', reasonOf(error), `Stop the other program, or set ${name} to another port`)
      }
    }),
  )
}
