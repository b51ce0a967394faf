/** What is asked or listened to on its own: a device, or all devices with the same credentials at a pushing vendor. */
import { createHash } from 'node:crypto'
import type { VendorFailure } from '@nabolag/core'
import { type Course, newCourse } from './course.ts'
import type { Loaded } from './loaded.ts'
import type { Seed } from './messages.ts'
import { checkReadings, leaveOutSent, makeRate, newestOf, type Remembered, writePayloads } from './readings.ts'
import { makeRedactor } from './redact.ts'

type Member = { readonly seed: Seed; remembered: Remembered | undefined }

export type Run = {
  readonly abort: AbortController
  /** Ends the wait for it, whatever the integration does. */
  readonly giveUp: (failure: VendorFailure | 'silent') => void
  /** When it is given up, ms since the epoch. */
  deadline: number
  notBefore: number
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
  readonly secrets: readonly string[]
  readonly redact: (text: string) => string
  readonly rate: (readings: number, now: number) => void
  course: Course
  /** When it was to run; entries in the agenda with another time are old. */
  due: number
  polls: number
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
    run: { abort, giveUp, deadline, notBefore: 0, active: false, measuredAt: now, complaint: undefined },
    givenUp,
  }
}

/** Which source a device belongs to. */
export const sourceKey = ({ id, credentials }: Seed, { listen }: Loaded): string =>
  listen ? createHash('sha256').update(JSON.stringify(credentials)).digest('base64') : String(id)

/** The source of a device that goes on where it was, or is first tried at `startAt` (ms). */
export function makeSource(seed: Seed, loaded: Loaded, now: number, startAt: number): Source {
  const secrets = loaded.secretsOf(seed.credentials)
  return {
    key: sourceKey(seed, loaded),
    members: [],
    credentials: seed.credentials,
    scope: loaded.scopeOf(seed.credentials, seed.id),
    secrets,
    redact: makeRedactor(secrets),
    rate: makeRate(),
    course: seed.course ?? newCourse(now, startAt),
    due: 0,
    polls: seed.course ? 2 : 0,
    run: undefined,
  }
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
  onSamples: (id: number, samples: number, payloads: string[]) => void,
): number | undefined {
  const readings = checkReadings(loaded.read(answer, source.credentials))
  source.rate(readings.length, Date.now())
  for (const member of source.members) {
    const { fresh, remembered } = leaveOutSent(readings, member.remembered)
    member.remembered = remembered
    const { id, houseId, count } = member.seed
    if (fresh.length === 0) continue
    onSamples(id, fresh.length, writePayloads(fresh, { houseId, name: loaded.name, group: loaded.group, count }))
  }
  return newestOf(readings)
}
