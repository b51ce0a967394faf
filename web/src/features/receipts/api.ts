import type { CommandState } from '@nabolag/core'
import { ask } from '../../api.ts'
import type { Receipt } from '../heating/api.ts'

export type KeptReceipt = Receipt & {
  readonly id: number
  readonly loop: number
  readonly commands: readonly {
    readonly id: string
    readonly verb: string
    readonly state: CommandState
    readonly reason: string | null
  }[]
}

export const pageLength = 50

/** Newest first. */
export function receipts(
  houseId: number,
  { loop, sent, before }: { loop?: number; sent: boolean; before?: number },
): Promise<KeptReceipt[]> {
  const asked = new URLSearchParams({ limit: String(pageLength) })
  if (loop !== undefined) asked.set('loop', String(loop))
  if (sent) asked.set('sent', 'true')
  if (before !== undefined) asked.set('before', String(before))
  return ask(`/api/houses/${houseId}/receipts?${asked}`)
}
