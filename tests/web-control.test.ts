/** Rooms, comfort, control, receipts, prices and insights on the web page, in Chromium, against the whole system. */
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Simulators } from '@nabolag/simulators'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browser, openBrowser, startHeatedHouse } from './heated-house.ts'
import { inspect, offeredOn } from './inspect.ts'
import { removeFolder, type Stack, until } from './stack.ts'

describe.skipIf(!existsSync(browser))('a resident and the heating, on the web page', { timeout: 120_000 }, () => {
  let stack: Stack
  let simulators: Simulators
  let context: BrowserContext
  let page: Page
  /** Address of the house in the API. */
  let house: string
  const profile = mkdtempSync(join(tmpdir(), 'nabolag-chromium-'))
  const complaints: string[] = []
  let checked = 0

  beforeAll(async () => {
    ;({ stack, simulators, house } = await startHeatedHouse())
    ;({ context, page } = await openBrowser(stack, profile, complaints))
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
  const choose = async (list: string, option: RegExp) => {
    await page.getByRole('combobox', { name: list }).click()
    await page.getByRole('option', { name: option }).click()
    await until('the list is closed', async () => (await page.getByRole('option').count()) === 0)
  }
  const go = async (name: string) => {
    await page.getByRole('navigation', { name: 'Pages of this house' }).getByRole('link', { name }).click()
  }
  const read = async <Answer>(path: string) => (await stack.ask(`${house}/${path}`)).body as Answer
  const loop = async () =>
    (
      await read<{ loops: { mode: string; controller: string; pausedUntil: string | null; last?: object }[] }>(
        'control',
      )
    ).loops[0]

  test('a house without rooms says what to do first, and a room is made of what the house has', async () => {
    await page.getByRole('link', { name: /Bakken/ }).click()
    await go('Heating')
    await page.getByText('Nothing is looked after yet').waitFor()
    await look()
    await page.getByRole('link', { name: 'Set up the rooms' }).click()
    await button('Add a room').click()
    await page.getByLabel('Name').fill('Stue')
    await choose('Thermometer', /^studio/)
    await choose('Heated by', /^studio/)
    await look()
    await page.getByRole('dialog').getByRole('button', { name: 'Add the room' }).click()
    const card = page.getByRole('region', { name: 'Stue' })
    await card.getByText('Heated by studio').waitFor()
    await card.getByText(/°C/).first().waitFor()
    await look()
    expect(await loop()).toMatchObject({ mode: 'observe', controller: 'schedule' })
  })

  test('a thermometer that the data cannot place is named with the reason', async () => {
    await page.route('**/rooms/proposal*', async (route) => {
      const because = 'Smoke detector in Hall cannot be placed'
      const found = { device: 'verisure-smoke-detector', count: 0, location: 'Hall', group: 'airSensor', because }
      await route.fulfill({ json: { pairs: [], rooms: [], unmatched: [found] } })
    })
    await button('Propose from the data').click()
    await page.getByText('Smoke detector in Hall cannot be placed').waitFor()
    await page.unroute('**/rooms/proposal*')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
  })

  test('control is one press, another way of controlling two, and it says what it did', async () => {
    await go('Heating')
    const card = page.getByRole('region', { name: 'Stue' })
    await card.getByText('Nothing is changed').waitFor()
    await card.getByRole('radiogroup', { name: 'Mode: Stue' }).getByText('Control').click()
    await card.getByText('Sets the device by itself').waitFor()
    await choose('How: Stue', /while power is dear/)
    await until('both hold', async () => {
      const { mode, controller } = (await loop()) ?? {}
      return mode === 'control' && controller === 'price-responsive-pi'
    })
    await card.getByRole('link', { name: 'Why?' }).waitFor()
    await look()
  })

  test('its settings are a form, and what was changed goes back to usual', async () => {
    await button('Settings of Stue').click()
    const panel = page.getByRole('dialog')
    await panel.getByLabel('Least minutes between two steps').fill('30')
    await panel.getByLabel('Never set lower than').fill('25')
    await panel.getByLabel('Never set higher than').fill('23')
    await panel.getByText('must be below').waitFor()
    expect(await panel.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
    await panel.getByLabel('Never set lower than').fill('')
    await panel.getByRole('button', { name: 'Back to usual (15)' }).waitFor()
    await look()
    await panel.getByRole('button', { name: 'Save' }).click()
    await panel.waitFor({ state: 'hidden' })
    expect(await loop()).toMatchObject({ settings: { minutesBetween: 30 }, limits: { highest: 23 } })
    await button('Settings of Stue').click()
    await panel.getByRole('button', { name: 'Back to usual (15)' }).click()
    await panel.getByRole('button', { name: 'Save' }).click()
    await panel.waitFor({ state: 'hidden' })
    expect(await loop()).toMatchObject({ settings: { minutesBetween: 15 } })
  })

  test('everything is paused for an hour, and goes on', async () => {
    await button('Pause').click()
    await page.getByRole('menuitem', { name: '1 hour' }).click()
    await page.getByText(/^paused until today|^paused until tomorrow/).waitFor()
    const until = Date.parse((await loop())?.pausedUntil ?? '') - Date.now()
    expect(until / 60_000).toBeGreaterThan(55)
    expect(until / 60_000).toBeLessThanOrEqual(60)
    await button('Resume').click()
    await button('Pause').waitFor()
    expect((await loop())?.pausedUntil).toBeNull()
  })

  test('a boost is warmer for a while, and can be ended', async () => {
    await button('Boost Stue').click()
    await page.getByRole('dialog').getByText('4 h').click()
    await look()
    await page.getByLabel('Until').fill('2020-01-01T12:00')
    await page.getByText('The end is past already.').waitFor()
    expect(await page.getByRole('dialog').getByRole('button', { name: 'Boost', exact: true }).isDisabled()).toBe(true)
    await page.getByRole('dialog').getByText('4 h').click()
    await page.getByRole('dialog').getByRole('button', { name: 'Boost', exact: true }).click()
    const card = page.getByRole('region', { name: 'Stue' })
    await card.getByText('wished, boost').waitFor()
    await button('End it: Boost').click()
    await button('End it: Boost').waitFor({ state: 'hidden' })
    await card.getByText('wished;').waitFor()
  })

  test('of two presses the last one holds, however slow the first is', async () => {
    let [goOn, presses, answers] = [() => {}, 0, 0]
    const held = new Promise<void>((resolve) => (goOn = resolve))
    await page.route('**/control/*', async (route) => {
      if (route.request().method() === 'PATCH' && presses++ === 0) await held
      await route.continue()
    })
    const switched = page.getByRole('radiogroup', { name: 'Mode: Stue' })
    const both = page.waitForResponse((one) => one.request().method() === 'PATCH' && ++answers === 2)
    await switched.getByText('Advise').click()
    await switched.getByText('Observe').click()
    setTimeout(goOn, 300)
    await both
    expect(await loop()).toMatchObject({ mode: 'observe' })
    await page.unroute('**/control/*')
    await switched.getByText('Control').click()
    await until('it controls again', async () => (await loop())?.mode === 'control')
  })

  test('what is pressed out of reach of the server is said not to be heard, and is not done later', async () => {
    const before = complaints.length
    const switched = page.getByRole('radiogroup', { name: 'Mode: Stue' })
    await context.setOffline(true)
    await switched.getByText('Observe').click()
    await page.getByText('is not sent again').waitFor()
    expect(await switched.locator('input:checked').getAttribute('value')).toBe('control')
    await context.setOffline(false)
    await page.getByText('It is tried again').waitFor({ state: 'hidden' })
    expect(await loop()).toMatchObject({ mode: 'control' })
    expect(complaints.splice(before).filter((line) => !/ERR_INTERNET_DISCONNECTED/.test(line))).toEqual([])
  })

  test('who presses boost twice ends both, and nothing else', async () => {
    type Kept = { id: number; comfort: { exceptions: { kind: string }[] } }
    const kinds = async () => (await read<[Kept]>('rooms'))[0].comfort.exceptions.map(({ kind }) => kind)
    const [{ id }] = await read<[Kept]>('rooms')
    const add = (kind: string, from: number, to: number) => {
      const body = { kind, from: new Date(from).toISOString(), to: new Date(to).toISOString() }
      return stack.ask(`${house}/rooms/${id}/comfort/exceptions`, { method: 'POST', body })
    }
    const minute = Math.floor(Date.now() / 60_000) * 60_000
    const hour = 3_600_000
    for (const second of [0, 2000]) await add('boost', minute + second, minute + 2 * hour)
    await add('away', minute + 100 * hour, minute + 200 * hour)
    await button('End it: Boost').click()
    await button('End it: Boost').waitFor({ state: 'hidden' })
    expect(await kinds()).toEqual(['away'])
    await button('End it: Away').click()
    await button('End it: Away').waitFor({ state: 'hidden' })
    expect(await kinds()).toEqual([])
  })

  test('comfort is painted by keyboard alone', async () => {
    await page.getByRole('link', { name: 'Comfort of Stue' }).click()
    const brush = page.getByRole('region', { name: 'Brush' })
    await brush.getByLabel('Temperature').fill('17.5')
    await brush.getByLabel('From').selectOption('23:00')
    await brush.getByLabel('To').selectOption('05:00')
    await brush.getByRole('button', { name: 'Paint' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('img', { name: /^Weekday: 00:00 to 05:00 17.5 °C.*23:00 to 24:00 17.5 °C$/ }).waitFor()
    await button('Show the table: Weekend').click()
    await page.getByLabel('Weekend 05:00: temperature').fill('18')
    await look()
    await button('Save').focus()
    await page.keyboard.press('Enter')
    await page.getByText('Saved', { exact: true }).waitFor()
    type Day = readonly { readonly temperature: number }[]
    const [{ comfort }] = await read<[{ comfort: { weekday: Day; weekend: Day } }]>('rooms')
    expect(comfort.weekday.slice(0, 7).map(({ temperature }) => temperature)).toEqual([
      17.5, 17.5, 17.5, 17.5, 17.5, 19, 21,
    ])
    expect(comfort.weekend[5]).toMatchObject({ temperature: 18 })
    expect(comfort.weekend[23]).toMatchObject({ temperature: 17.5 })
  })

  test('it is painted with the mouse, too', async () => {
    const box = await page.getByRole('img', { name: /^Weekday/ }).boundingBox()
    if (!box) throw new Error('the day has no place')
    const x = (hour: number) => box.x + (box.width * (hour + 0.5)) / 24
    await page.mouse.move(x(8), box.y + 20)
    await page.mouse.down()
    await page.mouse.move(x(14), box.y + 40, { steps: 4 })
    await page.mouse.up()
    await page.getByRole('img', { name: /08:00 to 15:00 17.5 °C/ }).waitFor()
    await page.mouse.move(x(18), box.y + 20)
    await page.mouse.down()
    await page.mouse.up()
    await page.getByRole('img', { name: /18:00 to 19:00 17.5 °C/ }).waitFor()
    // A mistake takes back one step, not the morning's work.
    await button('Undo').click()
    await page.getByRole('img', { name: /18:00 to 19:00/ }).waitFor({ state: 'hidden' })
    await page.getByRole('img', { name: /08:00 to 15:00/ }).waitFor()
    await button('Undo').click()
    await page.getByRole('img', { name: /08:00 to 15:00/ }).waitFor({ state: 'hidden' })
  })

  test('what is painted while the day before it is being saved is neither lost nor said to be saved', async () => {
    const brush = page.getByRole('region', { name: 'Brush' })
    const paint = async (from: string, to: string) => {
      await brush.getByLabel('From').selectOption(from)
      await brush.getByLabel('To').selectOption(to)
      await brush.getByRole('button', { name: 'Paint' }).click()
    }
    const day = (hours: string) => page.getByRole('img', { name: new RegExp(`^Weekday: .*${hours} 17.5 °C`) })
    let goOn = () => {}
    const held = new Promise<void>((resolve) => (goOn = resolve))
    await page.route('**/comfort', async (route) => {
      if (route.request().method() === 'PUT') await held
      await route.continue()
    })
    await paint('10:00', '12:00')
    await button('Save').click()
    await paint('14:00', '16:00')
    const answer = page.waitForResponse((response) => response.request().method() === 'PUT')
    const readAgain = page.waitForResponse((one) => one.request().method() === 'GET' && one.url().endsWith('/comfort'))
    goOn()
    expect((await answer).status()).toBe(200)
    await readAgain
    await day('10:00 to 12:00').waitFor()
    await day('14:00 to 16:00').waitFor()
    await page.getByText('Not saved yet').waitFor()
    await page.unroute('**/comfort')
    await until('one step is left to undo', async () => !(await button('Undo all').isVisible()))
    await button('Undo').click()
    await day('14:00 to 16:00').waitFor({ state: 'hidden' })
    await day('10:00 to 12:00').waitFor()
  })

  test('of two savings the last one stays, however slow the first is', async () => {
    const brush = page.getByRole('region', { name: 'Brush' })
    const paint = async (from: string, to: string) => {
      await brush.getByLabel('From').selectOption(from)
      await brush.getByLabel('To').selectOption(to)
      await brush.getByRole('button', { name: 'Paint' }).click()
      await button('Save').click()
    }
    let [goOn, savings, answers] = [() => {}, 0, 0]
    const held = new Promise<void>((resolve) => (goOn = resolve))
    await page.route('**/comfort', async (route) => {
      if (route.request().method() === 'PUT' && savings++ === 0) await held
      await route.continue()
    })
    const both = page.waitForResponse((one) => one.request().method() === 'PUT' && ++answers === 2)
    await paint('01:00', '02:00')
    await paint('14:00', '16:00')
    setTimeout(goOn, 300)
    await both
    await page.getByText('Saved', { exact: true }).waitFor()
    await page.unroute('**/comfort')
    const [{ comfort }] = await read<[{ comfort: { weekday: { temperature: number }[] } }]>('rooms')
    expect(comfort.weekday[14]).toMatchObject({ temperature: 17.5 })
  })

  test('a fan that the unit does not know is pointed out, and nothing is lost by leaving', async () => {
    const brush = page.getByRole('region', { name: 'Brush' })
    await brush.getByLabel('Fans').fill('turbo')
    await brush.getByRole('button', { name: 'Paint' }).click()
    await page.getByText(/does not know the fan setting “turbo”.*It knows .*auto/).waitFor()
    await go('Receipts')
    await page.getByRole('dialog').getByText('What you changed here is lost then.').waitFor()
    await look()
    await button('Stay').click()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    expect(page.url()).toMatch(/comfort$/)
    await go('Receipts')
    await button('Leave').click()
    await page.getByRole('heading', { level: 1, name: 'Receipts' }).waitFor()
  })

  test('a receipt tells what a decision rests on', async () => {
    await go('Receipts')
    await page
      .getByRole('button', { name: /Stue at .* °C/ })
      .first()
      .click()
    await page.getByRole('heading', { name: 'What it saw' }).waitFor()
    await page.getByText('Wished for', { exact: true }).waitFor()
    await look()
    await page.getByRole('switch', { name: 'Only changes' }).press('Space')
    await until('the address says so', () => page.url().includes('sent=true'))
  })

  test('the prices stand in their parts, and the contracts are kept', async () => {
    await go('Prices')
    await page.getByRole('img', { name: /^Prices of today and tomorrow/ }).waitFor()
    await button('As a table').click()
    await look()
    await page.getByLabel("Supplier's mark-up").fill('0.05')
    await page.getByLabel(/^Norgespris/).check()
    await page.getByRole('region', { name: 'Your contracts' }).getByRole('button', { name: 'Save' }).click()
    await until('they are kept', async () => {
      const { settings } = await read<{ settings: { markUp?: [{ perKwh: number }]; support?: [{ scheme: string }] } }>(
        'prices/settings',
      )
      return settings.markUp?.[0].perKwh === 0.05 && settings.support?.[0].scheme === 'norgespris'
    })
  })

  test('a price below zero is typed like any other', async () => {
    await page.getByRole('region', { name: 'Your contracts' }).getByText('Saved', { exact: true }).waitFor()
    const markUp = page.getByLabel("Supplier's mark-up")
    await markUp.fill('')
    await markUp.pressSequentially('-0,02', { delay: 30 })
    await markUp.blur()
    expect(await markUp.inputValue()).toBe('-0.02 NOK/kWh')
  })

  test('now moves on, though nobody touches the page and the prices stay the same', async () => {
    const other = await context.newPage()
    // Its own clock can be put forward, and what it does every now and then it does soon.
    await other.addInitScript(() => {
      const [now, every] = [Date.now, setInterval]
      Date.now = () => now() + Number(document.documentElement.dataset.ahead ?? 0)
      Object.assign(window, { setInterval: (act: () => void, wait: number) => every(act, wait / 30) })
    })
    await other.goto(page.url())
    const line = other.locator('svg text', { hasText: 'now' })
    await line.waitFor()
    const before = await line.getAttribute('x')
    await other.evaluate(() => Object.assign(document.documentElement.dataset, { ahead: 3_600_000 }))
    await until('now has moved', async () => (await line.getAttribute('x')) !== before)
    await other.close()
  })

  test('what the data do not tell yet is said to be so', async () => {
    await go('Savings')
    await page
      .getByRole('region', { name: 'Savings' })
      .getByText(/Not enough data|Nothing/)
      .first()
      .waitFor()
    await page.getByRole('region', { name: 'The weather and your power' }).waitFor()
    await look()
  })

  test('half a battery is not kept without a word', async () => {
    await go('Rooms')
    await button('About the house').click()
    const panel = page.getByRole('dialog')
    await panel.getByLabel('Battery holds').fill('10')
    await panel.getByText('both what it holds and what it charges').waitFor()
    expect(await panel.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
    await panel.getByLabel('Battery charges').fill('5')
    await panel.getByRole('button', { name: 'Save' }).click()
    await panel.waitFor({ state: 'hidden' })
    expect(await read('control')).toMatchObject({ facts: { battery: { capacity: 10, power: 5 } } })
  })

  test('the first page tells what controls a house', async () => {
    await page.getByRole('link', { name: 'Nabolag' }).click()
    const card = page.getByRole('link', { name: /Bakken/ })
    await card.getByText('Controlled').waitFor()
    await card.getByText('Lower the temperature a little while power is dear').waitFor()
    await look()
    await card.click()
  })

  test('every page is as readable on a phone and in the dark', async () => {
    await page.setViewportSize({ width: 390, height: 844 })
    await page.emulateMedia({ colorScheme: 'dark' })
    for (const name of ['Heating', 'Rooms', 'Prices', 'Savings', 'Receipts']) {
      await go(name)
      await page.getByRole('heading', { level: 1, name: new RegExp(`^${name}`) }).waitFor()
      await page.waitForFunction(() => document.querySelector('[aria-label="Loading"]') === null)
      await look()
    }
  })

  test('an address that leads nowhere says so, and a session that has ended asks to sign in at once', async () => {
    await page.goto(`${stack.http}/no/such/page`)
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor()
    await look()
    await page.goto(`${stack.http}${house.replace('/api', '')}/control`)
    await button('Pause').waitFor()
    await context.clearCookies()
    await page.getByRole('radiogroup', { name: 'Mode: Stue' }).getByText('Observe').click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  })

  test('whoever may only look is offered nothing that would be refused', async () => {
    const login = { username: 'kari', password: 'looking only please 1' }
    const made = { ...login, email: 'kari@example.org' }
    expect((await stack.ask('/api/users/new', { method: 'POST', body: made })).status).toBe(201)
    await stack.ask(`${house}/members/kari`, { method: 'PUT', body: { role: 'reader' } })
    await page.getByLabel('User name').fill(login.username)
    await page.getByRole('textbox', { name: 'Password' }).fill(login.password)
    await button('Sign in').click()
    await page.getByText('You may look at this house').waitFor()
    const pages = ['/control', '/rooms', '/rooms/1/comfort', '/prices', '/insights', '/settings', '/devices/new']
    for (const path of pages) {
      await page.goto(`${stack.http}${house.replace('/api', '')}${path}`)
      await page.getByText('You may look at this house').waitFor()
      await page.waitForFunction(() => document.querySelector('[aria-label="Loading"]') === null)
      const changing = /^(Save|Pause|Boost|Away|Guests|Edit|Add|Begin|Settings|Propose)/
      expect((await offeredOn(page)).filter((name) => changing.test(name))).toEqual([])
      await look()
    }
  })

  test('nothing complained in the console, and every page was inspected', () => {
    expect(complaints).toEqual([])
    expect(checked).toBeGreaterThan(12)
  })
})
