/** Houses, devices and commands on the web page, in Chromium, against the whole system and simulated vendors. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Simulators, startSimulators } from '@nabolag/simulators'
import { connectAsync } from 'mqtt'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inspect } from './inspect.ts'
import { removeFolder, type Stack, startStack, until } from './stack.ts'

const browser = '/usr/bin/chromium'
const patience = 60_000

describe.skipIf(!existsSync(browser))('a home owner on the web page', { timeout: 300_000 }, () => {
  let stack: Stack
  let simulators: Simulators
  let context: BrowserContext
  let page: Page
  /** Address of the house's page. */
  let house: string
  const profile = mkdtempSync(join(tmpdir(), 'nabolag-chromium-'))
  const complaints: string[] = []
  /** Path of what is being taken away: the page that shows it may ask for it once more, and hear that it is gone. */
  let leaving: string | undefined
  let checked = 0

  beforeAll(async () => {
    if (!existsSync(join(import.meta.dirname, '../web/dist/index.html')))
      execFileSync('npm', ['run', '--silent', 'build:web'], { cwd: join(import.meta.dirname, '..') })
    simulators = await startSimulators()
    const urls = Object.entries(simulators.urls).map(([vendor, url]) => `${vendor}=${url}`)
    stack = await startStack({ environment: { NABOLAG_VENDOR_URLS: urls.join(',') }, timeout: 120_000 })
    await stack.ask('/api/devices/', {
      method: 'POST',
      body: {
        name: 'wood-stove',
        label: 'Wood stove',
        database_group_name: 'airSensor',
        required_fields: ['STOVE_TOKEN'],
        sampling_seconds: 60,
      },
    })
    context = await chromium.launchPersistentContext(profile, {
      executablePath: browser,
      args: ['--no-sandbox', '--disable-background-networking'],
      reducedMotion: 'reduce',
      viewport: { width: 1200, height: 900 },
    })
    page = await context.newPage()
    page.setDefaultTimeout(patience)
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (line) => {
      if (leaving !== undefined && line.location().url.includes(leaving) && /status of 404/.test(line.text())) return
      // A browser logs every answer that is a problem; those are looked at where they are made.
      if (line.type() === 'error' && !/status of (400|403|429)/.test(line.text())) complaints.push(line.text())
    })
    await page.goto(stack.http)
    await page.getByLabel('User name').fill('admin')
    await page.getByRole('textbox', { name: 'Password' }).fill('correct horse battery')
    await page.getByRole('button', { name: 'Sign in' }).click()
  }, 180_000)

  afterAll(async () => {
    await context?.close()
    await stack?.stop()
    await simulators?.close()
    if (stack) removeFolder(stack.folder)
    removeFolder(profile)
  })

  const look = async () => {
    checked++
    await inspect(page)
  }
  const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' })
  const choose = async (kind: string) => {
    await page.goto(`${house}/devices/new`)
    await page.getByRole('searchbox', { name: 'Which one?' }).fill(kind)
    await page.getByRole('link', { name: kind }).click()
  }
  const state = () => page.getByRole('region', { name: 'State' })

  test('adds a house, with its place', async () => {
    await page.getByText('There is no house yet').waitFor()
    await page.getByRole('link', { name: 'Add a house' }).click()
    await page.getByRole('textbox', { name: 'Name' }).fill('Bakken')
    await page.getByLabel('Latitude').fill('63.4305')
    await page.getByLabel('Longitude').fill('10.3951')
    await page.getByRole('combobox', { name: 'Time zone' }).fill('Oslo')
    await page.getByRole('option', { name: 'Europe/Oslo' }).click()
    await look()
    await button('Add the house').click()
    await page.getByRole('heading', { name: 'Add a device' }).waitFor()
    const { body } = await stack.ask('/api/houses/')
    expect(body).toMatchObject([{ name: 'Bakken', timezone: 'Europe/Oslo', latitude: 63.4305, longitude: 10.3951 }])
    house = `${stack.http}/houses/${(body as { id: number }[])[0]?.id}`
  })

  test('every kind of device can be picked, and says what it logs', async () => {
    const kinds = (await stack.ask('/api/devices/')).body as { label: string }[]
    await page.getByText('Wood stove').waitFor()
    for (const { label } of kinds) await page.getByRole('link', { name: label }).waitFor()
    expect(kinds.length).toBeGreaterThan(9)
    await page.getByText('A heat pump and its remote control').waitFor()
    await look()
  })

  test('a wrong key is told in words, and nothing is added', async () => {
    await choose('Sensibo heat pump controller')
    await page.getByLabel('API key').fill('not-a-key')
    await button('Try it').click()
    const alert = page.getByRole('alert')
    await alert.getByText('The vendor refuses it').waitFor()
    await alert.getByText('You can mend it').waitFor()
    await look()
    expect((await stack.ask(`/api${new URL(house).pathname}/devices`)).body).toEqual([])
  })

  test('a vendor that is down is told as such', async () => {
    simulators.faults.sensibo.set('outage')
    await page.getByLabel('API key').fill('sim-sensibo-house-3')
    await button('Try it').click()
    await page.getByRole('alert').getByText('The vendor does not answer').waitFor()
    await page.getByText('Only the vendor can mend it').waitFor()
    simulators.faults.sensibo.clear()
  })

  test('a good key shows the rooms, and the device runs', async () => {
    await button('Try it').click()
    await page.getByText('It works').waitFor()
    await page.getByText('living area, lower living area, main room, studio').waitFor()
    await page.getByLabel('Your name for it').fill('Heat pumps')
    await look()
    await button('Add the device').click()
    await page.getByRole('heading', { name: 'Heat pumps', level: 1 }).waitFor()
    await state().getByText('running').waitFor()
    await page.getByRole('region', { name: 'Places' }).getByText('studio').waitFor()
    await page.getByRole('region', { name: 'Log' }).getByText('First sample of this run').waitFor()
    await page.getByRole('region', { name: /^studio/ }).waitFor()
    await look()
  })

  test('a target temperature goes out and is confirmed, by keyboard alone', async () => {
    const studio = page.getByRole('region', { name: /^studio/ })
    const dial = studio.getByRole('textbox', { name: 'Target temperature' })
    await until('its reading is there', async () => /\d/.test(await dial.inputValue()), patience)
    const wanted = Number.parseInt(await dial.inputValue(), 10) + 1
    await dial.focus()
    await page.keyboard.press('ArrowUp')
    await button(`Set ${wanted} °C`).waitFor()
    await page.keyboard.press('Enter')
    await studio.getByText('Confirmed').waitFor()
    await studio.getByText(`Target temperature ${wanted} °C`).waitFor()
    expect(await dial.inputValue()).toBe(`${wanted} °C`)
    const last = page.getByRole('region', { name: 'Last commands' })
    await last.getByText(`Target temperature ${wanted} °C, studio`).waitFor()
    await last.getByText(/^admin, /).waitFor()
    await look()
  })

  test('a mode is one press, and the owner’s limits hold at once', async () => {
    const studio = page.getByRole('region', { name: /^studio/ })
    await studio.getByRole('radiogroup', { name: 'Mode' }).getByText('Cool').click()
    await studio.getByText('Mode cool').waitFor()
    await studio.getByText('Confirmed').waitFor()
    const limits = page.getByRole('region', { name: 'Your limits' })
    await limits.getByLabel('Target temperature: At most').fill('24')
    await limits.getByRole('button', { name: 'Save the limits' }).click()
    await limits.getByText('Saved').waitFor()
    await studio.getByText('16 to 24 °C').waitFor()
  })

  test('it is renamed, tried, stopped and started, and its credentials are replaced', async () => {
    await button('More').click()
    await page.getByRole('menuitem', { name: 'Rename' }).waitFor()
    await look()
    await page.getByRole('menuitem', { name: 'Rename' }).click()
    await page.getByLabel('Your name for it').fill('Pumps')
    await look()
    await button('Save').click()
    await page.getByRole('heading', { name: 'Pumps', level: 1 }).waitFor()
    await button('More').click()
    await page.getByRole('menuitem', { name: 'Try its credentials' }).click()
    await page.getByRole('dialog').getByText('It works').waitFor()
    await button('Close').click()
    await button('Stop').click()
    await state().getByText('stopped', { exact: true }).waitFor()
    await button('Start').click()
    await state().getByText('running').waitFor()
    await button('More').click()
    await page.getByRole('menuitem', { name: 'Replace its credentials' }).click()
    await page.getByLabel('API key').fill('sim-sensibo-house-5')
    await button('Replace').click()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await page.getByRole('region', { name: /^Stue/ }).waitFor()
  })

  test('a vendor that wants a code: asked for by e-mail, a wrong one, the right one', async () => {
    await choose('Verisure smoke detectors')
    await page.getByLabel('User name').fill('house-3-code@example.org')
    await page.getByRole('textbox', { name: 'Password' }).fill('sim-verisure-house-3')
    await button('Try it').click()
    const step = page.getByRole('region', { name: 'Sign in with a code' })
    await step.getByLabel('E-mail').check()
    await step.getByRole('button', { name: 'Send me a code' }).click()
    await step.getByText('The code is on its way by e-mail').waitFor()
    await step.getByRole('button', { name: 'Send another code' }).click()
    await step.getByText('Too many attempts').waitFor()
    await step.getByRole('textbox', { name: 'Code' }).fill('999999')
    await step.getByRole('button', { name: 'Hand it in' }).click()
    await step.getByText('Type the code again').waitFor()
    await look()
    await step.getByRole('textbox', { name: 'Code' }).fill('123456')
    await step.getByRole('button', { name: 'Hand it in' }).click()
    await page.getByText('It works').waitFor()
    await button('Add the device').click()
    await state().getByText('running').waitFor()
  })

  test('a heater holds what it is set to', async () => {
    await choose('Mill electric heater')
    await page.getByLabel('E-mail').fill('house-3@mill.example')
    await page.getByRole('textbox', { name: 'Password' }).fill('sim-mill-house-3')
    await button('Try it').click()
    await page.getByText('It works').waitFor()
    await button('Add the device').click()
    const card = page.getByRole('region', { name: /, Mill electric heater$/ }).first()
    await card.getByRole('button', { name: 'More: Target temperature' }).click()
    await card.getByRole('button', { name: /^Set / }).click()
    await card.getByText('Confirmed').waitFor({ timeout: 120_000 })
    await card.getByRole('switch', { name: 'On' }).press('Space')
    await card.getByText('Switch off').waitFor()
    await card.getByText('Confirmed').waitFor({ timeout: 120_000 })
  })

  test('a form knows the place of the house', async () => {
    await choose('MET Norway weather forecast')
    await page.getByLabel('Latitude').waitFor()
    expect(await page.getByLabel('Latitude').inputValue()).toBe('63.4305')
    await page.getByLabel('Altitude').fill('42')
    await button('Try it').click()
    await page.getByText('It works').waitFor()
    await button('Add the device').click()
    await state().getByText('running').waitFor()
  })

  test('a program of one’s own gets its account, shown once, and a line that works', async () => {
    await choose('Wood stove')
    await page.getByLabel('STOVE TOKEN').fill('of-the-stove')
    await button('Add it and show the account').click()
    const account = page.getByRole('region', { name: 'Account of the program' })
    await account.getByRole('button', { name: 'Copy: Password' }).waitFor()
    await look()
    const line = await account.getByRole('group', { name: 'mosquitto_pub' }).innerText()
    const given = (flag: string) => new RegExp(`${flag} '([^']*)'`).exec(line)?.[1] ?? ''
    const bus = await connectAsync(`mqtt://127.0.0.1:${stack.mqttPort}`, {
      username: given('-u'),
      password: given('-P'),
      reconnectPeriod: 0,
    })
    await bus.publishAsync(given('-t'), given('-m'), { qos: 1 })
    await bus.endAsync()
    await account.getByRole('tab', { name: 'Python' }).click()
    await account.getByText('publish.single(').waitFor()
    await page.getByRole('link', { name: 'I have kept it: go on' }).click()
    await state().getByText('running').waitFor()
    await page.getByRole('region', { name: 'Newest values' }).getByText('19.7 °C').waitFor()
    expect(await page.content()).not.toContain(given('-P'))
  })

  test('the house shows what can be set, on a phone and in the dark too', async () => {
    await page.goto(house)
    await page.getByRole('region', { name: /^Stue, Pumps/ }).waitFor()
    await page.getByRole('img', { name: /Chart of/ }).waitFor()
    await look()
    await page.setViewportSize({ width: 375, height: 740 })
    await page.emulateMedia({ colorScheme: 'dark' })
    await look()
    await page
      .getByRole('region', { name: /^Stue, Pumps/ })
      .getByRole('link')
      .click()
    await page.getByRole('heading', { name: 'Pumps', level: 1 }).waitFor()
    await look()
    await page.goto(`${house}/devices/new?kind=tibber-realtime`)
    await page.getByLabel('Access token').waitFor()
    await look()
  })

  test('the vendors, with what is used of their budgets for an admin', async () => {
    await page.getByRole('link', { name: 'Vendors' }).click()
    await page.getByRole('listitem').filter({ hasText: 'Sensibo' }).getByText('working').waitFor()
    await page.getByRole('progressbar').first().waitFor()
    await look()
    await page.setViewportSize({ width: 1200, height: 900 })
    await page.emulateMedia({ colorScheme: 'light' })
    await look()
  })

  test('a device is removed when that is meant, and so is the house', async () => {
    await page.goto(`${house}/devices/sensibo-sky/0`)
    await button('More').click()
    await page.getByRole('menuitem', { name: 'Remove' }).click()
    await page.getByLabel('Erase all that it ever measured, too').check()
    await look()
    leaving = '/devices/sensibo-sky/count/0'
    await button('Remove and erase').click()
    await page.getByRole('heading', { name: 'Bakken' }).waitFor()
    await page.getByRole('link', { name: 'Settings' }).click()
    await page.getByRole('textbox', { name: 'Name' }).fill('Bakken 12')
    await button('Save').click()
    await page.getByRole('heading', { name: 'Bakken 12' }).waitFor()
    await until('it is not there', async () => (await page.getByText('Pumps').count()) === 0)
    await page.getByRole('link', { name: 'Settings' }).click()
    await button('Delete the house').click()
    expect(await button('Delete everything').isDisabled()).toBe(true)
    await page.getByLabel('Name of the house').fill('Bakken 12')
    await look()
    await button('Delete everything').click()
    await page.getByText('There is no house yet').waitFor()
    expect((await stack.ask('/api/houses/')).body).toEqual([])
  })

  test('nothing complained in the console, and every page was inspected', () => {
    expect(complaints).toEqual([])
    expect(checked).toBeGreaterThan(15)
  })
})
