import { VendorFailure } from '@nabolag/core'
import type { Link } from '../define.ts'
import { type Account, connectionOf, readPayload } from './listen.ts'
import { heartbeat, type Setting, settings, singles, systemType, type Values } from './topics.ts'

/** How long a site may take to show a new value, ms. */
const patience = 12_000

/**
 * Whether the site is an energy storage system, which alone obeys the settings. Where it does not say what it is, one that
 * has the settings counts as such.
 */
export function isStorage(values: Values): boolean {
  const type = values[systemType]
  const hub = values[singles.hub]
  if (typeof type !== 'string' && typeof hub !== 'number') return typeof values[settings.gridSetpoint] === 'number'
  return type === 'ESS' || hub === 4
}

/**
 * Sets a value and waits until the site shows it. What is so already is not written: settings lie in flash. Victron
 * acknowledges nothing and refuses without a word, so the value is read back again and again meanwhile; the times of the batches are
 * the clock, and a site that is awake makes one every 3 s. To a site that says nothing at all nothing is written.
 *
 * @returns `sent` when the site lives but never tells the value
 * @throws VendorFailure `rejected` when the site keeps another value
 */
export async function write(
  given: {
    readonly link: Link
    readonly credentials: Account
    readonly status: { readonly values: Values } | undefined
  },
  setting: Setting,
  value: number,
): Promise<'applied' | 'sent'> {
  const { link, credentials, status } = given
  const path = settings[setting]
  if (status && !isStorage(status.values))
    throw new VendorFailure('rejected', 'This Victron system has no ESS, which alone obeys such a command')
  if (isSame(status?.values[path], value)) return 'applied'
  const { site, ...connection } = connectionOf(credentials)
  const question = { topic: `R/${site}/${path}`, payload: '' }
  const answer = `N/${site}/${path}`
  const stream = await link.mqtt({
    ...connection,
    subscribe: [answer, `N/${site}/${heartbeat}`],
    hello: [...connection.hello, question],
    beat: { every: '2 s', messages: [question] },
  })
  try {
    let written: number | undefined
    let kept: unknown
    for await (const { at, messages } of stream.batches) {
      const now = Date.parse(at)
      const shown = messages.findLast(({ topic }) => topic === answer)
      if (shown) kept = readPayload(shown.payload).value
      if (shown && isSame(kept, value)) return 'applied'
      if (written === undefined) {
        written = now
        await stream.publish({ topic: `W/${site}/${path}`, payload: JSON.stringify({ value }) })
        kept = undefined
      } else if (now - written > patience) {
        if (kept === undefined) return 'sent'
        throw new VendorFailure(
          'rejected',
          `Victron keeps ${JSON.stringify(kept).slice(0, 40)} instead of ${value}; the VRM user needs full control of the site, and its VRM portal mode must be "Full"`,
        )
      }
    }
    throw new VendorFailure('unreachable', 'The connection to Victron ended before the site had answered')
  } finally {
    await stream.close()
  }
}

const isSame = (shown: unknown, wanted: number): boolean => typeof shown === 'number' && Math.abs(shown - wanted) < 0.5
