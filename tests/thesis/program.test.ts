/** The Python program of the thesis's section 6.4.2, with nothing but the address changed. */
import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeStand, makeToken, password, type Stand } from './stand.ts'

const run = promisify(execFile)
const python = (() => {
  try {
    execFileSync('python3', ['-c', 'import requests'], { stdio: 'ignore' })
    return 'requests'
  } catch {
    try {
      execFileSync('python3', ['--version'], { stdio: 'ignore' })
      return 'urllib'
    } catch {
      return undefined
    }
  }
})()

/** The same two calls: a form posted to the log-in, then the houses with the session's cookie. */
const programs = {
  requests: `
import sys, requests
address, username, password = sys.argv[1:]
session = requests.session()
session.post(address + "/api/auth/login/", data={"username": username, "password": password})
response = session.get(address + "/api/houses/")
data = response.json()
print(data)
`,
  urllib: `
import sys, json, urllib.request, urllib.parse, http.cookiejar
address, username, password = sys.argv[1:]
session = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
form = urllib.parse.urlencode({"username": username, "password": password}).encode()
session.open(address + "/api/auth/login/", form)
print(json.load(session.open(address + "/api/houses/")))
`,
}

let stand: Stand
beforeAll(async () => {
  stand = await makeStand()
}, 180_000)
afterAll(async () => {
  await stand?.close()
})

test.skipIf(python === undefined)(`the thesis's Python program prints the houses (with ${python})`, async () => {
  const made = await stand.ask('POST', '/api/houses/new', { token: await makeToken(stand, 'kari') })
  expect(made.status).toBe(200)
  const { id } = (await made.json()) as { id: number }
  const { stdout } = await run('python3', ['-c', programs[python ?? 'urllib'], stand.url, 'kari', password], {
    env: { PATH: process.env.PATH, NO_PROXY: '*', no_proxy: '*' },
  })
  expect(stdout).toMatch(new RegExp(`^\\[\\{'id': ${id}, `))
})

test.skipIf(python === undefined)('with a wrong password it prints what is wrong, and no house', async () => {
  const { stdout } = await run('python3', ['-c', programs.requests, stand.url, 'kari', 'wrong'], {
    env: { PATH: process.env.PATH, NO_PROXY: '*', no_proxy: '*' },
  }).catch((error: { stdout: string }) => error)
  if (python === 'requests') expect(stdout).toContain("'status': 403")
  expect(stdout).not.toContain("'timezone'")
})
