import type { VendorFailure } from '@nabolag/core'
import { expect, test } from 'vitest'
import { type Canned, replay } from '../replay.testing.ts'
import { commands } from './commands.ts'
import type { Session } from './sign-in.ts'
import type { Status } from './units.ts'

const session: Session = { accessToken: 'a', refreshToken: 'r', units: {} }
const status: Status = { at: '2026-03-17T22:00:00Z', units: [{ identifier: 'IAM_1', items: [] }] }
const busy: Canned = { body: { errors: [{ message: 'Error: SERVER_BUSY' }], data: { WriteDataItems: null } } }
const taken: Canned = { body: { data: { WriteDataItems: true } } }

async function setFanLevel(answers: readonly Canned[]) {
  const { http, asked } = replay(answers)
  const given = { http, session, status, place: 'IAM_1', keep: () => {} }
  const said = await commands.ventilation!.setFanLevel!(given as never, { fanLevel: 'high' }).catch(
    (error: unknown) => (error as VendorFailure).kind,
  )
  return { said, waited: asked.map(({ options }) => options.after) }
}

test.each([
  ['taken at once', [taken], 'applied', [undefined]],
  ['busy once', [busy, taken], 'applied', [undefined, '0.5 s']],
  ['busy twice', [busy, busy, taken], 'applied', [undefined, '0.5 s', '1 s']],
  ['busy on and on', [busy, busy, busy], 'rejected', [undefined, '0.5 s', '1 s']],
])('a write that is %s is tried three times, with a moment between', async (_, answers, said, waited) => {
  expect(await setFanLevel(answers)).toEqual({ said, waited })
})
