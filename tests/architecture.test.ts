import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

/** Who may import whom. A new arrow is a decision: it belongs here and on a page in `docs/decisions/`. */
const arrows: Record<string, readonly string[]> = {
  core: [],
  bus: ['core'],
  store: ['core'],
  timeseries: ['core'],
  integrations: ['core'],
  control: ['core'],
  'house-data': ['core', 'timeseries', 'control', 'store'],
  engines: [],
  simulators: ['core', 'control'],
  api: ['core', 'bus', 'store', 'timeseries', 'integrations', 'control', 'house-data'],
  datalogger: ['core', 'bus', 'timeseries'],
  connector: ['core', 'bus', 'store', 'integrations'],
  controller: ['core', 'bus', 'store', 'timeseries', 'control', 'house-data'],
  cli: [
    'core',
    'bus',
    'store',
    'timeseries',
    'integrations',
    'engines',
    'simulators',
    'api',
    'datalogger',
    'connector',
    'control',
    'house-data',
    'controller',
  ],
  web: ['core'],
}

const root = join(import.meta.dirname, '..')
const files = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', 'packages', 'apps', 'web'],
  {
    cwd: root,
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter((file) => /\.tsx?$/.test(file))

/** The workspace a file belongs to, and every import in it. Tests may start engines and simulators. */
const imports = files
  .filter((file) => !/(\.test\.tsx?$|\/fixtures\/|\/testing\/|\.testing\.ts$)/.test(file))
  .flatMap((file) => {
    const text = (() => {
      try {
        return readFileSync(join(root, file), 'utf8')
      } catch {
        return ''
      }
    })()
    const workspace = file.split('/')[file.startsWith('web/') ? 0 : 1] ?? ''
    const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map((match) => match[1] ?? '')
    return specifiers.map((specifier) => ({ file, workspace, specifier }))
  })

describe('the arrows of the design', () => {
  const ours = imports.filter(({ specifier }) => specifier.startsWith('@nabolag/'))

  test(`each of ${ours.length} imports between workspaces is one that the design allows`, () => {
    expect(ours.length).toBeGreaterThan(20)
    const wrong = ours
      .map(({ file, workspace, specifier }) => ({ file, workspace, target: specifier.split('/')[1] ?? '' }))
      .filter(({ workspace, target }) => target !== workspace && !arrows[workspace]?.includes(target))
      .map(({ file, target }) => `${file} → ${target}`)
    expect(wrong).toEqual([])
  })

  test('no file reaches into another workspace by a relative path', () => {
    const wrong = imports
      .filter(({ specifier }) => specifier.startsWith('.'))
      .filter(({ file, specifier }) => {
        const target = join(file, '..', specifier)
        const home = file
          .split('/')
          .slice(0, file.startsWith('web/') ? 1 : 2)
          .join('/')
        return !target.startsWith(`${home}/`)
      })
      .map(({ file, specifier }) => `${file} → ${specifier}`)
    expect(wrong).toEqual([])
  })

  test('every workspace on disk is in the table', () => {
    const workspaces = new Set(files.map((file) => file.split('/')[file.startsWith('web/') ? 0 : 1] ?? ''))
    expect([...workspaces].filter((workspace) => !(workspace in arrows))).toEqual([])
  })

  test('only a main.ts, the launcher and the tests read the environment', () => {
    const readers = files.filter(
      (file) =>
        !/(\.test\.ts|\/main\.ts|apps\/cli\/)/.test(file) &&
        /process\.env\b/.test(readFileSync(join(root, file), 'utf8')),
    )
    expect(readers).toEqual([])
  })
})
