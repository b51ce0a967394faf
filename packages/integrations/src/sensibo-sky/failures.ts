/** What Sensibo's own words for a failure mean; they may come in a 200. */
import { VendorFailure } from '@nabolag/core'

type Answer = { readonly status: number; readonly body: unknown }

/** For what is read. Never throws. */
export function envelopeFailure({ status, body }: Answer): VendorFailure | undefined {
  if (status === 429 || status >= 500) return undefined
  const said = saidIn(body)
  if (!said)
    return status === 400 ? new VendorFailure('unreachable', 'Sensibo answered 400, as it does at times') : undefined
  const { reason, words } = said
  // A 403 as well, and the key is good.
  if (isPlusOnly(said)) return new VendorFailure('changed', words)
  if (reason === 'NotAuthorized' || status === 401 || status === 403) return new VendorFailure('refused', words)
  if (reason === 'NotFound' || status === 404) return new VendorFailure('changed', words)
  if (isAboutLimits(said)) return new VendorFailure('throttled', words)
  return new VendorFailure('unreachable', words)
}

/** For commands: what is about neither the key nor the moment is a no to this command. Never throws. */
export function commandFailure({ status, body }: Answer): VendorFailure | undefined {
  if (status === 429 || status >= 500) return undefined
  const said = saidIn(body)
  if (!said)
    return status === 400 ? new VendorFailure('unreachable', 'Sensibo answered 400, as it does at times') : undefined
  const { reason, words } = said
  if (isPlusOnly(said)) return new VendorFailure('rejected', words)
  if (reason === 'NotAuthorized' || status === 401 || status === 403) return new VendorFailure('refused', words)
  return new VendorFailure(isAboutLimits(said) ? 'throttled' : 'rejected', words)
}

type Said = { readonly reason: unknown; readonly words: string }

function saidIn(body: unknown): Said | undefined {
  const { status, reason, message } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  if (status !== 'failed') return undefined
  const texts = [reason, message].filter((word) => typeof word === 'string')
  return { reason, words: `Sensibo says: ${texts.join(', ')}`.slice(0, 200) }
}

const isPlusOnly = ({ words }: Said) => /\bplus\b/i.test(words)
const isAboutLimits = ({ words }: Said) => /limit|too many/i.test(words)
