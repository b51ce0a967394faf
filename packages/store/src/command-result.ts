/** A command's state as everybody is told of it. */
import type { CommandResult } from '@nabolag/core'
import type { Command } from './command-types.ts'

export const resultOf = (command: Command): CommandResult => ({
  id: command.requestId ?? command.id,
  command: command.id,
  state: command.state,
  reason: command.reason ?? null,
  time: new Date(command.changedAt).toISOString(),
  capability: command.capability,
  verb: command.verb,
  location: command.location,
  asked_by: command.askedBy,
})
