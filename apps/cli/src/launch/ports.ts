/** Ports: whether one is free, said with the variable that moves it, and a free one where nobody minds which. */
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Problem, type SettingName } from '@nabolag/core'

/**
 * Makes sure that the port can be listened on. Waits a little: the children of a launcher that was just killed need a
 * moment to go.
 *
 * @returns the port; a free one when `port` is 0
 * @throws ProblemError `conflict` naming the port and the setting that moves it
 */
export async function findPort(host: string, port: number, movedBy: SettingName, patience = 2000): Promise<number> {
  const end = Date.now() + patience
  for (;;) {
    try {
      return await tryPort(host, port)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EADDRINUSE' && Date.now() < end) {
        await sleep(100)
        continue
      }
      throw Problem('conflict', `${explain(code, host, port)}. Choose another port with ${movedBy}`, { port, movedBy })
    }
  }
}

const explain = (code: string | undefined, host: string, port: number): string => {
  if (code === 'EADDRINUSE') return `Port ${port} on ${host} is taken by another program`
  if (code === 'EACCES') return `Port ${port} may not be used by this user`
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `${host} is not an address of this machine (NABOLAG_HOST)`
  return `Port ${port} on ${host} cannot be used (${code})`
}

/** A port of the loopback that is free now. */
export const freePort = (): Promise<number> => tryPort('127.0.0.1', 0)

function tryPort(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address()
      const found = typeof address === 'object' && address ? address.port : port
      server.close(() => resolve(found))
    })
  })
}
