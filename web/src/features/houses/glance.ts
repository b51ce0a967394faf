/** What a resident asks first: how warm it is indoors and out, and what the house draws. */
import type { Newest } from '../../api.ts'
import { presentSensor, type Room } from '../rooms/api.ts'

export type Glance = { readonly label: string; readonly value: number; readonly unit: string | null }
type Place = readonly [group: string, field: string]

/** The first place of a list that has told anything counts. */
const asked: readonly { readonly label: string; readonly places: readonly Place[] }[] = [
  {
    label: 'Indoors',
    places: [
      ['heatPumpController', 'temperature'],
      ['heater', 'temperature'],
      ['airSensor', 'temperature'],
    ],
  },
  { label: 'Outdoors', places: [['weatherForecast', 'temperature']] },
  {
    label: 'Power',
    places: [
      ['powerConsumption', 'power'],
      ['solarBatterySystem', 'powerConsumption'],
    ],
  },
]

/** Where there are rooms, indoors is they: a thermometer over the stove is in none. */
export function glanceAt(values: readonly Newest[], rooms: readonly Room[]): Glance[] {
  const measured = rooms.flatMap((room) => presentSensor(room)?.newest?.temperature ?? [])
  return asked.flatMap(({ label, places }) => {
    if (label === 'Indoors' && measured.length > 0) return [{ label, value: mean(measured), unit: '°C' }]
    for (const [group, field] of places) {
      const found = values.filter((newest) => newest.group === group && newest.field === field)
      const known = found.map(({ value }) => value).filter((value) => typeof value === 'number')
      if (known.length > 0) return [{ label, value: mean(known), unit: found[0]?.unit ?? null }]
    }
    return []
  })
}

const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length
