import { settings } from '@nabolag/core'
import { expect, test } from 'vitest'
import { describeSettings } from './settings.ts'

const secretNames = Object.entries(settings).flatMap(([name, setting]) => ('secret' in setting ? [name] : []))

test('no part of a secret is shown, be it a key, a password or an address with one', () => {
  expect(secretNames.length).toBeGreaterThanOrEqual(5)
  const forms = [
    'p4ssw0rd-secret',
    'k1:c2VjcmV0LXNlY3JldA==',
    'postgres://user:p4ssw0rd@db.example:5432/name?password=p4ssw0rd&host=/secret',
    'http://u:p4ssw0rd@ch.example:8123/x',
    'mqtts://:p4ssw0rd@mq.example',
  ]
  for (const name of secretNames)
    for (const form of forms) {
      const shown = JSON.stringify(describeSettings({ [name]: form }))
      expect(shown).not.toMatch(/p4ssw0rd|c2VjcmV0|secret-secret|\/secret/)
      expect(shown).toContain('••••••')
    }
})

test('every setting is there, with its default as value until it is given', () => {
  const rows = describeSettings({ NABOLAG_HTTP_PORT: '81' })
  expect(rows.map(({ name }) => name)).toEqual(Object.keys(settings))
  expect(rows.find(({ name }) => name === 'NABOLAG_HTTP_PORT')).toMatchObject({
    value: '81',
    given: true,
    default: '8080',
  })
  expect(rows.find(({ name }) => name === 'NABOLAG_MQTT_PORT')).toMatchObject({ value: '1883', given: false })
})

test('a value that cannot be used is said to be so', () => {
  const [wrong] = describeSettings({ NABOLAG_HTTP_PORT: '81x' }).filter(({ problem }) => problem)
  expect(wrong).toMatchObject({ name: 'NABOLAG_HTTP_PORT', problem: 'NABOLAG_HTTP_PORT must be a port, 0 to 65535' })
})
