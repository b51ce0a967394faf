/** `nabolag integrations new`: a folder that works at once, to be changed into the vendor's own. */
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { groups, isName, Problem } from '@nabolag/core'

export type NewIntegration = {
  /** The clone to write into. */
  readonly root: string
  readonly name: string
  readonly vendor?: string
  readonly label?: string
  readonly group?: string
}

const templates = new URL('../../../../templates/integration/', import.meta.url)
const cases = ['two-sensors', 'a-value-is-null', 'an-account-without-sensors'].flatMap((name) => [
  `${name}/answer.json`,
  `${name}/expected.json`,
])

/**
 * Writes the integration, its first cases and its simulator, and enters both in their lists.
 *
 * @returns the files that were written or changed, relative to the clone
 * @throws ProblemError `bad-request` for a name or a group that cannot be, `conflict` when there is one of that name
 */
export async function writeNewIntegration(given: NewIntegration): Promise<string[]> {
  const { root, name } = given
  const vendor = given.vendor ?? name.split('-')[0] ?? name
  const label = given.label ?? capital(name.replaceAll('-', ' '))
  const group = given.group ?? 'airSensor'
  for (const one of [name, vendor])
    if (!isName(one) || !/^[a-z][a-z0-9-]*$/.test(one))
      throw Problem('bad-request', `${one} cannot be a name: lower-case letters, digits and dashes, a letter first`)
  if (!Object.hasOwn(groups, group))
    throw Problem('bad-request', `There is no group ${group}; there are ${Object.keys(groups).join(', ')}`)
  if (/['\\\n`$]/.test(label)) throw Problem('bad-request', 'The label may not hold quotes, backslashes or $')
  const integrations = 'packages/integrations/src'
  const simulators = 'packages/simulators/src'
  if (!existsSync(join(root, integrations, 'list.ts')))
    throw Problem('bad-request', `${root} is not a clone of this project; go there, or give --root`)
  if (existsSync(join(root, integrations, name))) throw Problem('conflict', `${integrations}/${name} is there already`)
  const hasSimulator = existsSync(join(root, simulators, `${vendor}.ts`))
  const words: Record<string, string> = {
    NAME: name,
    VENDOR: vendor,
    LABEL: label,
    GROUP: group,
    CAMEL: camel(vendor),
    PASCAL: capital(camel(vendor)),
  }
  const files: Record<string, string> = {
    [`${integrations}/${name}/index.ts`]: 'index.ts.txt',
    [`${integrations}/${name}/README.md`]: 'README.md.txt',
    ...Object.fromEntries(cases.map((file) => [`${integrations}/${name}/cases/${file}`, `cases/${file}`] as const)),
    ...(hasSimulator ? {} : { [`${simulators}/${vendor}.ts`]: 'simulator.ts.txt' }),
  }
  const fill = (text: string) => text.replaceAll(/__([A-Z]+)__/g, (whole, word: string) => words[word] ?? whole)
  for (const [file, template] of Object.entries(files)) {
    await mkdir(dirname(join(root, file)), { recursive: true })
    await writeFile(join(root, file), fill(await readFile(new URL(template, templates), 'utf8')))
  }
  const changed = [`${integrations}/list.ts`]
  await enter(join(root, integrations, 'list.ts'), {
    name: camel(name),
    from: `./${name}/index.ts`,
    entry: camel(name),
    end: /,?\s*\]\n/,
    close: ']\n',
  })
  if (!hasSimulator) {
    changed.push(`${simulators}/index.ts`)
    await enter(join(root, simulators, 'index.ts'), {
      name: `{ start${words.PASCAL} }`,
      from: `./${vendor}.ts`,
      entry: `${/-/.test(vendor) ? `'${vendor}'` : vendor}: start${words.PASCAL}`,
      end: /,?\s*\} as const satisfies/,
      close: '} as const satisfies',
    })
  }
  return [...Object.keys(files), ...changed]
}

type Entry = {
  readonly name: string
  readonly from: string
  readonly entry: string
  readonly end: RegExp
  readonly close: string
}

/** Adds an import where it belongs in the order of the alphabet, and an entry on a line of its own at the end of the list. */
async function enter(file: string, { name, from, entry, end, close }: Entry): Promise<void> {
  const text = await readFile(file, 'utf8')
  const ours = [...text.matchAll(/^import [^\n]* from '(\.[^']+)'\n/gm)]
  const last = ours.at(-1)
  if (!last || !end.test(text)) throw Problem('conflict', `${file} is not of the usual form; enter ${entry} by hand`)
  const next = ours.find(([, path = '']) => path.startsWith('./') && path > from && !path.includes('/world/'))
  const at = next?.index ?? last.index + last[0].length
  const withImport = `${text.slice(0, at)}import ${name} from '${from}'\n${text.slice(at)}`
  await writeFile(
    file,
    withImport.replace(end, () => `,\n  ${entry},\n${close}`),
  )
}

const camel = (name: string) => name.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
