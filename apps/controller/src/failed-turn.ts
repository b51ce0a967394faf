/** What is kept of a turn that came to no decision: the memory as it was, a notice, and a receipt for each loop. */
import { clockOf, type HouseMemory, type Notice, noMemory, type Receipt } from '@nabolag/control'
import type { ClaimedHouse, TurnResult } from '@nabolag/store'

/** The memory as it was kept; `undefined` where there is none, or it is of no use. */
export function readMemory(kept: unknown): HouseMemory | undefined {
  const { loops, rooms, notices } = (kept ?? {}) as Partial<HouseMemory>
  const isRecord = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)
  return isRecord(loops) && isRecord(rooms) && Array.isArray(notices) ? (kept as HouseMemory) : undefined
}

/** @param why for people, without a full stop */
export function failedTurn(house: ClaimedHouse, now: number, why: string): Omit<TurnResult, 'next'> {
  const memory = readMemory(house.memory?.memory) ?? noMemory
  const before = memory.notices.find(({ kind }) => kind === 'turn-failed')
  const notice: Notice = {
    kind: 'turn-failed',
    since: Math.min(before?.since ?? now, now),
    sentence: `Control of this house fails, so nothing is changed: ${why}. The developers can mend it`,
  }
  const notices = [...memory.notices.filter(({ kind }) => kind !== 'turn-failed'), notice]
  return {
    memory: { ...memory, notices },
    receipts: house.control.loops.map(({ id, room, controller, mode, actuator }) => {
      const place = house.control.rooms.find((one) => one.id === room)?.name ?? actuator.device
      const receipt: Receipt = {
        at: new Date(now).toISOString(),
        control: controller,
        place,
        mode,
        saw: {},
        price: null,
        decided: null,
        sent: null,
        outcome: 'none',
        because: why,
        bound: [],
        reasons: [{ code: 'nothing-decided', text: `The turn failed: ${why}` }],
        nextBest: null,
        sentence: `${clock(now, house.timezone)}, ${place}: nothing was sent. The turn failed: ${why}.`,
      }
      return { loop: id, at: now, receipt, commands: [] }
    }),
  }
}

/** The zone itself may be what is wrong. */
function clock(now: number, zone: string): string {
  try {
    return clockOf(now, zone)
  } catch {
    return new Date(now).toISOString().slice(11, 16)
  }
}
