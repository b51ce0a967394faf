import { Button, Code, CopyButton, Group, Stack, Tabs, Text, Title } from '@mantine/core'
import { groupOf } from '@nabolag/core/groups'
import type { Publishing } from './api.ts'

/** What a program signs in to the broker with, shown once, and lines that work as they stand. */
export function ProgramLogin({
  houseId,
  group,
  publishing,
}: {
  houseId: number
  group: string
  publishing: Publishing
}) {
  const { url, username, password, topic } = publishing
  const lines = linesOf(houseId, group, publishing)
  return (
    <Stack component="section" aria-label="Account of the program">
      <div>
        <Title order={2} size="h4">
          The account of your program
        </Title>
        <Text size="sm">The password is shown this once. A new one can be had on the page of the device.</Text>
      </div>
      <Stack gap="xs">
        {Object.entries({ Broker: url, 'User name': username, Password: password, Topic: topic }).map(
          ([label, text]) => (
            <Group key={label} gap="xs" wrap="nowrap">
              <Text size="sm" w={90} style={{ flexShrink: 0 }}>
                {label}
              </Text>
              <Code style={{ flexGrow: 1, overflowWrap: 'anywhere' }}>{text}</Code>
              <CopyButton value={text}>
                {({ copied, copy }) => (
                  <Button size="compact-sm" variant="default" aria-label={`Copy: ${label}`} onClick={copy}>
                    {copied ? 'Copied' : 'Copy'}
                  </Button>
                )}
              </CopyButton>
            </Group>
          ),
        )}
      </Stack>
      <Tabs defaultValue="mosquitto_pub" keepMounted={false}>
        <Tabs.List aria-label="A line to try it">
          {Object.keys(lines).map((name) => (
            <Tabs.Tab key={name} value={name}>
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {Object.entries(lines).map(([name, text]) => (
          <Tabs.Panel key={name} value={name} pt="sm">
            <Code block tabIndex={0} role="group" aria-label={name}>
              {text}
            </Code>
            <CopyButton value={text}>
              {({ copied, copy }) => (
                <Button mt="xs" size="compact-sm" variant="default" onClick={copy}>
                  {copied ? 'Copied' : `Copy for ${name}`}
                </Button>
              )}
            </CopyButton>
          </Tabs.Panel>
        ))}
      </Tabs>
    </Stack>
  )
}

/** The first number that the group has, or one that nobody has described. */
const exampleField = (group: string) =>
  Object.entries(groupOf(group)?.fields ?? {}).find(([, { type }]) => type === 'number')?.[0] ?? 'value'

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

/** What to type to publish one sample: in a shell, in Python, and for a container. */
export function linesOf(houseId: number, group: string, { url, username, password, topic }: Publishing) {
  const { protocol, hostname, port } = new URL(url)
  const secure = protocol === 'mqtts:'
  const number = port === '' ? (secure ? '8883' : '1883') : port
  const sample = {
    measurement: group,
    tags: { house_id: String(houseId), location: 'Stue' },
    fields: { [exampleField(group)]: 19.7 },
  }
  return {
    mosquitto_pub: [
      `mosquitto_pub -q 1 -h ${quote(hostname)} -p ${number}${secure ? ' --tls-use-os-certs' : ''}`,
      `-u ${quote(username)} -P ${quote(password)}`,
      `-t ${quote(topic)}`,
      `-m ${quote(JSON.stringify(sample))}`,
    ].join(' \\\n  '),
    Python: [
      '# pip install paho-mqtt',
      'import json',
      'from paho.mqtt import publish',
      '',
      `sample = ${python(sample)}`,
      'publish.single(',
      `    ${JSON.stringify(topic)}, json.dumps(sample), qos=1, hostname=${JSON.stringify(hostname)}, port=${number},`,
      `    auth={"username": ${JSON.stringify(username)}, "password": ${JSON.stringify(password)}},${secure ? ' tls={},' : ''}`,
      ')',
    ].join('\n'),
    Container: [
      `HOUSE_ID=${houseId}`,
      `MQTT_URL=${url}`,
      `MQTT_USERNAME=${username}`,
      `MQTT_PASSWORD=${password}`,
      `MQTT_TOPIC=${topic}`,
    ].join('\n'),
  }
}

/** Such a sample is written in Python as in JSON, with spaces. */
const python = (value: object) => JSON.stringify(value).replaceAll('":', '": ').replaceAll(',"', ', "')
