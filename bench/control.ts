/**
 * How long a plan takes (48 h at 15 min; one and four rooms, with and without a battery; from nothing and from the last
 * plan), beside Python's solver on the same programs; how many houses one core plans; several houses under one cap; what
 * the reference house pays through the two winters of the shared data, and a home with a capacity charge in a month.
 * `NABOLAG_BENCH_HOUSES` and `NABOLAG_BENCH_ROUNDS` make it smaller; `NABOLAG_BENCH_PARTS=plans,houses,beside,shared,
 * winters,months` does only some.
 */
import { evenGrid, loadSolver, usualGrid } from '@nabolag/control/mpc/index'
import { besidePython } from './control/beside.ts'
import { months } from './control/months.ts'
import { manyHouses, onePlan, sellsDearer } from './control/plans.ts'
import { sharedCap } from './control/shared.ts'
import { tooCold, winters, worst } from './control/year.ts'

const number = (name: string, usual: number) => Number(process.env[name] ?? usual)
const row = (name: string, value: number, limit: number) => ({
  name,
  value: Math.round(value * 1e4) / 1e4,
  limit,
  ok: value <= limit,
})
const parts = process.env.NABOLAG_BENCH_PARTS?.split(',')
const does = (part: string) => !parts || parts.includes(part)
const absent = 'the shared data are not there, or this part was not asked for: left out'

/** Times published for one program over all houses, 48 steps of an hour, s. */
const published: readonly (readonly [houses: number, seconds: number])[] = [
  [5, 0.12],
  [20, 0.13],
  [50, 0.39],
]

export async function run({ json }: { json: boolean }) {
  const say = (text: string) => {
    if (!json) console.error(text)
  }
  const rounds = number('NABOLAG_BENCH_ROUNDS', 100)
  const houses = number('NABOLAG_BENCH_HOUSES', 1000)
  const solver = await loadSolver()
  const plans = does('plans') ? plansOf() : undefined
  const beside = does('beside')
    ? {
        'one room': await besidePython(solver, false, rounds),
        'one room and a battery': await besidePython(solver, true, rounds),
      }
    : undefined
  if (beside) say(`beside Python: ${JSON.stringify(beside)}`)
  const dearer = does('plans') ? onePlan(solver, 1, true, Math.ceil(rounds / 5), usualGrid, sellsDearer) : undefined
  const usual = does('plans') ? onePlan(solver, 1, false, rounds, usualGrid) : undefined
  const many = does('houses') ? manyHouses(solver, houses, usualGrid) : undefined
  const quarters = does('houses') ? manyHouses(solver, Math.ceil(houses / 10), evenGrid(48, 0.25)) : undefined
  if (many) say(`${houses} houses: ${many.seconds.toFixed(1)} s`)
  const shared = does('shared') ? published.map(([count]) => sharedCap(solver, count)) : []
  for (const each of shared) say(`under one cap: ${JSON.stringify(each)}`)
  const month = does('months') ? months(solver, say) : undefined
  const year = does('winters') ? winters(solver, say) : undefined

  function plansOf() {
    return Object.fromEntries(
      [
        { name: 'one room', rooms: 1, battery: false },
        { name: 'one room and a battery', rooms: 1, battery: true },
        { name: 'four rooms', rooms: 4, battery: false },
        { name: 'four rooms and a battery', rooms: 4, battery: true },
      ].map(({ name, rooms, battery }) => {
        const times = onePlan(solver, rooms, battery, rounds)
        say(`${name}: cold ${times.cold.median.toFixed(1)} ms, warm ${times.warm.median.toFixed(1)} ms`)
        return [name, times]
      }),
    )
  }
  const single = plans?.['one room']
  return {
    reach: [
      ...(single
        ? [
            row('one room, 48 h at 15 min, from nothing, median ms', single.cold.median, 30),
            row('one room, 48 h at 15 min, from the last plan, median ms', single.warm.median, 10),
          ]
        : []),
      ...(dearer
        ? [row('one room and a battery, selling dearer than buying all day, median ms', dearer.cold.median, 300)]
        : []),
      ...(many && quarters
        ? [
            row(`${houses} houses on one core, s`, many.seconds, (30 * houses) / 1000),
            row('houses without an optimal plan', many.missed + quarters.missed, 0),
          ]
        : []),
      ...shared.map(({ central }, n) =>
        row(`${published[n]![0]} houses under one cap, one program, s`, central.seconds, published[n]![1]),
      ),
      ...shared.map(({ houses: count, oneAfterTheOther }) =>
        row(
          `${count} houses one after the other, highest share of the cap`,
          oneAfterTheOther.highestShareOfCap,
          1.000001,
        ),
      ),
      ...(year
        ? [
            row('two winters, NOK', year.planner.cost, 7240),
            row('two winters, share above the best for this plant', year.planner.cost / year.foresight.cost - 1, 0.01),
            row('two winters, heat loss wrong by 25 %, share above', worst(year) / year.planner.cost - 1, 0.015),
            row('two months, heat loss wrong by 25 %, Kh too cold', tooCold(year.twoMonths), 15),
            row('two months, thermometer off by 0.1 K, Kh too cold', year.twoMonths.noisy.tooCold, 15),
          ]
        : []),
      ...(year?.published
        ? [row('two winters, the published law, share from 8 117 NOK', Math.abs(year.published.cost / 8117 - 1), 0.003)]
        : []),
      ...(month ?? []).map(({ name, aboveWithLoadKnown }) =>
        row(`a month with a capacity charge, ${name}, share above the best`, aboveWithLoadKnown, 0.01),
      ),
    ],
    ...(plans && { plans, usualGrid: usual, sellingDearerThanBuying: dearer }),
    ...(beside && { besidePython: beside }),
    ...(many && {
      manyHouses: many,
      tenthOfHousesInQuarters: quarters,
      housesPerMinute: Math.round((60 * houses) / many.seconds),
    }),
    ...(shared.length > 0 && { sharedCap: shared }),
    capacityMonths: month ?? absent,
    winters: year ?? absent,
  }
}
