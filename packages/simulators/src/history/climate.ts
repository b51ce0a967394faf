/** The past of what measures and moves the air of rooms. */
import { type MillDevice, millDevices, reportEvery } from '../mill-devices.ts'
import { climateTime, detectorsOf, readDetector } from '../verisure-detectors.ts'
import { podTime } from '../world/pod-time.ts'
import { hour, type Past, type PastGiven, type Point, wholeSecond } from './past.ts'

const podEvery = 90_000

export const sensibo: Past = function* ({ living, options, start, to }) {
  // A whole number of the pod's own 90 s, so that the live samples go on in the same steps.
  const every = podEvery * Math.max(1, Math.round((options.sensiboEvery ?? 180) / 90))
  for (let ms = start; ms < to; ms += every)
    for (const [index, room] of living.house.rooms.entries()) {
      const at = podTime(room.pod, ms)
      const time = wholeSecond(at)
      if (time < start) continue
      const { on, mode, targetTemperature, fanLevel } = living.acStateAt(index, at)
      const fields = { ...living.climateAt(index, at), targetTemperature, mode, fanLevel, on }
      yield { group: 'heatPumpController', time, location: room.name, fields }
    }
}

export const millSense: Past = (given) => millPast(given, 'airSensor', ({ parent }) => parent === 'Sensors')
export const millHeater: Past = (given) => millPast(given, 'heater', ({ parent }) => /^(Heaters|Sockets)$/.test(parent))

/** Every second report: charts need no more, and the live ones go on in the same steps. */
function* millPast(
  { living, start, to }: PastGiven,
  group: string,
  isWanted: (device: MillDevice) => boolean,
): Generator<Point> {
  const devices = millDevices(living).devices.filter(isWanted)
  for (let ms = start; ms < to; ms += 2 * reportEvery)
    for (const { id, location, fieldsAt } of devices) {
      const at = podTime(id, ms, reportEvery)
      const time = wholeSecond(at)
      if (time >= start) yield { group, time, location, fields: fieldsAt(at) }
    }
}

export const verisure: Past = function* ({ living, start, to }) {
  const detectors = detectorsOf(living.house, living)
  for (let ms = start; ms < to + hour; ms += hour)
    for (const detector of detectors) {
      const time = climateTime(detector, ms)
      if (time < start || time >= to) continue
      const { temperature, humidity } = readDetector(detector, time)
      const fields = { temperature, ...(humidity === undefined ? {} : { humidity }) }
      yield { group: 'airSensor', time, location: detector.area, fields }
    }
}
