/** The devices of a connector: makes what runs equal to what is wanted. */
import type { FleetDevice } from '@nabolag/store'
import type { Crew } from './crew.ts'
import { readResume } from './resume.ts'
import { startUnit, type Teller, tellIdle, type Unit } from './unit.ts'

export type Roster = {
  readonly units: ReadonlyMap<number, Unit>
  /** Starts and stops devices of these shards, so that just those run that are listed and shall; only where still held. */
  adjust(wanted: readonly FleetDevice[], shards: readonly number[], held: (shard: number) => boolean): Promise<void>
  /** The same for one device; `undefined` when it is gone. */
  adjustOne(
    device: FleetDevice | undefined,
    place: { readonly houseId: number; readonly integration: string; readonly count: number },
    held: (shard: number) => boolean,
  ): Promise<void>
  stopShards(shards: readonly number[]): Promise<void>
}

export type RosterGiven = {
  readonly tell: Teller
  /** `undefined` when this program has no such integration. */
  readonly crewOf: (integration: string) => Crew | undefined
  readonly crews: () => Iterable<Crew>
}

type Within = (device: { readonly shard: number; readonly id: number }) => boolean

export function makeRoster({ tell, crewOf, crews }: RosterGiven): Roster {
  const units = new Map<number, Unit>()
  /** Devices that do not run, as their owners were told. */
  const idle = new Map<number, FleetDevice>()

  const stop = async (ids: readonly number[]) => {
    for (const id of ids) {
      units.delete(id)
      idle.delete(id)
    }
    // All are told at once: whoever is started again meanwhile must not be taken for one that is to be stopped.
    await Promise.all(
      [...crews()].flatMap((crew) => {
        const its = ids.filter((id) => crew.units.has(id))
        return its.length > 0 ? [crew.stop(its)] : []
      }),
    )
  }

  const adjust = async (wanted: readonly FleetDevice[], within: Within, held: (shard: number) => boolean) => {
    const byId = new Map(wanted.map((device) => [device.id, device]))
    const unwanted = [...units.values()].filter((unit) => {
      const device = byId.get(unit.id)
      return within(unit) && (device?.generation !== unit.generation || device.desired !== 'running')
    })
    await stop(unwanted.map((unit) => unit.id))
    for (const [id, { shard }] of idle) if (within({ id, shard }) && !byId.has(id)) idle.delete(id)
    const starting = new Map<Crew, Unit[]>()
    for (const device of wanted) {
      if (units.has(device.id) || !held(device.shard)) continue
      const crew = device.desired === 'running' && device.error === undefined ? crewOf(device.integration) : undefined
      if (!crew) {
        sayIdle(device)
        continue
      }
      idle.delete(device.id)
      const unit = startUnit(device, readResume(device), tell)
      units.set(unit.id, unit)
      starting.set(crew, [...(starting.get(crew) ?? []), unit])
    }
    for (const [crew, list] of starting) crew.start(list)
  }

  const sayIdle = (device: FleetDevice) => {
    const told = idle.get(device.id)
    if (told?.generation === device.generation && told.desired === device.desired) return
    idle.set(device.id, device)
    if (device.desired === 'stopped') {
      if (device.status?.state !== 'stopped') tellIdle(device, 'stopped', undefined, tell)
      return
    }
    const missing = `This program has no integration ${device.integration}; ask the operator to update it.`
    tellIdle(device, 'backing-off', device.error ?? missing, tell)
  }

  return {
    units,
    adjust(wanted, shards, held) {
      const mine = new Set(shards)
      return adjust(wanted, ({ shard }) => mine.has(shard), held)
    },
    async adjustOne(device, { houseId, integration, count }, held) {
      if (device) return adjust(held(device.shard) ? [device] : [], ({ id }) => id === device.id, held)
      const gone = [...units.values()].filter(
        (unit) => unit.houseId === houseId && unit.integration === integration && unit.count === count,
      )
      await stop(gone.map(({ id }) => id))
    },
    stopShards: (shards) =>
      stop(
        [...units.values(), ...[...idle].map(([id, { shard }]) => ({ id, shard }))]
          .filter(({ shard }) => shards.includes(shard))
          .map(({ id }) => id),
      ),
  }
}
