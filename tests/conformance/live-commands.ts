/** Every verb of every actuator, asked for as a house owner would, and what became of it. */
import { wakeForCommand } from '@nabolag/bus'
import { type Actuator, type Bound, type CommandState, isFinal, verbOf } from '@nabolag/core'
import type { Fleet } from './live.ts'
import type { Subject } from './subject.ts'
import { waitFor } from './wait.ts'

export type Became = { readonly state: CommandState; readonly reason: string }
export type Tried = ReadonlyMap<string, Readonly<Record<string, Became>>>

/** One command after the other of each device, the devices side by side. */
export async function tryCommands(
  subjects: readonly Subject[],
  { tenant, bus, house }: Fleet,
  patience: number,
): Promise<Tried> {
  const tried = new Map<string, Record<string, Became>>()
  await Promise.all(
    subjects
      .filter(({ integration }) => integration.commands)
      .map(async ({ integration: { name } }) => {
        const results: Record<string, Became> = {}
        tried.set(name, results)
        await waitFor(10_000, async () => (await tenant.commandable(house, name, 0)).actuators !== undefined)
        const { actuators = [] } = await tenant.commandable(house, name, 0)
        for (const { capability, verb, args } of askOf(actuators)) {
          const { command } = await tenant.addCommand(
            house,
            name,
            0,
            { capability, verb, arguments: args },
            { seconds: 60 },
          )
          await wakeForCommand(bus, { houseId: house, integration: name, count: 0 }, command.id)
          const confirms = verbOf(capability, verb)?.confirmedBy !== undefined
          let became: Became = { state: command.state, reason: '' }
          await waitFor(patience, async () => {
            const { state, reason } = await tenant.command(house, name, 0, command.id)
            became = { state, reason: reason ?? '' }
            return isFinal(state) || (!confirms && state === 'applied')
          })
          results[`${capability}.${verb}`] = became
        }
      }),
  )
  return tried
}

type Ask = { readonly capability: string; readonly verb: string; readonly args: Record<string, unknown> }

/** Each verb once, at the first actuator that knows it; switched off is switched on again at the end. */
function askOf(actuators: readonly Actuator[]): Ask[] {
  const asks: Ask[] = []
  const seen = new Set<string>()
  for (const { location, capability, verbs } of actuators)
    for (const [verb, bounds] of Object.entries(verbs)) {
      if (seen.has(`${capability}.${verb}`)) continue
      seen.add(`${capability}.${verb}`)
      const properties = Object.entries(verbOf(capability, verb)?.arguments.properties ?? {})
      const args = Object.fromEntries(
        properties
          .filter(([name]) => name !== 'location')
          .map(([name, schema]) => [name, within(name, schema, bounds[name])]),
      )
      asks.push({ capability, verb, args: { ...args, ...(location === '' ? {} : { location }) } })
      if (args.on === false)
        asks.push({ capability, verb, args: { on: true, ...(location === '' ? {} : { location }) } })
    }
  // Off is for the end: a heat pump that is off may show no other change.
  return [...asks.filter(({ verb }) => verb !== 'setOn'), ...asks.filter(({ verb }) => verb === 'setOn')]
}

/** A value that the actuator allows. */
function within(name: string, schema: object, bound: Bound = {}): unknown {
  const {
    type,
    minimum,
    maximum,
    enum: words,
  } = schema as {
    type?: string
    minimum?: number
    maximum?: number
    enum?: readonly unknown[]
  }
  if (name === 'schedule') return [{ at: '06:00', temperature: 21 }]
  if (name === 'timezone') return 'Europe/Oslo'
  if (bound.values?.length) return bound.values[Math.floor(bound.values.length / 2)]
  if (type === 'boolean') return false
  if (words) return words[words.length - 1]
  const least = bound.minimum ?? minimum ?? 0
  const most = bound.maximum ?? maximum ?? 100
  const step = bound.step ?? 1
  return least + Math.round((most - least) / 3 / step) * step
}
