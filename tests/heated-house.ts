/** A house with heat pumps and prices against the simulated clouds, and a browser that is signed in to it. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { startSimulators } from '@nabolag/simulators'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { type Stack, startStack, until } from './stack.ts'

export const browser = '/usr/bin/chromium'
export const patience = 30_000

/** @returns the whole system, and `house`, the address of the house in the API; the heat pumps have told how warm it is */
export async function startHeatedHouse() {
  if (!existsSync(join(import.meta.dirname, '../web/dist/index.html')))
    execFileSync('npm', ['run', '--silent', 'build:web'], { cwd: join(import.meta.dirname, '..') })
  const simulators = await startSimulators({ vendors: ['sensibo', 'nordpool'] })
  const urls = [...simulators.started].map(([vendor, { url }]) => `${vendor}=${url}`)
  const stack = await startStack({ environment: { NABOLAG_VENDOR_URLS: urls.join(',') }, timeout: 120_000 })
  const post = async (path: string, body: unknown) => (await stack.ask(path, { method: 'POST', body })).body as never
  const { id } = (await post('/api/houses/new', {
    name: 'Bakken',
    timezone: 'Europe/Oslo',
    latitude: 63.4305,
    longitude: 10.3951,
  })) as { id: number }
  const house = `/api/houses/${id}`
  await post(`${house}/devices/sensibo-sky/new`, { 'api-key': 'sim-sensibo-house-3' })
  await post(`${house}/devices/spot-price/new`, { area: 'NO3' })
  await until(
    'the heat pumps can be commanded, and have told how warm it is',
    async () => {
      const { actuators } = (await stack.ask(`${house}/devices/sensibo-sky/count/0/actuators`)).body as {
        actuators: unknown[]
      }
      const { newest } = (await stack.ask(`${house}/newest`)).body as { newest: { field: string }[] }
      return actuators.length > 1 && newest.some(({ field }) => field === 'temperature')
    },
    patience,
  )
  return { simulators, stack, house }
}

/** @param complaints what the console says is added here, but for answers that are problems: a browser logs them all */
export async function openBrowser(
  stack: Stack,
  profile: string,
  complaints: string[],
): Promise<{ context: BrowserContext; page: Page }> {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: browser,
    args: ['--no-sandbox', '--disable-background-networking'],
    reducedMotion: 'reduce',
    viewport: { width: 1200, height: 900 },
  })
  const page = await context.newPage()
  page.setDefaultTimeout(patience)
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (line) => {
    // Nobody signed in, and no plan made yet.
    if (line.type() === 'error' && !/status of (403|404)/.test(line.text())) complaints.push(line.text())
  })
  await page.goto(stack.http)
  await page.getByLabel('User name').fill('admin')
  await page.getByRole('textbox', { name: 'Password' }).fill('correct horse battery')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('link', { name: /Bakken/ }).waitFor()
  return { context, page }
}
