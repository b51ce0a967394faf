/** Has a connector try something once, and waits for what comes of it. The web server itself never asks a vendor. */
import type { Bus } from '@nabolag/bus'
import { type FailureKind, Problem, trialTopic, triedTopic, type WhoCanMend } from '@nabolag/core'
import type { Fleet, Tenant, TrialFailure, TrialOutcome, TrialRequest } from '@nabolag/store'

export type TrialParts = {
  readonly tenant: Tenant
  readonly fleet: Pick<Fleet, 'connectors'>
  readonly bus: Pick<Bus, 'publish' | 'subscribe'>
  /** ms: for a connector to begin, and for the end. */
  readonly patience?: { readonly begin: number; readonly end: number }
}

const usualPatience = { begin: 12_000, end: 65_000 }
/** What the bus did not tell is looked for so often, ms. */
const lookEvery = 500

/**
 * Leaves a trial, wakes the connectors, and waits.
 *
 * @throws ProblemError `no-connector` when none runs, takes it or finishes it; and what `beginTrial` throws
 */
export async function carryOut(parts: TrialParts, request: TrialRequest): Promise<TrialOutcome> {
  const { tenant, fleet, bus, patience = usualPatience } = parts
  if (!(await fleet.connectors()).some(({ shards }) => shards > 0)) throw noConnector
  const { id } = await tenant.beginTrial(request)
  const began = performance.now()
  let wake = () => {}
  const stop = await bus.subscribe(triedTopic(id), () => wake()).catch(() => undefined)
  try {
    // The row is what counts; the message only makes it quick.
    bus.publish(trialTopic(id), '{}').catch(() => undefined)
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      const outcome = await tenant.trialOutcome(id)
      if (typeof outcome === 'object') return outcome
      const waited = performance.now() - began
      if (outcome === 'gone' || waited > patience.end) throw silent
      if (outcome === 'waiting' && waited > patience.begin) throw noConnector
      await Promise.race([woken, new Promise((resolve) => setTimeout(resolve, lookEvery))])
    }
  } catch (error) {
    await tenant.dropTrial(id).catch(() => undefined)
    throw error
  } finally {
    stop?.().catch(() => undefined)
  }
}

const noConnector = Problem(
  'no-connector',
  'Vendors are asked by the connector, and none is running; whoever runs this server can start one (`nabolag doctor` tells more)',
)
const silent = Problem(
  'no-connector',
  'The connector that tried it has not answered; try again, and tell whoever runs this server if it happens again',
)

type Advice = { readonly who: WhoCanMend; readonly do: string }

const advices: Readonly<Record<FailureKind, Advice>> = {
  refused: {
    who: 'you',
    do: "Compare what was typed with what the vendor's own app or page takes, and type it again.",
  },
  throttled: { who: 'vendor', do: 'Wait as long as the vendor says; asking earlier only makes it longer.' },
  unreachable: {
    who: 'vendor',
    do: 'Try again in some minutes. If it stays so, ask whoever runs this server whether it reaches the internet.',
  },
  changed: {
    who: 'developer',
    do: "Report this message to the developers: the vendor's answer is not as this program knows it.",
  },
  rejected: { who: 'developer', do: 'Report this message to the developers.' },
}
const needsCode: Advice = {
  who: 'you',
  do: 'If what was typed is right, the vendor wants to see that it is you: ask for a code (`sign-in`) and hand it in.',
}

/** What a failure means for the one who waits. */
export function failureView({ kind, message, until }: TrialFailure, takesCode: boolean) {
  const advice = kind === 'refused' && takesCode ? needsCode : advices[kind]
  return {
    ok: false as const,
    kind,
    message,
    ...advice,
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
  }
}
