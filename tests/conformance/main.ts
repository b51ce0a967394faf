/**
 * `npm run conformance [-- NAME…] [--json] [--readme]`: every integration against the quality scale. `--readme` writes
 * the table into the README. Ends with 1 when an integration does not reach gold.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { runLive } from './live.ts'
import { judge, rules, tableOf } from './scale.ts'
import { integrations, levels, readSubject } from './subject.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, readme: { type: 'boolean' } },
})
const unknown = positionals.filter((name) => !integrations.some((one) => one.name === name))
if (unknown.length > 0) {
  console.error(
    `There is no integration ${unknown.join(', ')}; there are ${integrations.map(({ name }) => name).join(', ')}`,
  )
  process.exit(2)
}
if (values.readme && positionals.length > 0) {
  console.error('The table of the README is of every integration: --readme goes without names')
  process.exit(2)
}
const chosen = integrations.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
const live = await runLive(chosen, (line) => console.error(`… ${line}`))
const results = chosen.map((integration) => {
  const ran = live.get(integration.name)
  return judge(readSubject(integration, ran?.credentials, ran?.live))
})

if (values.json)
  console.log(JSON.stringify({ rules: rules.map(({ id, level, says }) => ({ id, level, says })), results }, null, 2))
else {
  const width = Math.max(...results.map(({ name }) => name.length))
  console.log(
    `\n${rules.length} rules: ${levels.map((level) => `${rules.filter((rule) => rule.level === level).length} ${level}`).join(', ')}\n`,
  )
  for (const { name, level, kept, notAsked, missing } of results) {
    console.log(
      `${name.padEnd(width)}  ${level.padEnd(8)}  ${kept} kept${notAsked > 0 ? `, ${notAsked} not asked of it` : ''}`,
    )
    for (const { rule, level: at, what } of missing) console.log(`${' '.repeat(width)}  ${at}: ${rule}: wants ${what}`)
  }
}
if (values.readme) {
  const readme = new URL('../../README.md', import.meta.url)
  const marks = /(<!-- conformance -->\n)[\s\S]*?(\n<!-- \/conformance -->)/
  writeFileSync(
    readme,
    readFileSync(readme, 'utf8').replace(marks, (_, from, to) => `${from}${tableOf(results)}${to}`),
  )
}
process.exitCode = results.every(({ level }) => level === 'gold' || level === 'platinum') ? 0 : 1
