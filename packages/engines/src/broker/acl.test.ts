import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Acl, coversFilter, isAllowed, isFilter, matchesTopic, topicToPublish } from './acl.ts'

const acl = (acltype: Acl['acltype'], topic: string, allow = true, priority = 0): Acl => ({
  acltype,
  topic,
  allow,
  priority,
})
const meter = [acl('publishClientSend', 'sensors/meter/3/#')]
const two = [...meter, acl('publishClientSend', 'sensors/heater/3/#')]
const commander = [...meter, acl('publishClientSend', 'commands/3/+/+/h3.meter.0')]
const reader = [acl('subscribePattern', 'sensors/#'), acl('subscribeLiteral', 'devices/3')]

const publishes = [
  [meter, 'sensors/meter/3/0', 'sensors/meter/3/0'],
  [meter, 'sensors/meter/3', 'sensors/meter/3'],
  [meter, 'sensors/meter', 'sensors/meter/3'],
  [meter, 'sensors/anything', 'sensors/meter/3'],
  [meter, 'sensors/meter/roof', 'sensors/meter/3/roof'],
  [meter, 'sensors/meter/roof/east', 'sensors/meter/3/roof/east'],
  [meter, 'sensors/meter/4', undefined],
  [meter, 'sensors/meter/4/0', undefined],
  [meter, 'sensors/meter//0', undefined],
  [meter, 'sensors/meter/33/0', undefined],
  [meter, 'sensors/heater/3/0', undefined],
  [meter, 'sensors', undefined],
  [meter, 'sensors/', undefined],
  [meter, '/sensors/meter/3', undefined],
  [meter, 'Sensors/meter/3/0', undefined],
  [meter, 'commands/3/meter/0', undefined],
  [meter, 'refused/3/meter', undefined],
  [meter, '$CONTROL/dynamic-security/v1', undefined],
  [meter, '$SYS/sensors/meter/3', undefined],
  [commander, 'commands/3/battery/0', 'commands/3/battery/0/h3.meter.0'],
  [commander, 'commands/3/battery/0/h3.meter.0', 'commands/3/battery/0/h3.meter.0'],
  [commander, 'commands/3/battery/0/h3.other.0', undefined],
  [commander, 'commands/3/battery/0/result', undefined],
  [commander, 'commands/4/battery/0', undefined],
  [commander, 'commands/3/battery', undefined],
  [commander, 'sensors/meter', 'sensors/meter/3'],
  [two, 'sensors/heater/3/0', 'sensors/heater/3/0'],
  [two, 'sensors/heater', undefined],
  [two, 'sensors/heater/roof', undefined],
  [[], 'sensors/meter', undefined],
  [reader, 'sensors/meter/3/0', undefined],
  [[acl('publishClientSend', '#')], 'devices/1', 'devices/1'],
  [[acl('publishClientSend', '#')], '$SYS/x', undefined],
  [[acl('publishClientSend', 'sensors/meter/3/secret', false), ...meter], 'sensors/meter/3/secret', undefined],
] as const

const subscribes = [
  [reader, 'sensors/#', true],
  [reader, 'sensors/+/3', true],
  [reader, 'sensors/meter/3/0', true],
  [reader, 'sensors', true],
  [reader, '#', false],
  [reader, '+/meter', false],
  [reader, 'devices/3', true],
  [reader, 'devices/+', false],
  [reader, 'devices/#', false],
  [meter, 'sensors/meter/3/#', false],
  [[acl('subscribePattern', '#')], '$CONTROL/#', false],
  [[acl('subscribePattern', '#')], '#', true],
  [[acl('subscribePattern', '+/a')], '+/a', true],
  [[acl('subscribePattern', '+/a')], '#', false],
] as const

test('accounts publish where their lists say, and nowhere else', () => {
  for (const [acls, topic, goes] of publishes) expect([topic, topicToPublish(acls, topic)]).toEqual([topic, goes])
  expect(publishes.length).toBe(34)
})

test('accounts subscribe what their lists say, and nothing wider', () => {
  for (const [acls, filter, may] of subscribes)
    expect([filter, isAllowed(acls, 'subscribe', filter)]).toEqual([filter, may])
  expect(subscribes.length).toBe(14)
})

const level = fc.constantFrom('a', 'b', '', '$x', '+')
const filter = fc
  .tuple(fc.array(level, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([levels, isOpen]) => [...levels, ...(isOpen ? ['#'] : [])].join('/'))
const topic = fc
  .array(fc.constantFrom('a', 'b', '', '$x'), { minLength: 1, maxLength: 5 })
  .map((levels) => levels.join('/'))

test('what a covering filter covers, it also matches', () => {
  fc.assert(
    fc.property(filter, filter, topic, (wide, narrow, name) => {
      if (name.startsWith('$') || !isFilter(wide)) return
      if (coversFilter(wide, narrow) && matchesTopic(narrow, name)) expect(matchesTopic(wide, name)).toBe(true)
    }),
    { numRuns: 5_000 },
  )
})

test('a publisher’s account never reaches a topic outside its house, whatever topic it names', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        topic,
        fc.string(),
        fc.string().map((rest) => `sensors/meter/${rest}`),
      ),
      (name) => {
        const goes = topicToPublish(meter, name)
        if (goes !== undefined) expect(goes === 'sensors/meter/3' || goes.startsWith('sensors/meter/3/')).toBe(true)
      },
    ),
    { numRuns: 5_000 },
  )
})
