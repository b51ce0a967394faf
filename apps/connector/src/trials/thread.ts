/** The thread of one trial: loads the integration, does what was asked once, says what came of it, and is ended. */
import { parentPort, workerData } from 'node:worker_threads'
import { VendorFailure } from '@nabolag/core'
import type { TrialOutcome } from '@nabolag/store'
import { findIntegration, load } from '../loaded.ts'
import { answerCode, askCode, runOnce, sessionNameOf, type TryGiven } from '../try.ts'
import { startWatch } from '../watch.ts'
import type { FromTrial, ToTrial, TrialThreadSettings } from './messages.ts'

const port = parentPort!
const settings = workerData as TrialThreadSettings
const tell = (message: FromTrial) => port.postMessage(message)
const mostNames = 100

startWatch(settings.shared)

let asks = 0
const asking = new Map<number, (until: number | undefined) => void>()
let recalled: (kept: unknown) => void = () => {}
port.on('message', (message: ToTrial) => {
  if (message.to === 'session') return recalled(message.kept)
  asking.get(message.ask)?.(message.until)
  asking.delete(message.ask)
})

async function start(): Promise<void> {
  const { kind, credentials, deviceId, vendorUrls } = settings
  const integration = findIntegration(await import(settings.module), settings.integration)
  const baseUrl = vendorUrls[integration.name] ?? vendorUrls[integration.vendor]
  const { calls, callsTogether, scopeOf, pace } = load(integration, baseUrl)
  const scope = scopeOf(credentials, deviceId ?? 0)
  const permit = () =>
    new Promise<void>((resolve, reject) => {
      const ask = ++asks
      asking.set(ask, (until) => {
        if (until === undefined) resolve()
        else reject(new VendorFailure('throttled', 'This account has used what the vendor allows for now', until))
      })
      tell({ from: 'ask', ask, scope, limit: calls, together: callsTogether })
    })
  const given: TryGiven = {
    integration,
    credentials,
    contact: settings.contact,
    timeout: settings.timeout,
    permit,
    ...(baseUrl === undefined ? {} : { baseUrl }),
  }
  const name = sessionNameOf(integration, credentials, deviceId)
  const keep = (session: unknown) => (name === undefined || session === undefined ? {} : { keep: { name, session } })
  try {
    if (kind === 'ask') {
      const asked = await askCode({ ...given, channel: settings.channel })
      return tell({ from: 'done', outcome: { ...nothing, channel: settings.channel }, asked: asked ?? null })
    }
    if (kind === 'answer') {
      const { session } = await answerCode({ ...given, asked: settings.asked, code: settings.code })
      return tell({ from: 'done', outcome: nothing, ...keep(session) })
    }
    // What was typed is tried from the beginning, but where that would take a person.
    const takesUp = name !== undefined && (deviceId !== undefined || integration.signIn?.code !== undefined)
    const before = takesUp ? await recall(name) : undefined
    const { samples, session } = await runOnce({ ...given, session: before })
    const changed = takesUp && JSON.stringify(session) !== JSON.stringify(before)
    tell({ from: 'done', outcome: describe(samples), ...(changed ? keep(session) : {}) })
  } catch (error) {
    const { kind: how, message, until } = error as VendorFailure
    const pause = how === 'throttled' ? { pause: { scope, until: until ?? Date.now() + pace.pause } } : {}
    const outcome = { ok: false, kind: how, message, ...(until === undefined ? {} : { until }) } as const
    tell({ from: 'done', outcome, ...pause })
  }
}

const nothing = { ok: true, samples: 0, fields: [], places: [] } as const

const recall = (name: string) =>
  new Promise<unknown>((resolve) => {
    recalled = resolve
    tell({ from: 'recall', name })
  })

type Samples = Awaited<ReturnType<typeof runOnce>>['samples']

function describe(samples: Samples): TrialOutcome {
  const fields = new Set(samples.flatMap((sample) => Object.keys(sample.fields)))
  const places = new Set(samples.flatMap(({ location }) => (location ? [location] : [])))
  return {
    ok: true,
    samples: samples.length,
    fields: [...fields].sort().slice(0, mostNames),
    places: [...places].sort().slice(0, mostNames),
  }
}

// Whatever else goes wrong is the integration's fault; its message might hold a secret.
start().catch((error: unknown) => {
  const what = error instanceof Error ? error.name : 'without saying why'
  const message = `The integration failed before it asked anything: ${what}`
  tell({ from: 'done', outcome: { ok: false, kind: 'changed', message } })
})
