import { Problem } from '@nabolag/core'
import type { Scope } from '@nabolag/store'
import type { Command } from 'commander'
import { commaList, houseList, moment } from '../arguments.ts'
import { say, sayJson } from '../say.ts'
import { userOrOnlyAdmin, withStore } from '../stores.ts'

type NewToken = { name: string; scopes: string[]; house?: number[]; user?: string; expires?: number; json?: boolean }

export function addTokens(program: Command): void {
  program
    .command('token')
    .description('tokens for programs that use the API')
    .command('create')
    .description('makes a token; it is shown this once')
    .requiredOption('--name <name>', 'what it is for')
    .option('--scopes <list>', 'read, write, control, admin, with commas', commaList, ['read'])
    .option('--house <list>', 'only these houses, numbers with commas', houseList)
    .option('--user <name>', 'whose rights it has; the admin where there is only one')
    .option('--expires <time>', 'when it ends, as 2027-01-01', moment)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Example:
  $ TOKEN=$(nabolag token create --name notebook --house 3 --json | jq -r .token)
  $ curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/api/houses`,
    )
    .action(async ({ name, scopes, house, user, expires, json }: NewToken) => {
      const token = await withStore(async (store, operator) => {
        const { scopes: known } = await import('@nabolag/store/types')
        const unknown = scopes.find((scope) => !known.some((one) => one === scope))
        if (unknown) throw Problem('bad-request', `There is no scope ${unknown}; there are ${known.join(', ')}`)
        const asker = await store.people.askerNamed(await userOrOnlyAdmin(operator, '--user', user))
        return store.as(asker).createToken({ name, scopes: scopes as Scope[], houses: house, expires })
      })
      if (json) sayJson(token)
      else {
        say(token.token)
        say('It is not kept and not shown again.')
      }
    })
}
