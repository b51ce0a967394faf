// Real answers of the vendors, kept beside the repository and not in it: run where they are. What is expected of each
// stands in `answers.testing.ts` of the vendor's integration.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { VendorFailure } from '@nabolag/core'
import { Check } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import type { Row, VendorAnswers, Wrapped } from './answers.testing.ts'
import { type AnyIntegration, integrationOf, type Reading } from './index.ts'
import { metAnswers } from './met/answers.testing.ts'
import { millAnswers } from './mill-sense/answers.testing.ts'
import { sensiboAnswers } from './sensibo-sky/answers.testing.ts'
import { solcastAnswers } from './solcast/answers.testing.ts'
import { nordpoolAnswers } from './spot-price/answers.testing.ts'
import { systemairAnswers } from './systemair-vsr500/answers.testing.ts'
import { tibberAnswers } from './tibber-hourly/answers.testing.ts'
import { verisureAnswers } from './verisure-smoke-detector/answers.testing.ts'
import { victronAnswers } from './victron/answers.testing.ts'

/** By the name of the folder of samples. */
const stated: Readonly<Record<string, VendorAnswers>> = {
  met: metAnswers,
  mill: millAnswers,
  nordpool: nordpoolAnswers,
  sensibo: sensiboAnswers,
  solcast: solcastAnswers,
  systemair: systemairAnswers,
  tibber: tibberAnswers,
  verisure: verisureAnswers,
  victron: victronAnswers,
}

const vendors = join(import.meta.dirname, '../../../../shared/vendors')
const here = existsSync(vendors)
const read = (vendor: string, file: string) => {
  const text = readFileSync(join(vendors, vendor, 'samples', file), 'utf8')
  return file.endsWith('.txt') ? text : JSON.parse(text)
}

const all = Object.entries(stated).map(([vendor, answers]) => {
  const { rows, failures = {}, notCalled } = answers
  const run = [...new Set([...Object.keys(rows), ...Object.keys(failures)])]
  return { vendor, run, named: [...run, ...Object.keys(notCalled)], ...answers, failures }
})
const count = (of: (one: (typeof all)[number]) => readonly unknown[]) =>
  all.reduce((sum, one) => sum + of(one).length, 0)

describe(
  here
    ? `${count(({ run }) => run)} real answers of ${all.length} vendors, and ${count(({ notCalled }) => Object.keys(notCalled))} of calls we do not make`
    : `${count(({ run }) => run)} real answers left out: they lie beside the repository, and are not here`,
  () => {
    test.skipIf(!here).each(all)('$vendor: the outcome of every sample is stated once, and none is missing', (one) => {
      const files = readdirSync(join(vendors, one.vendor, 'samples')).filter((file) => /\.(json|txt)$/.test(file))
      expect(one.named.toSorted()).toEqual(files.toSorted())
      for (const reason of Object.values(one.notCalled)) expect(reason.length).toBeGreaterThan(20)
    })

    test.skipIf(!here)('every vendor with samples has their outcomes stated', () => {
      const folders = readdirSync(vendors).filter((vendor) => existsSync(join(vendors, vendor, 'samples')))
      expect(Object.keys(stated).toSorted()).toEqual(folders.toSorted())
    })

    const rows = all.flatMap(({ vendor, rows }) =>
      Object.entries(rows).map(([file, expected]) => [`${vendor}/${file}`, vendor, file, expected] as const),
    )
    test.skipIf(!here).each(rows)('%s', async (_name, vendor, file, expected) => {
      expect(expected.length).toBeGreaterThan(0)
      for (const row of expected) await expectRow(row, read(vendor, file))
    })

    const failures = all.flatMap(({ vendor, failures, failureOf }) =>
      Object.entries(failures).map(([file, kind]) => [`${vendor}/${file}`, kind, vendor, file, failureOf] as const),
    )
    test.skipIf(!here).each(failures)('%s is %s', (_name, kind, vendor, file, failureOf) => {
      const { status, body } = read(vendor, file) as Wrapped
      expect(failureOf?.({ status, body })?.kind).toBe(kind)
    })
  },
)

async function expectRow({ as, answer = (file: unknown) => file, gives, first, last }: Row, file: unknown) {
  const integration = integrationOf(as) as AnyIntegration
  const outcome = await Promise.resolve()
    .then(() => answer(file as never))
    .then((given) => readingsOf(integration, given))
    .catch((error: unknown) => {
      if (error instanceof VendorFailure) return error.kind
      throw error
    })
  if (typeof outcome === 'string' || typeof gives === 'string') return expect(outcome).toBe(gives)
  expect(outcome.length).toBe(gives)
  if (first) expect(outcome[0]).toMatchObject(first)
  if (last) expect(outcome.at(-1)).toMatchObject(last)
}

function readingsOf(integration: AnyIntegration, given: unknown): readonly Reading[] {
  if (!Check(integration.status, given)) throw new VendorFailure('changed', 'it does not fit the schema')
  return integration.samples(given as never, {} as never)
}
