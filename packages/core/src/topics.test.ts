import { expect, test } from 'vitest'
import {
  commandResultTopic,
  commandTopic,
  isName,
  parseCommandTopic,
  parseSensorTopic,
  sensorTopic,
  sensorTopicsOf,
} from './topics.ts'

test('the topic of a device is read as it was made', () => {
  expect(sensorTopic('tibber-realtime', 3, 1)).toBe('sensors/tibber-realtime/3/1')
  const source = { device: 'tibber-realtime', houseId: 3, count: 1 }
  expect(parseSensorTopic(sensorTopic('tibber-realtime', 3, 1))).toEqual(source)
  expect(parseSensorTopic('sensors/a/3')).toEqual({ device: 'a', houseId: 3 })
  expect(parseSensorTopic('sensors/a/3/kitchen')).toEqual({ device: 'a', houseId: 3 })
  expect(sensorTopicsOf('tibber-realtime', 3)).toBe('sensors/tibber-realtime/3/#')
  expect(parseSensorTopic('sensors/mill-sense')).toEqual({ device: 'mill-sense' })
})

test.each(['a', 'mill-sense', 'a.b_c-9', '0x', 'a'.repeat(63)])('a name: %s', (name) => {
  expect(isName(name)).toBe(true)
})
test.each(['', 'A', '-a', '.a', 'a/b', 'a+', '#', 'a b', 'å', 'a\n', 'a'.repeat(64)])('not a name: %j', (name) => {
  expect(isName(name)).toBe(false)
  expect(parseSensorTopic(`sensors/${name}/3`)?.device).not.toBe(name)
})

test.each([
  { topic: commandTopic(3, 'victron', 1), read: { houseId: 3, device: 'victron', count: 1, last: undefined } },
  { topic: commandResultTopic(3, 'victron', 1), read: { houseId: 3, device: 'victron', count: 1, last: 'result' } },
  { topic: 'commands/3/victron/1/h3.x.0', read: { houseId: 3, device: 'victron', count: 1, last: 'h3.x.0' } },
  { topic: 'commands/3/victron', read: undefined },
  { topic: 'commands/3/victron/1/', read: undefined },
  { topic: 'commands/3/victron/x', read: undefined },
  { topic: 'commands/-3/victron/1', read: undefined },
  { topic: 'commands/3/victron/1/a/b', read: undefined },
  { topic: 'sensors/victron/3/1', read: undefined },
])('the topic of a command: $topic', ({ topic, read }) => {
  expect(parseCommandTopic(topic)).toEqual(read)
})
