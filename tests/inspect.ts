/** What every page of the web must hold, looked at once it stands still. */
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** Nothing that keeps somebody out, and nothing that must be scrolled to sideways. */
export async function inspect(page: Page): Promise<void> {
  await standStill(page)
  const { violations } = await new AxeBuilder({ page }).analyze()
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`),
  )
  expect(found).toEqual([])
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
}

/** The names of what can be pressed or filled in. */
export const offeredOn = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('main button, main input, main select')]
      .filter((one) => !one.matches(':disabled') && one.offsetParent !== null)
      .map((one) => one.getAttribute('aria-label') ?? one.textContent ?? ''),
  )

/** The page hears of a changed colour scheme only a moment later. Nothing fades in: the tests ask for reduced motion. */
async function standStill(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const shown = document.documentElement.dataset.mantineColorScheme
    const isSwitched = shown === (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')
    return isSwitched && document.getAnimations().length === 0
  })
}
