import type { Command } from 'commander'
import { decimal } from '../arguments.ts'
import { say, sayJson, sayTable } from '../say.ts'
import { userOrOnlyAdmin, withStore } from '../stores.ts'

type NewHouse = {
  name?: string
  owner?: string
  timezone?: string
  latitude?: number
  longitude?: number
  json?: boolean
}

export function addHouses(program: Command): void {
  const house = program.command('house').description('the houses of this server')

  house
    .command('list')
    .description('every house with its owner')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const houses = await withStore((_store, operator) => operator.houses())
      if (json) sayJson(houses.map(({ role: _, ...rest }) => rest))
      else
        sayTable(
          ['house', 'name', 'owner', 'time zone'],
          houses.map(({ id, name, owner, timezone }) => [id, name, owner, timezone]),
        )
    })

  house
    .command('create')
    .description('makes a house')
    .option('--name <name>')
    .option('--owner <user>', 'whose it is; the admin where there is only one')
    .option('--timezone <zone>', 'as Europe/Oslo')
    .option('--latitude <degrees>', 'north is positive', decimal)
    .option('--longitude <degrees>', 'east is positive', decimal)
    .option('--json', 'as JSON')
    .action(async ({ json, owner, ...wanted }: NewHouse) => {
      const made = await withStore(async (_store, operator) =>
        operator.createHouse({ ...wanted, owner: await userOrOnlyAdmin(operator, '--owner', owner) }),
      )
      if (json) sayJson(made)
      else say(`House ${made.id} is there: ${made.name}, owned by ${made.owner ?? 'nobody'}.`)
    })
}
