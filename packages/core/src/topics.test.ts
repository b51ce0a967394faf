import { expect, test } from 'vitest'
import { isName, parseSensorTopic, sensorTopic, sensorTopicsOf } from './topics.ts'

test('the topic of a device is read as it was made', () => {
  expect(sensorTopic('tibber-realtime', 3, 1)).toBe('sensors/tibber-realtime/3/1')
  expect(parseSensorTopic(sensorTopic('tibber-realtime', 3, 1))).toEqual({ device: 'tibber-realtime', houseId: 3 })
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
