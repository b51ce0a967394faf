/** What is asked or listened to on its own: a device, or all devices with the same credentials at a pushing vendor. */
import { createHash } from 'node:crypto'
import type { VendorFailure } from '@nabolag/core'
import { type Course, newCourse } from './course.ts'
import type { Loaded } from './loaded.ts'
import type { Seed } from './messages.ts'
import { locate, makePlaceSaver, type Place, type Places, readPlaces, writePlaces } from './places.ts'
import {
  type CheckedReading,
  checkReadings,
  leaveOutSent,
  makeRate,
  newestOf,
  type Remembered,
  writePayloads,
} from './readings.ts'
import { makeVault, type Vault } from './vault.ts'

export type Member = {
  readonly seed: Seed
  /** Where its readings are logged. */
  readonly places: Places
  readonly isWorthSaving: ReturnType<typeof makePlaceSaver>
  remembered: Remembered | undefined
}

export const makeMember = (seed: Seed): Member => ({
  seed,
  places: readPlaces(seed.places),
  isWorthSaving: makePlaceSaver(),
  remembered: undefined,
})

export type Run = {
  readonly abort: AbortController
  /** ms since the epoch. */
  readonly begunAt: number
  /** Ends the wait for it, whatever the integration does. */
  readonly giveUp: (failure: VendorFailure | 'silent') => void
  /** When it is given up, ms since the epoch. */
  deadline: number
  notBefore: number
  /** The answers it is made from, as the cache knows them. */
  readonly asked: string[]
  /** Whether it counts among the fetches at once. */
  active: boolean
  /** When a stream last held a measurement. */
  measuredAt: number
  /** What a stream sent that could not be read, since it last sent what could. */
  complaint: VendorFailure | undefined
}

export type Source = {
  readonly key: string
  readonly members: Member[]
  readonly credentials: Seed['credentials']
  readonly scope: string
  readonly vault: Vault
  readonly rate: (readings: number, now: number) => void
  course: Course
  /** The newest good answer, where anybody asks for it later. */
  status: unknown
  /** When it was to run; entries in the agenda with another time are old. */
  due: number
  polls: number
  /** Whether its owner was told that `sampling.next` gives no usable time. */
  complainedOfNext: boolean
  run: Run | undefined
}

/** A run that begins now; `givenUp` settles when it is given up. */
export function openRun(now: number, patience: number): { run: Run; givenUp: Promise<'silent'> } {
  let giveUp: Run['giveUp'] = () => {}
  const givenUp = new Promise<'silent'>((resolve, reject) => {
    giveUp = (failure) => (failure === 'silent' ? resolve(failure) : reject(failure))
  })
  givenUp.catch(() => {})
  const abort = new AbortController()
  const deadline = now + patience
  return {
    run: {
      abort,
      begunAt: now,
      giveUp,
      deadline,
      notBefore: 0,
      asked: [],
      active: false,
      measuredAt: now,
      complaint: undefined,
    },
    givenUp,
  }
}

/** Which source a device belongs to. */
export const sourceKey = ({ id, credentials }: Seed, { listen }: Loaded): string =>
  listen ? createHash('sha256').update(JSON.stringify(credentials)).digest('base64') : String(id)

/** The source of a device that goes on where it was, or is first tried at `startAt` (ms). */
export function makeSource(seed: Seed, loaded: Loaded, now: number, startAt: number): Source {
  return {
    key: sourceKey(seed, loaded),
    members: [],
    credentials: seed.credentials,
    scope: loaded.scopeOf(seed.credentials, seed.id),
    vault: makeVault(loaded.secretsOf(seed.credentials)),
    rate: makeRate(),
    course: seed.course ?? newCourse(now, startAt),
    status: undefined,
    due: 0,
    polls: seed.course ? 2 : 0,
    complainedOfNext: false,
    run: undefined,
  }
}

/** What becomes of an answer. */
export type Takers = {
  readonly samples: (id: number, samples: number, payloads: string[]) => void
  readonly places: (id: number, places: readonly Place[]) => void
  readonly lines: (id: number, level: 'info' | 'warn', messages: readonly string[]) => void
  /** All readings of an answer, at their locations; `askedAt`: since when it was asked for (ms). */
  readonly heard: (id: number, readings: readonly CheckedReading[], askedAt: number) => void
}

/**
 * Checks an answer and hands on what is new of it, for each device of the source. The time (ms) of its newest sample;
 * `undefined` when it holds none.
 *
 * @throws VendorFailure `changed` for an answer that does not fit, `throttled` for a flood
 */
export function takeAnswer(
  source: Source,
  loaded: Loaded,
  answer: unknown,
  takers: Takers,
  askedAt: number,
): number | undefined {
  const readings = checkReadings(loaded.read(answer, source.credentials))
  const now = Date.now()
  source.rate(readings.length, now)
  if (loaded.keepsStatus) source.status = answer
  for (const member of source.members) {
    const { id, houseId, count } = member.seed
    const { readings: located, lines } = locate(member.places, readings, now, loaded.pace.staleAfter)
    if (lines.length > 0) takers.lines(id, 'info', lines.map(source.vault.redact))
    if (member.isWorthSaving(member.places, lines.length > 0, now)) takers.places(id, writePlaces(member.places))
    const { fresh, remembered } = leaveOutSent(located, member.remembered)
    member.remembered = remembered
    if (loaded.keepsStatus) takers.heard(id, located, askedAt)
    if (fresh.length === 0) continue
    takers.samples(id, fresh.length, writePayloads(fresh, { houseId, name: loaded.name, group: loaded.group, count }))
  }
  return newestOf(readings, now)
}
