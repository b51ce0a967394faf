import { dirname } from 'node:path'
import { Problem, readSettings } from '@nabolag/core'
import { Argument, type Command } from 'commander'
import { wholeNumber } from '../arguments.ts'
import { lockFolder } from '../launch/lock.ts'
import { migrate } from '../launch/migrate.ts'
import { runAsChild, runUntilStopped } from '../launch/protocol.ts'
import {
  type EngineName,
  engineNames,
  type RoleName,
  type RoleOptions,
  roleNames,
  startEngine,
  startRole,
} from '../launch/roles.ts'
import { say } from '../say.ts'

const isRole = (name: string): name is RoleName => (roleNames as readonly string[]).includes(name)

/** Each role alone, against given addresses; and what the launcher starts as its children (not in the help). */
export function addRoles(program: Command): void {
  const alone: Record<RoleName, string> = {
    api: 'the web page and the API alone; needs DATABASE_URL, CLICKHOUSE_URL and MQTT_URL',
    datalogger: 'what takes samples from the bus to ClickHouse, alone; needs CLICKHOUSE_URL and MQTT_URL',
    connector: 'what runs the devices, alone; needs DATABASE_URL and MQTT_URL',
    controller:
      'what controls heating, ventilation and batteries, alone; needs DATABASE_URL, CLICKHOUSE_URL and MQTT_URL',
  }
  for (const [name, description] of Object.entries(alone) as [RoleName, string][]) {
    const role = program
      .command(name)
      .description(description)
      .action(async (options: RoleOptions) => {
        const running = await startRole(name, readSettings(process.env), options)
        await runUntilStopped(running)
        process.exit(0)
      })
    if (name === 'datalogger')
      role.option(
        '--instance <number>',
        'its number where several share the work, the same at each start; the broker must know shared subscriptions',
        wholeNumber,
      )
  }
  program
    .command('migrate')
    .description('brings PostgreSQL and ClickHouse up to this version; what `nabolag up` does at its start')
    .action(async () => {
      const { setupLink } = await migrate(readSettings(process.env))
      say('PostgreSQL and ClickHouse are up to date.')
      if (setupLink) say(`There is no admin yet. Make one at (once): ${setupLink}`)
    })

  program
    .command('engine', { hidden: true })
    .addArgument(new Argument('<name>').choices(engineNames))
    .action((name: EngineName) =>
      runAsChild(async (given) => {
        const { folder } = given as { folder: string }
        // The engine of a launcher that was just killed may need a moment to go; two on one folder would ruin it.
        const lock = lockFolder(dirname(folder), `lock-${name}`, 5000)
        const engine = await startEngine(name, given)
        return {
          info: engine.info,
          close: async () => {
            await engine.close()
            lock.release()
          },
        }
      }),
    )
  program
    .command('child', { hidden: true })
    .argument('<name>')
    .action((name: string) => {
      if (name === 'migrate')
        runAsChild(async () => ({ info: await migrate(readSettings(process.env)), close: async () => {} }), {
          oneShot: true,
        })
      else if (isRole(name)) runAsChild(() => startRole(name, readSettings(process.env), { oneOfMany: true }))
      else if (name === 'simulators' || name === 'demo-history')
        runAsChild(
          async (given) => {
            const demo = await import('../launch/demo-children.ts')
            return name === 'simulators' ? demo.simulators(given) : demo.history(given)
          },
          { oneShot: name === 'demo-history' },
        )
      else if (name === 'demo-control')
        runAsChild(async (given) => (await import('../launch/demo-control.ts')).demoControl(given), { oneShot: true })
      else throw Problem('bad-request', `There is no child ${name}`)
    })
}
