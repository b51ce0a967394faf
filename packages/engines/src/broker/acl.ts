/** Who may publish and subscribe what: the access control lists of Mosquitto's dynamic security, in one function each. */

export const aclTypes = [
  'publishClientSend',
  'publishClientReceive',
  'subscribeLiteral',
  'subscribePattern',
  'unsubscribeLiteral',
  'unsubscribePattern',
] as const
export type AclType = (typeof aclTypes)[number]
export type Acl = { acltype: AclType; topic: string; priority: number; allow: boolean }

/** Whether a topic falls under a filter. A wildcard at the start never matches a topic that begins with `$`. */
export function matchesTopic(filter: string, topic: string): boolean {
  if (filter === topic) return true
  if (topic.startsWith('$') && !filter.startsWith('$')) return false
  return coversFilter(filter, topic)
}

/** Whether every topic that falls under `filter` falls under `pattern` too. */
export function coversFilter(pattern: string, filter: string): boolean {
  const wide = pattern.split('/')
  const narrow = filter.split('/')
  for (let level = 0; level < wide.length; level++) {
    if (wide[level] === '#') return true
    if (level >= narrow.length) return false
    if (narrow[level] === '#') return false
    if (wide[level] !== '+' && wide[level] !== narrow[level]) return false
  }
  return wide.length === narrow.length
}

/** Whether the text is a filter that MQTT allows. */
export const isFilter = (filter: string): boolean =>
  filter.length > 0 &&
  !filter.includes('\0') &&
  filter
    .split('/')
    .every((level, at, all) =>
      level === '#' ? at === all.length - 1 : level === '+' || !(level.includes('#') || level.includes('+')),
    )

const defaults: Record<'send' | 'receive' | 'subscribe', boolean> = { send: false, receive: true, subscribe: false }

/** The first list entry that fits decides (`acls` is in order of priority); without one, Mosquitto's defaults do. */
export function isAllowed(acls: readonly Acl[], what: keyof typeof defaults, topic: string): boolean {
  for (const acl of acls) {
    const fits =
      what === 'send'
        ? acl.acltype === 'publishClientSend' && matchesTopic(acl.topic, topic)
        : what === 'receive'
          ? acl.acltype === 'publishClientReceive' && matchesTopic(acl.topic, topic)
          : acl.acltype === 'subscribeLiteral'
            ? acl.topic === topic
            : acl.acltype === 'subscribePattern' && coversPattern(acl.topic, topic)
    if (fits) return acl.allow
  }
  return defaults[what]
}

const coversPattern = (pattern: string, filter: string): boolean =>
  (!filter.startsWith('$') || pattern.startsWith('$')) && coversFilter(pattern, filter)

/** The one place below `sensors/` that these lists allow publishing to, or nothing when there are none or several. */
export function sensorPrefixOf(acls: readonly Acl[]): { name: string; house: string } | undefined {
  const found = new Map<string, { name: string; house: string }>()
  for (const acl of acls) {
    if (acl.acltype !== 'publishClientSend' || !acl.allow) continue
    if (!acl.topic.startsWith('sensors') && !/^[#+]/.test(acl.topic)) continue
    const prefix = /^sensors\/([^/#+]+)\/(\d{1,9})\/#$/.exec(acl.topic)
    if (prefix === null) return undefined
    found.set(acl.topic, { name: prefix[1]!, house: prefix[2]! })
  }
  return found.size === 1 ? [...found.values()][0] : undefined
}

/**
 * The topic a publisher's message goes to: the one it named, or that one completed with the house of its account when
 * it is of the older form, or with the account itself when it is a command. Undefined when the account may not publish
 * there.
 */
export function topicToPublish(acls: readonly Acl[], topic: string): string | undefined {
  if (isAllowed(acls, 'send', topic)) return topic
  const prefix = sensorPrefixOf(acls)
  const [root, name, ...rest] = topic.split('/')
  if (root === 'commands') return rest.length === 2 ? commandCompleted(acls, topic) : undefined
  if (prefix === undefined || root !== 'sensors' || name === undefined || name === '') return undefined
  const home = `sensors/${prefix.name}/${prefix.house}`
  if (rest.length === 0) return isAllowed(acls, 'send', home) ? home : undefined
  // A number in the house's place is somebody else's house, not an older topic.
  if (name !== prefix.name || /^\d*$/.test(rest[0]!)) return undefined
  const completed = `${home}/${rest.join('/')}`
  return isAllowed(acls, 'send', completed) ? completed : undefined
}

/** `commands/<house>/<name>/<count>` with the one account that these lists let command there. */
function commandCompleted(acls: readonly Acl[], topic: string): string | undefined {
  const accounts = new Set<string>()
  for (const acl of acls) {
    const [, account] = /^commands\/\d{1,9}\/\+\/\+\/([^/#+]+)$/.exec(acl.topic) ?? []
    if (acl.acltype === 'publishClientSend' && acl.allow && account !== undefined) accounts.add(account)
  }
  const [account] = accounts
  if (accounts.size !== 1 || account === undefined) return undefined
  const completed = `${topic}/${account}`
  return isAllowed(acls, 'send', completed) ? completed : undefined
}
