/**
 * Houses that plan one after the other under one power cap. Each may have what the newest plans of the others leave:
 *
 *     share_i = cap - sum over the others of max(plan_j, floor_j)
 *
 * As long as every plan obeys its share, the sum of all never exceeds the cap, and each house can always have its floor
 * and what it had planned before. A house that has not planned yet holds its fair part. No prices are exchanged, so where
 * the cap is tight the plans together are dearer than one program over all houses (`View.cap`) would make them.
 */
const hour = 3_600_000
/** Smaller than any solver's or clock's trifle, kW. */
const trifle = 1e-6

/** What another house has said it will draw; from `Plan` and its home's `power`. */
export type Claim = {
  /** Power it must always be able to have, kW, for frost guard. */
  readonly floor?: number
  /** Its part of what is free as long as it has no plan, such as the power it usually needs; alike when left out. */
  readonly weight?: number
  /** Its newest plan, absent as long as it has none: begin in ms, lengths in h, power in kW. */
  readonly plan?: { readonly from: number; readonly steps: readonly number[]; readonly power: readonly number[] }
}

export type SharedCap = {
  readonly now: number
  /** Lengths of the steps of the plan to be made, h, and the cap of all houses in each, kW. */
  readonly steps: readonly number[]
  readonly cap: readonly number[]
  readonly others: readonly Claim[]
  /** Of this house. */
  readonly floor?: number
  readonly weight?: number
}

/** The most that this house may draw in each step of its next plan, kW: its home's `cap`. */
export function shareOf({ now, steps, cap, others, floor = 0, weight = 1 }: SharedCap): number[] {
  const floors = others.map((other) => sane(other.floor))
  const own = sane(floor)
  const weights = others.map((other) => sane(other.weight ?? 1))
  const allWeights = weights.reduce((sum, each) => sum + each, sane(weight)) || 1
  const needed = floors.reduce((sum, each) => sum + each, own)
  let begin = now
  return steps.map((hours, k) => {
    const end = begin + hours * hour
    const most = sane(cap[k])
    // Floors that are together above the cap are all cut alike.
    const cut = needed > most ? most / needed : 1
    const spare = Math.max(0, most - needed)
    const taken = mostTogether(others, begin, end, (other, planned) => {
      const least = floors[other]! * cut
      return planned === undefined ? least + (spare * weights[other]!) / allWeights : Math.max(least, planned)
    })
    begin = end
    // What is held for a house without a plan never comes out of another's floor.
    return Math.max(0, own * cut - trifle, most - taken - trifle)
  })
}

const sane = (kw: number | undefined): number => (kw !== undefined && Number.isFinite(kw) ? Math.max(0, kw) : 0)

/** The highest sum of what the others take at any moment between two times; their steps need not be ours. */
function mostTogether(
  others: readonly Claim[],
  from: number,
  to: number,
  takes: (other: number, planned: number | undefined) => number,
): number {
  const moments = new Set([from])
  const pieces = others.map(({ plan }) => {
    if (!plan) return []
    let begin = plan.from
    return plan.steps.flatMap((hours, k) => {
      const piece = { from: begin, to: begin + hours * hour, power: sane(plan.power[k]) }
      begin = piece.to
      if (piece.to <= from || piece.from >= to) return []
      if (piece.from > from) moments.add(piece.from)
      if (piece.to < to) moments.add(piece.to)
      return [piece]
    })
  })
  return [...moments].reduce((most, at) => {
    const sum = pieces.reduce(
      (so, own, other) => so + takes(other, own.find((piece) => piece.from <= at && at < piece.to)?.power),
      0,
    )
    return Math.max(most, sum)
  }, 0)
}
