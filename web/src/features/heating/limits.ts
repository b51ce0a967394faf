import type { LoopKind, Setting } from './api.ts'

type Settings = Readonly<Record<string, Setting>>

const setPoints: Settings = {
  lowest: { title: 'Never set lower than', unit: '°C', minimum: 5, maximum: 30, type: 'number' },
  highest: { title: 'Never set higher than', unit: '°C', minimum: 5, maximum: 30, type: 'number' },
}
const pace: Settings = {
  minutesBetween: { title: 'At least between two changes', unit: 'min', minimum: 1, maximum: 240, type: 'number' },
  movesPerDay: { title: 'Most changes in 24 hours', minimum: 1, maximum: 288, type: 'integer' },
}

/** What an owner may limit; empty is what is usual. */
export const limitsOf: Readonly<Record<LoopKind, Settings>> = {
  heating: {
    ...setPoints,
    frost: {
      title: 'The room never below',
      description: 'It heats before the room is so cold, also while paused',
      unit: '°C',
      minimum: 3,
      maximum: 18,
      type: 'number',
    },
    heat: {
      title: 'The room never above',
      description: 'It turns down, also while paused',
      unit: '°C',
      minimum: 20,
      maximum: 40,
      type: 'number',
    },
    ...pace,
  },
  ventilation: { ...setPoints, ...pace },
  battery: pace,
}
