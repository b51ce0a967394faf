import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { findPort, freePort } from './ports.ts'

test('a taken port is named together with the setting that moves it', async () => {
  const other = createServer()
  const port = await new Promise<number>((resolve) =>
    other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port)),
  )
  await expect(findPort('127.0.0.1', port, 'NABOLAG_MQTT_PORT', 0)).rejects.toMatchObject({
    code: 'conflict',
    detail: expect.stringMatching(new RegExp(`Port ${port} .*NABOLAG_MQTT_PORT`)),
  })
  other.close()
})

test('a port that becomes free in time is used', async () => {
  const other = createServer()
  const port = await new Promise<number>((resolve) =>
    other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port)),
  )
  setTimeout(() => other.close(), 150)
  expect(await findPort('127.0.0.1', port, 'NABOLAG_HTTP_PORT', 5000)).toBe(port)
})

test('an address that is not of this machine is said to be that', async () => {
  await expect(findPort('192.0.2.1', 0, 'NABOLAG_HTTP_PORT', 0)).rejects.toThrow(/NABOLAG_HOST/)
})

test('0 stands for any free port', async () => {
  expect(await findPort('127.0.0.1', 0, 'NABOLAG_HTTP_PORT')).toBeGreaterThan(1023)
  expect(await freePort()).toBeGreaterThan(1023)
})
