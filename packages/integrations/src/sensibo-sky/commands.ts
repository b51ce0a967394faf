/** Commands to a heat pump behind a pod. Each looks at the pod first, and sends nothing its remote does not know. */
import { VendorFailure } from '@nabolag/core'
import { type Static, Type } from 'typebox'
import { Check } from 'typebox/value'
import type { CommandGiven, Commands } from '../define.ts'
import { Maybe } from '../schema.ts'
import { type Credentials, fetchPods } from './account.ts'
import { commandFailure } from './failures.ts'
import { leaveSchedule } from './fallback.ts'
import { isHeatPump, isQuiet, type Pod, Status } from './pods.ts'
import { type Degrees, inCelsius, isSame, modesOf, nearestTo, presentMode, type RemoteMode } from './remote.ts'

export type ForPod = CommandGiven<typeof Credentials, typeof Status>

/** As far as a wish may be from the setting that is sent for it, °C. */
const nearEnough = 0.3

export const commands: Commands<typeof Credentials, typeof Status> = {
  thermostat: {
    setTargetTemperature: async (given, { temperature }) => {
      const pod = await findPod(given)
      const degrees = presentMode(pod)?.degrees
      if (!degrees) throw reject(`In the mode ${pod.acState?.mode ?? 'it is in'} there is no temperature to set`)
      return change(given, pod, targetOf(pod, degrees, settingFor(degrees, temperature)))
    },
    setMode: async (given, { mode }) => {
      const pod = await findPod(given)
      const wanted = modesOf(pod).find(({ word }) => isSame(word, mode))
      if (!wanted) throw reject(`The remote does not know the mode ${mode}`)
      return change(given, pod, { mode: wanted.word, ...fittedTo(wanted, pod) })
    },
    setFanLevel: async (given, { fanLevel }) => {
      const pod = await findPod(given)
      const word = presentMode(pod)?.fanLevels.find((level) => isSame(level, fanLevel))
      if (word === undefined) throw reject(`In its present mode the remote does not know the fan level ${fanLevel}`)
      return change(given, pod, { fanLevel: word })
    },
    setOn: async (given, { on }) => change(given, await findPod(given), { on }),
    setFallback: async (given, { schedule, timezone }) => {
      const pod = await findPod(given)
      const degrees = modesOf(pod).find(({ word }) => isSame(word, 'heat'))?.degrees
      if (!degrees) throw reject('The remote does not know the mode heat with a temperature')
      const settings = schedule.map(({ at, temperature }) => ({ at, setting: settingFor(degrees, temperature) }))
      return leaveSchedule(given, pod.id, timezone, degrees.unit, settings)
    },
  },
}

const reject = (words: string) => new VendorFailure('rejected', words)

/** The pod that is meant, as it is now: an older answer may not know of the command before this one. */
async function findPod(given: ForPod): Promise<Pod> {
  const answer = await fetchPods(given)
  if (!Check(Status, answer)) throw new VendorFailure('changed', "Sensibo's answer for the pods does not fit any more")
  const pods = answer.result.filter(isHeatPump)
  const pod = given.place === undefined && pods.length === 1 ? pods[0] : pods.find(({ id }) => id === given.place)
  if (!pod) throw reject('Sensibo does not know that pod any more')
  if (isQuiet(pod)) throw reject('The pod has no connection to Sensibo')
  if (modesOf(pod).length === 0) throw reject('No remote is chosen for the pod in the Sensibo app')
  return pod
}

function settingFor(degrees: Degrees, temperature: number): number {
  const setting = nearestTo(degrees, temperature)
  if (Math.abs(inCelsius(setting, degrees.unit) - temperature) > nearEnough)
    throw reject(
      `The remote has no setting for ${temperature} °C; the nearest is ${inCelsius(setting, degrees.unit)} °C`,
    )
  return setting
}

type Changes = Readonly<Partial<Record<'on' | 'mode' | 'targetTemperature' | 'temperatureUnit' | 'fanLevel', unknown>>>

/** The unit goes along where the pod shows another one than the heat pump's own. */
const targetOf = ({ acState, temperatureUnit }: Pod, { unit }: Degrees, setting: number): Changes => {
  const shown = acState?.temperatureUnit ?? temperatureUnit ?? unit
  return shown === unit ? { targetTemperature: setting } : { targetTemperature: setting, temperatureUnit: unit }
}

/** What must change with the mode, because the new one does not know the present temperature or fan level. */
function fittedTo({ degrees, fanLevels }: RemoteMode, pod: Pod): Changes {
  const { targetTemperature, fanLevel, temperatureUnit } = pod.acState ?? {}
  const shown = (temperatureUnit ?? pod.temperatureUnit) === 'F' ? 'F' : 'C'
  const setting =
    degrees && typeof targetTemperature === 'number'
      ? nearestTo(degrees, inCelsius(targetTemperature, shown))
      : undefined
  const sameSetting = setting === undefined || (degrees?.unit === shown && setting === targetTemperature)
  const level =
    fanLevel && !fanLevels.includes(fanLevel)
      ? (fanLevels.find((word) => isSame(word, 'auto')) ?? fanLevels[0])
      : undefined
  return {
    ...(degrees && setting !== undefined && !sameSetting ? targetOf(pod, degrees, setting) : {}),
    ...(level === undefined ? {} : { fanLevel: level }),
  }
}

const Changed = Type.Object({
  result: Type.Object({ status: Maybe(Type.String()), failureReason: Maybe(Type.Unknown()) }),
})

/** One property or several at once; Sensibo answers when the pod has sent its infrared signal. */
async function change({ http, credentials }: ForPod, { id }: Pod, changes: Changes): Promise<'applied' | 'sent'> {
  // It may send the signal again and again for minutes.
  const options = { query: { apiKey: credentials['api-key'] }, failureOf: commandFailure, patience: '120 s' } as const
  const path = `/pods/${encodeURIComponent(id)}/acStates`
  const [[name, newValue] = ['', undefined], ...others] = Object.entries(changes)
  const answer =
    others.length === 0
      ? await http.patch(`${path}/${name}`, { ...options, body: { newValue } })
      : await http.post(path, { ...options, body: { acState: changes } })
  // Taken it has: an answer of another shape only leaves open whether it is done.
  const { status, failureReason }: Static<typeof Changed>['result'] = Check(Changed, answer) ? answer.result : {}
  if (isSame(status, 'failed'))
    throw reject(
      `The pod could not send it: ${typeof failureReason === 'string' ? failureReason.slice(0, 150) : 'no reason given'}`,
    )
  return isSame(status, 'success') ? 'applied' : 'sent'
}
