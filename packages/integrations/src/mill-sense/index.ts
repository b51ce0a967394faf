// Mill Sense and Mill's air purifiers. Quirks of the cloud: README.md beside this file; what both have: ../mill.ts.
import { celsius, percent } from '@nabolag/core'
import { defineIntegration } from '../define.ts'
import { devicesOf, fetchHomes, type Metrics, mill, readingsOf, signIn } from '../mill.ts'
import { known } from '../schema.ts'

const kind = /sensor|purifier/i
const charging = 2

export default defineIntegration({
  ...mill,
  name: 'mill-sense',
  label: 'Mill Sense indoor climate sensor',
  group: 'airSensor',
  signIn,
  fetch: fetchHomes,
  samples: (homes) => devicesOf(homes, kind).flatMap((placed) => readingsOf(placed, fieldsOf)),
})

function fieldsOf(metrics: Metrics) {
  const battery = known(metrics.batteryPercentage, percent)
  // While it charges it warms itself, and Mill sends numbers that are none.
  if (metrics.chargingStatus === charging) return { battery }
  return {
    temperature: known(metrics.temperature, celsius),
    humidity: known(metrics.humidity, percent),
    tvoc: metrics.tvoc ?? undefined,
    eco2: metrics.eco2 ?? undefined,
    // The names count tenths of a micrometre.
    pm1: metrics.massPm_10 ?? undefined,
    pm25: metrics.massPm_25 ?? undefined,
    pm10: metrics.massPm_100 ?? undefined,
    battery,
  }
}
