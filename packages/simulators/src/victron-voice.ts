/** How a GX device speaks over MQTT: when it is awake, what it tells of its own accord, and what it answers. */
import type { Faults } from './faults.ts'
import type { Site } from './victron-site.ts'

const awakeFor = 60_000
const heartbeatEvery = 3
/** Tells what changed so often, ms. */
const step = 1000
const mostFullPublishes = 3

export type Voice = {
  /** A message of a client on `R/<portal>/<path>`. */
  ask(path: string, payload: string): void
  /** A message of a client on `W/<portal>/<path>`. */
  write(path: string, payload: string): void
  readonly isAwake: boolean
  close(): void
}

/** `tell` publishes on `N/<portal>/<path>`. Sleeps, and costs nothing, until somebody keeps it alive. */
export function makeVoice(
  site: Site,
  faults: Faults,
  account: string,
  now: () => number,
  tell: (path: string, payload: string) => void,
): Voice {
  let awakeUntil = 0
  let timer: NodeJS.Timeout | undefined
  let steps = 0
  let told = new Map<string, string>()
  let published: number[] = []

  /** As a fault leaves it; `undefined` is not sent. */
  const spoil = (payload: string): string | undefined => {
    const isNumber = /"value":-?\d/.test(payload)
    if (faults.strike('missing', account) && isNumber) return undefined
    if (faults.strike('nulls', account) && isNumber) return '{"value":null}'
    if (faults.strike('changed', account)) return JSON.stringify({ version: 3, payload: [payload] })
    if (faults.strike('half', account)) return payload.slice(0, payload.length / 2)
    return payload
  }
  const say = (path: string, payload: string) => {
    tell(path, payload)
    if (faults.strike('duplicate', account)) tell(path, payload)
  }
  const isMute = () => faults.strike('mute', account) !== undefined

  const tellChanges = (everything = false) => {
    const payloads = new Map<string, string>()
    for (const [path, payload] of site.payloadsAt(now())) {
      const spoilt = spoil(payload)
      if (spoilt === undefined) continue
      payloads.set(path, spoilt)
      // What has gone is said once, when it goes.
      const isNews = told.get(path) !== spoilt && (spoilt !== '' || told.has(path))
      if (everything ? spoilt !== '' : isNews) say(path, spoilt)
    }
    told = payloads
  }

  const tick = () => {
    if (Date.now() > awakeUntil) return sleep()
    if (isMute()) return
    steps++
    if (steps % heartbeatEvery === 0) say('heartbeat', JSON.stringify({ value: Math.floor(now() / 1000) }))
    tellChanges()
  }
  const sleep = () => {
    clearInterval(timer)
    timer = undefined
  }

  const keepAlive = (payload: string) => {
    awakeUntil = Date.now() + awakeFor
    if (!timer) {
      timer = setInterval(tick, step)
      timer.unref()
    }
    // As on the device: the words are looked for in the text.
    if (payload.includes('suppress-republish') || isMute()) return
    published = published.filter((at) => at > Date.now() - 1000)
    if (published.length >= mostFullPublishes) return
    published.push(Date.now())
    const echo = /"full-publish-completed-echo"\s*:\s*"([^"]*)"/.exec(payload)?.[1]
    say('heartbeat', JSON.stringify({ value: Math.floor(now() / 1000) }))
    tellChanges(true)
    const end = {
      ...(echo === undefined ? {} : { 'full-publish-completed-echo': echo }),
      value: Math.floor(now() / 1000),
    }
    say('full_publish_completed', JSON.stringify(end))
  }

  return {
    ask: (path, payload) => {
      if (path === 'keepalive' || path === 'system/0/Serial') return keepAlive(path === 'keepalive' ? payload : '')
      if (isMute()) return
      for (const [name, held] of site.payloadsAt(now()))
        if (name === path || name.startsWith(`${path}/`)) {
          const spoilt = spoil(held)
          if (spoilt !== undefined && held !== '') say(name, spoilt)
        }
    },
    write: (path, payload) => {
      const value = readValue(payload)
      if (value === undefined || !site.write(now(), path, value)) return
      if (timer && !isMute()) tellChanges()
    },
    get isAwake() {
      return timer !== undefined && Date.now() <= awakeUntil
    },
    close: sleep,
  }
}

function readValue(payload: string): unknown {
  try {
    return (JSON.parse(payload) as { value?: unknown } | null)?.value
  } catch {
    return undefined
  }
}
