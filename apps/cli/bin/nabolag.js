#!/usr/bin/env node
// Any Node may start this file; the program itself runs on the Node that comes with it from npm.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const newEnough = Number(process.versions.node.split('.')[0]) >= 24

if (newEnough) await import('../src/main.ts')
else startOnOwnNode()

/** Runs this file again on the bundled Node, and stands aside: signals, standard streams, IPC and the exit code pass through. */
function startOnOwnNode() {
  const node = findOwnNode()
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    // The other side sees by this that losing the channel means that the one who started it has died.
    env: { ...process.env, NABOLAG_STARTED_BY: String(process.pid) },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']) process.on(signal, () => child.kill(signal))
  child.on('message', (message) => process.send?.(message))
  process.on('message', (message) => child.connected && child.send(message))
  process.on('disconnect', () => child.connected && child.disconnect())
  // Listening for messages keeps a process alive; only the child's end shall decide when this one ends.
  child.on('error', (error) => {
    console.error(`nabolag: Node 24 could not be started (${error.message}); run npm ci in the project's folder`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1)))
}

function findOwnNode() {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('node/package.json'))
    return join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  } catch {
    console.error(
      `nabolag: this needs Node 24 and you have ${process.version}; run npm ci in the project's folder, which brings it`,
    )
    process.exit(1)
  }
}
