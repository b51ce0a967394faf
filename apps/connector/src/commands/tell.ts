/** Tells the bus what became of commands. */
import { type Bus, publishCommandResult } from '@nabolag/bus'
import { type Command, resultOf } from '@nabolag/store'

/** Does not wait, and does not fail: what became of it is in the store. */
export function tellOfCommands(bus: Bus, commands: readonly Command[]): void {
  if (!bus.connected) return
  for (const command of commands) publishCommandResult(bus, command, resultOf(command)).catch(() => {})
}
