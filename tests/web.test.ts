import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { type BrowserContext, chromium, type Page, type Request } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inspect } from './inspect.ts'
import { removeFolder, type Stack, startStack, until } from './stack.ts'

const browser = '/usr/bin/chromium'

/** How many hours of data a request asks for; not a number when it asks for anything else. */
function hoursOf(request: Request): number {
  if (!request.url().endsWith('/data') || request.method() !== 'POST') return Number.NaN
  const { start, end } = request.postDataJSON() as { start: string; end: string }
  return (Date.parse(end) - Date.parse(start)) / 3_600_000
}

describe.skipIf(!existsSync(browser))('the web page in Chromium', { timeout: 120_000 }, () => {
  let stack: Stack
  let house: number
  let context: BrowserContext
  let page: Page
  const profile = mkdtempSync(join(tmpdir(), 'nabolag-chromium-'))
  const complaints: string[] = []

  beforeAll(async () => {
    if (!existsSync(join(import.meta.dirname, '../web/dist/index.html')))
      execFileSync('npm', ['run', '--silent', 'build:web'], { cwd: join(import.meta.dirname, '..') })
    stack = await startStack({ timeout: 120_000 })
    house = ((await stack.ask('/api/houses/new', { method: 'POST', body: { name: 'Bakken' } })).body as { id: number })
      .id
    const account = JSON.parse(
      await stack.command('publisher', 'add', '--house', String(house), '--name', 'stove', '--json'),
    )
    const bus = await connectAsync(`mqtt://127.0.0.1:${stack.mqttPort}`, account)
    const now = Date.now()
    const samples = Array.from({ length: 1440 }, (_, minute) => ({
      measurement: 'airSensor',
      tags: { house_id: String(house), device_name: 'stove', location: minute % 2 === 0 ? 'Stue' : 'Gang' },
      fields: { temperature: 20 + Math.sin(minute / 200), humidity: 40 },
      time: new Date(now - (1440 - minute) * 60_000).toISOString(),
    }))
    await bus.publishAsync(`sensors/stove/${house}`, JSON.stringify(samples), { qos: 1 })
    await bus.endAsync()
    await until('the samples are stored', async () => {
      const { body } = await stack.ask(`/api/houses/${house}/newest`)
      return (body as { newest: unknown[] }).newest.length === 4
    })
    context = await chromium.launchPersistentContext(profile, {
      executablePath: browser,
      args: ['--no-sandbox', '--disable-background-networking'],
      reducedMotion: 'reduce',
      viewport: { width: 1200, height: 800 },
    })
    page = await context.newPage()
    page.setDefaultTimeout(60_000)
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (line) => {
      // A browser logs every 403; the first question of somebody who is not signed in is answered with one.
      if (line.type() === 'error' && !line.text().includes('403')) complaints.push(line.text())
    })
  }, 180_000)

  afterAll(async () => {
    await context?.close()
    await stack?.stop()
    if (stack) removeFolder(stack.folder)
    removeFolder(profile)
  })

  test('a wrong password is said in words, and the right one leads to the houses', async () => {
    await page.goto(stack.http)
    await page.getByLabel('User name').fill('admin')
    await page.getByRole('textbox', { name: 'Password' }).fill('not this one')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').filter({ hasText: /wrong/i }).waitFor()
    await inspect(page)
    complaints.length = 0
    await page.getByRole('textbox', { name: 'Password' }).fill('correct horse battery')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('link', { name: /Bakken/ }).waitFor()
    await page.getByText('Indoors').waitFor()
    await inspect(page)
  })

  test('a house shows its newest values and a chart, and dragging over the chart fetches finer points', async () => {
    await page.getByRole('link', { name: /Bakken/ }).click()
    await page.getByRole('img', { name: /Chart of .*Stue/ }).waitFor()
    await page.getByText('Stue', { exact: true }).first().waitFor()
    await inspect(page)
    const box = await page.locator('.chart .u-over').boundingBox()
    if (!box) throw new Error('the chart has no place')
    // Its whole day is asked for again every now and then.
    const asked = page.waitForRequest((request) => hoursOf(request) < 23)
    await page.mouse.move(box.x + box.width * 0.4, box.y + 50)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.5, box.y + 60, { steps: 5 })
    await page.mouse.up()
    const hours = hoursOf(await asked)
    expect(hours).toBeGreaterThan(2)
    expect(hours).toBeLessThan(3)
  })

  test('another field and another range stand in the address, so that a view can be sent', async () => {
    await page
      .getByRole('button', { name: /Humidity/ })
      .first()
      .click()
    await page.getByRole('heading', { name: /Humidity/ }).waitFor()
    await page.getByText('7 days', { exact: true }).click()
    await until('the address says so', () => page.url().includes('humidity') && page.url().includes('days=7'))
    await page.reload()
    await page.getByRole('heading', { name: /Humidity/ }).waitFor()
  })

  test('the dark page is as readable', async () => {
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.reload()
    await page.getByRole('img', { name: /Chart of/ }).waitFor()
    await inspect(page)
  })

  test('the page to try the API works without anything from elsewhere', async () => {
    await page.emulateMedia({ colorScheme: 'light' })
    await page.goto(`${stack.http}/api/docs`)
    await page.getByText('/api/houses/', { exact: false }).first().waitFor()
  })

  test('nothing complained in the console', () => {
    expect(complaints).toEqual([])
  })
})
