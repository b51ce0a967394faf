import { readFileSync } from 'node:fs'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

/** How we name ourselves to vendors: the program, its version, and whom to ask. */
export const userAgent = (contact: string): string => `nabolag/${version} ${contact.replace(/[^\x20-\x7e]/g, '')}`
