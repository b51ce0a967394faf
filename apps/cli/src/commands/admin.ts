import { Problem } from '@nabolag/core'
import type { Command } from 'commander'
import { readPassword } from '../arguments.ts'
import { say, sayJson } from '../say.ts'
import { withStore } from '../stores.ts'

type PasswordOptions = { passwordStdin?: boolean; json?: boolean }

export function addAdmin(program: Command): void {
  const admin = program.command('admin').description('people who may sign in')

  admin
    .command('create-user')
    .description('makes a user; the password is asked for')
    .argument('<name>', 'the name to sign in with')
    .option('--admin', 'may see every house and administer the server')
    .option('--email <address>')
    .option('--password-stdin', 'take the password from the first line of standard input')
    .option('--json', 'as JSON')
    .action(async (username: string, options: PasswordOptions & { admin?: boolean; email?: string }) => {
      const user = await withStore(async (_store, operator) =>
        operator.createUser({
          username,
          password: await readPassword(options.passwordStdin),
          email: options.email,
          role: options.admin ? 'admin' : 'user',
        }),
      )
      if (options.json) sayJson(user)
      else say(`${user.username} can sign in now${user.role === 'admin' ? ', as an admin' : ''}.`)
    })

  admin
    .command('reset-password')
    .description('gives a user a new password and ends the sessions')
    .argument('<name>')
    .option('--password-stdin', 'take the password from the first line of standard input')
    .action(async (username: string, options: PasswordOptions) => {
      await withStore(async (store, operator) =>
        store.people.setPassword(username, await readPassword(options.passwordStdin), operator.asker),
      )
      say(`${username} has a new password; whoever was signed in is signed out.`)
    })

  admin
    .command('setup-link')
    .description('a new link that makes the first admin, once; the one before is void')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const link = await withStore(async ({ people }) => {
        if (await people.hasAdmin())
          throw Problem('conflict', 'There is an admin already; nabolag admin create-user --admin makes another one')
        return people.makeSetupLink()
      })
      if (json) sayJson({ url: link.url, expires: new Date(link.expiresAt).toISOString() })
      else say(link.url ?? link.token)
    })

  admin
    .command('users')
    .description('everybody who may sign in')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const users = await withStore((_store, operator) => operator.users())
      if (json) sayJson(users)
      else for (const { username, role, email } of users) say(`${username}  ${role}  ${email ?? ''}`.trimEnd())
    })
}
