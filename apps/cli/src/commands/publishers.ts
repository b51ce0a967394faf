import { Problem, sensorTopic } from '@nabolag/core'
import type { Command } from 'commander'
import { wholeNumber } from '../arguments.ts'
import { say, sayJson, sayTable } from '../say.ts'
import { withBroker, withStore } from '../stores.ts'

type Given = { house: number; name: string; commands?: boolean; json?: boolean }

export function addPublishers(program: Command): void {
  const publisher = program.command('publisher').description('accounts of outside programs that publish samples')

  publisher
    .command('add')
    .description('makes an account that may publish for one house under one name; the password is shown this once')
    .requiredOption('--house <number>', 'the house it publishes for', wholeNumber)
    .requiredOption('--name <name>', 'the name of the device, as in its topic')
    .option('--commands', 'it may also command the devices of the house, and hears the house')
    .option('--json', 'as JSON: username, password, topic …')
    .addHelpText(
      'after',
      `
Example:
  $ nabolag publisher add --house 3 --name mill-sense
  $ mosquitto_pub -q 1 -u <username> -P <password> -t sensors/mill-sense -m '{"measurement": "airSensor",
      "tags": {"house_id": "3", "device_name": "mill-sense"}, "fields": {"temperature": 19.7}}'`,
    )
    .action(async ({ house, name, commands, json }: Given) => {
      const made = await withStore((_store, operator) =>
        withBroker(async (accounts) => {
          const row = await operator.addPublisher(house, name)
          try {
            if (commands) await operator.letCommand(house, row.id)
            const account = { username: row.username, houseId: house, name }
            const login = await (commands ? accounts.addCommandAccount(account) : accounts.addPublisherAccount(account))
            return { ...login, id: row.id, house, name, count: row.count, topic: sensorTopic(name, house, row.count) }
          } catch (error) {
            await operator.revokePublisher(house, row.id)
            throw error
          }
        }),
      )
      if (json) return sayJson(made)
      say(`username  ${made.username}`)
      say(`password  ${made.password}`)
      say(`topic     ${made.topic}`)
      say()
      say('The password is not kept and not shown again.')
    })

  publisher
    .command('list')
    .description('the accounts of a house')
    .requiredOption('--house <number>', 'the house', wholeNumber)
    .option('--json', 'as JSON')
    .action(async ({ house, json }: Given) => {
      const rows = (await withStore((_store, operator) => operator.publishers(house))).filter(
        ({ revokedAt }) => revokedAt === undefined,
      )
      if (json) sayJson(rows)
      else
        sayTable(
          ['name', 'username', 'since'],
          rows.map(({ name, username, createdAt }) => [name, username, new Date(createdAt).toISOString()]),
        )
    })

  publisher
    .command('remove')
    .description('ends an account; its connections are closed')
    .requiredOption('--house <number>', 'the house', wholeNumber)
    .requiredOption('--username <name>', 'as publisher list shows it')
    .action(async ({ house, username }: { house: number; username: string }) => {
      await withStore(async (_store, operator) => {
        const found = (await operator.publishers(house)).find((row) => row.username === username)
        if (!found) throw Problem('not-found', `House ${house} has no publisher ${username}`)
        // The account first: a row without an account harms nobody, an account without a row would be forgotten.
        await withBroker((accounts) => accounts.removeAccount(username))
        await operator.revokePublisher(house, found.id)
      })
      say(`${username} may not publish any more.`)
    })
}
