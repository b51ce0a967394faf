/** Opens the byte stream of an MQTT address: plain, TLS, or over a WebSocket. */
import { connect as connectPlain } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { Problem } from '@nabolag/core'
import { createWebSocketStream, WebSocket } from 'ws'

export type Address = {
  /** The address without account and password: fit for logs. */
  readonly shown: string
  readonly username: string | undefined
  readonly password: string | undefined
}

/**
 * Takes an address apart.
 *
 * @throws ProblemError `bad-request` when it is not an MQTT address
 */
export function parseAddress(url: string): Address {
  if (!URL.canParse(url)) throw Problem('bad-request', 'The address of the broker is not a URL')
  const { protocol, host, pathname, username, password } = new URL(url)
  if (!['mqtt:', 'mqtts:', 'ws:', 'wss:'].includes(protocol))
    throw Problem('bad-request', `The address of the broker must begin mqtt://, mqtts://, ws:// or wss://`)
  return {
    shown: `${protocol}//${host}${pathname === '/' ? '' : pathname}`,
    username: username === '' ? undefined : decodeURIComponent(username),
    password: password === '' ? undefined : decodeURIComponent(password),
  }
}

/** Starts to connect; what is written meanwhile is kept until the connection stands. */
export function openStream(url: string): Duplex {
  const { protocol, hostname, port, pathname } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  if (protocol === 'mqtts:') return connectTls({ host, port: Number(port || 8883), servername: host }).setNoDelay(true)
  if (protocol === 'mqtt:') return connectPlain({ host, port: Number(port || 1883) }).setNoDelay(true)
  return createWebSocketStream(new WebSocket(`${protocol}//${new URL(url).host}${pathname}`, 'mqtt'))
}

/** A wait before the `attempt`th try to connect again (0 is the first), in ms: grows to 10 s, half of it at random. */
export const reconnectDelay = (attempt: number): number =>
  Math.min(10_000, 250 * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2)
