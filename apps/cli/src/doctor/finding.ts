/** What the doctor finds. */
export type Finding = {
  readonly check: string
  readonly state: 'good' | 'warning' | 'bad' | 'skipped'
  readonly found: string
  /** How to mend it; there for everything that is not good. */
  readonly mend?: string
}

export const good = (check: string, found: string): Finding => ({ check, state: 'good', found })
export const warning = (check: string, found: string, mend: string): Finding => ({
  check,
  state: 'warning',
  found,
  mend,
})
export const bad = (check: string, found: string, mend: string): Finding => ({ check, state: 'bad', found, mend })
export const skipped = (check: string, found: string): Finding => ({ check, state: 'skipped', found })

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
