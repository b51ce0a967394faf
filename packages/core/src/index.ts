export {
  type Commandable,
  checkOwnBounds,
  describeActuators,
  describeBound,
  keepsBound,
  narrowest,
  type OwnBounds,
} from './bounds.ts'
export * from './capabilities.ts'
export * from './commands.ts'
export * from './devices.ts'
export * from './failures.ts'
export * from './groups.ts'
export * from './line-protocol.ts'
export * from './local-time.ts'
export * from './message.ts'
export * from './problems.ts'
export * from './settings.ts'
export * from './sun.ts'
export * from './text-forms.ts'
export * from './topics.ts'
export * from './units.ts'
