/** The sessions of vendor accounts on their way between the threads and the store: one thing at a time for each. */
import type { Fleet } from '@nabolag/store'
import type { Kept } from './crew.ts'

const retries = 5
const firstWait = 200

/**
 * What is being saved is read back from here, so that nobody gets an older session than the newest. A save is tried
 * several times; what cannot be kept then is told and given up.
 */
export function keepSessions(
  fleet: Pick<Fleet, 'loadSession' | 'saveSession'>,
  warn: (error: unknown) => void,
): Pick<Kept, 'loadSession' | 'saveSession'> {
  const saving = new Map<string, Promise<void>>()

  const save = async (name: string, device: number, session: unknown) => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await fleet.saveSession(name, session, device)
      } catch (error) {
        warn(error)
        if (attempt >= retries) return
        await new Promise((resolve) => setTimeout(resolve, firstWait * 2 ** attempt))
      }
    }
  }
  return {
    async loadSession(name, device) {
      await saving.get(name)
      return fleet.loadSession(name, device)
    },
    saveSession(name, device, session) {
      const saved = (saving.get(name) ?? Promise.resolve())
        .then(() => save(name, device, session))
        .finally(() => {
          if (saving.get(name) === saved) saving.delete(name)
        })
      saving.set(name, saved)
      return saved
    },
  }
}
