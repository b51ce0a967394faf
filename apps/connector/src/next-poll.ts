/** When a source that has just answered is asked next. */
import { namedPoll, nextPoll } from './course.ts'
import type { Loaded } from './loaded.ts'
import type { Source, Takers } from './source.ts'
import type { Watch } from './watch.ts'

type Given = { readonly loaded: Loaded; readonly watch: Watch; readonly takers: Takers }

/** As its integration says, else at its own pace; never before `notBefore`. All times in ms since the epoch. */
export function nextOf(source: Source, notBefore: number, now: number, { loaded, watch, takers }: Given): number {
  const { pace, next } = loaded
  const usual = () => {
    // The second run takes each device to a phase of its own, so that those that started together drift apart.
    const due = source.polls === 1 ? now - pace.every * (0.1 + 0.8 * Math.random()) : source.due
    return nextPoll(due, pace, now, notBefore, Math.random())
  }
  if (!next) return usual()
  const { id } = source.members[0]!.seed
  let named: ReturnType<typeof namedPoll>
  try {
    const { credentials, status } = source
    const answer = watch.runFor(id, () => next({ now: new Date(now).toISOString(), credentials, status }))
    named = namedPoll(answer, pace, now, notBefore, Math.random())
  } catch (error) {
    named = { at: undefined, complaint: `it failed: ${error instanceof Error ? error.name : 'without saying why'}` }
  }
  if (named.complaint !== undefined && !source.complainedOfNext) {
    source.complainedOfNext = true
    const message = `The integration does not know when to ask next (${named.complaint}); the developers must mend it.`
    for (const { seed } of source.members) takers.lines(seed.id, 'warn', [message])
  }
  return named.at ?? usual()
}
