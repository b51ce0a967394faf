import { type CommandResult, isFinal, longestValidity, Problem, usualValidity } from '@nabolag/core'
import type { Command as KeptCommand } from '@nabolag/store'
import { type Command, InvalidArgumentError } from 'commander'
import { wholeNumber } from '../arguments.ts'
import { ExitError, note, say, sayJson, sayTable } from '../say.ts'
import { withBroker, withStore } from '../stores.ts'

type Asked = { readonly validFor: number; readonly wait: boolean; readonly json?: boolean }
type Listed = { readonly device?: string; readonly limit: number; readonly json?: boolean }

export function addCommands(program: Command): void {
  program
    .command('command')
    .description('moves an actuator, and tells what came of it')
    .argument('<house>', 'its number', wholeNumber)
    .argument('<device>', 'as sensibo-sky, or sensibo-sky/1 where there are several', deviceOf)
    .argument('<capability>', 'as thermostat')
    .argument('<verb>', 'as setTargetTemperature')
    .argument('[values...]', 'its arguments, as temperature=21 location=Stue')
    .option('--valid-for <seconds>', 'it is not sent any more after this', seconds, usualValidity)
    .option('--no-wait', 'do not wait for what comes of it')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ nabolag command 3 sensibo-sky thermostat setTargetTemperature temperature=21.5 location=Stue',
    )
    .action(
      async (house: number, device: Device, capability: string, verb: string, values: string[], options: Asked) => {
        const given = { capability, verb, arguments: argumentsOf(values) }
        const { onCommandResult, publishCommandResult, wakeForCommand } = await import('@nabolag/bus')
        const { resultOf } = await import('@nabolag/store')
        const kept = await withStore((_store, operator) =>
          withBroker(async (_accounts, bus) => {
            const told: CommandResult[] = []
            let wake = () => {}
            const stop = await onCommandResult(bus, { houseId: house }, (_place, result) => {
              told.push(result)
              wake()
            })
            const { integration, count } = device
            const validity = { seconds: options.validFor }
            const { command, superseded } = await operator.addCommand(house, integration, count, given, validity)
            for (const one of [...superseded, command]) await publishCommandResult(bus, one, resultOf(one))
            await wakeForCommand(bus, command, command.id)
            const deadline = Date.now() + options.validFor * 1000 + answerPatience
            const read = () => operator.command(house, integration, count, command.id)
            let now = await read()
            while (options.wait && !isSettled(now) && Date.now() < deadline) {
              await new Promise<void>((resolve) => {
                const timer = setTimeout(resolve, lookEvery)
                wake = () => {
                  clearTimeout(timer)
                  resolve()
                }
              })
              now = await read()
            }
            await stop()
            return now
          }),
        )
        if (options.json) sayJson(kept)
        else say(`${kept.state}${kept.reason === undefined ? '' : `: ${kept.reason}`}`)
        if (kept.state === 'refused' || kept.state === 'failed' || kept.state === 'expired')
          throw new ExitError(2, `The command was not carried out (${kept.id}).`)
        if (!options.json) note(kept.id)
      },
    )

  program
    .command('commands')
    .description('what was commanded in a house, newest first')
    .argument('<house>', 'its number', wholeNumber)
    .option('--device <device>', 'only of this one, as sensibo-sky/0')
    .option('--limit <number>', 'so many', wholeNumber, 20)
    .option('--json', 'as JSON')
    .action(async (house: number, { device, limit, json }: Listed) => {
      const of = device === undefined ? {} : deviceOf(device)
      const list = await withStore((_store, operator) => operator.commands(house, { ...of, limit }))
      if (json) return sayJson(list)
      sayTable(
        ['time', 'device', 'command', 'by', 'state', 'reason'],
        list.map((one) => [
          new Date(one.createdAt).toISOString().slice(0, 19),
          `${one.integration}/${one.count}`,
          inWords(one),
          one.askedBy,
          one.state,
          one.reason ?? '',
        ]),
      )
    })
}

/** The vendor may take so long to answer, besides the time in which the command may be sent, ms. */
const answerPatience = 185_000
const lookEvery = 1000

/** Nothing more is worth waiting for: it is over, or the vendor has answered. */
const isSettled = ({ state, doneAt }: KeptCommand) => isFinal(state) || doneAt !== undefined

const inWords = ({ capability, verb, location, arguments: args }: KeptCommand): string =>
  [
    `${capability}.${verb}`,
    ...(location === '' ? [] : [`location=${location}`]),
    ...Object.entries(args).map(
      ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    ),
  ].join(' ')

type Device = { readonly integration: string; readonly count: number }

function deviceOf(text: string): Device {
  const [integration = '', count = '0', more] = text.split('/')
  if (integration === '' || more !== undefined) throw new InvalidArgumentError('It must be as sensibo-sky/0.')
  return { integration, count: wholeNumber(count) }
}

function seconds(text: string): number {
  const value = Number(text)
  if (!(value >= 1 && value <= longestValidity))
    throw new InvalidArgumentError(`It must be 1 to ${longestValidity} seconds.`)
  return value
}

/** `temperature=21 on=true mode=heat`: numbers, true and false, and JSON are what they look like; the rest is text. */
export function argumentsOf(values: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    values.map((text) => {
      const at = text.indexOf('=')
      if (at < 1) throw Problem('bad-request', `An argument is written name=value, not ${text}`)
      const [name, value] = [text.slice(0, at), text.slice(at + 1)]
      return [name, name === 'location' ? value : readValue(value)]
    }),
  )
}

function readValue(text: string): unknown {
  if (!/^(-?\d|true$|false$|[[{"])/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
