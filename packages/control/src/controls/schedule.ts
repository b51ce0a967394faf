/** The comfort wish as it is: no price, no model. What every other control is measured against. */
import { Type } from 'typebox'
import { type Decision, defineControl, isNumber } from './define-control.ts'
import type { HeatingView } from './view.ts'
import { nearestStep } from './whole-steps.ts'

export type HeatingSet = { readonly temperature: number; readonly fanLevel?: string }

export const schedule = defineControl<HeatingView>()({
  name: 'schedule',
  label: 'Keep the temperatures I chose',
  settings: Type.Object({
    offset: Type.Number({
      minimum: -5,
      maximum: 5,
      default: 0,
      unit: 'K',
      title: 'What the unit must be set above the wish for the room to be right (K)',
    }),
  }),

  decide({ room, wish, setpoints }, { offset }): Decision<HeatingSet, undefined> {
    const saw = { room: room === 'unknown' ? null : room.value, wish: wish.temperature, wishFrom: wish.from }
    if (!isNumber(wish.temperature))
      return { leave: 'as-is', because: 'No wish is known for this hour', saw, bound: [], memory: undefined }
    const wanted = wish.temperature + offset
    const temperature = nearestStep(wanted, setpoints)
    const off = Math.abs(temperature - wanted) > setpoints.step / 2 + 1e-9
    return {
      set: { temperature, ...(wish.fan === undefined ? {} : { fanLevel: wish.fan }) },
      because: `The wish for this hour is ${wish.temperature} °C`,
      saw,
      bound: off
        ? [
            {
              by: wanted > temperature ? 'highest set-point' : 'lowest set-point',
              wanted,
              got: temperature,
              unit: '°C',
            },
          ]
        : [],
      memory: undefined,
    }
  },
})
