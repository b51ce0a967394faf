/** Whether a topic fits a filter, with `+` for one level and `#` for the rest (and none at all). */
export function matches(filter: string, topic: string): boolean {
  const wanted = filter.split('/')
  const given = topic.split('/')
  // A wildcard in front does not reach the broker's own topics.
  if (given[0]?.startsWith('$') && wanted[0] !== given[0]) return false
  for (let level = 0; level < wanted.length; level++) {
    if (wanted[level] === '#') return true
    if (level >= given.length) return false
    if (wanted[level] !== '+' && wanted[level] !== given[level]) return false
  }
  return wanted.length === given.length
}
