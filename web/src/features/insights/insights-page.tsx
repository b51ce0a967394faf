import { Loader } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { insightsRoute } from '../../router.tsx'
import { HouseFrame, mayChange } from '../houses/house-frame.tsx'
import { dayAt } from '../houses/zone-time.ts'
import { Trouble } from '../session/trouble.tsx'
import { insights } from './api.ts'
import { ByHourCard } from './by-hour-card.tsx'
import { ExperimentCard } from './experiment-card.tsx'
import { HouseFacts } from './house-facts.tsx'
import { SavingsCard } from './savings-card.tsx'
import { WhatIfCard } from './what-if-card.tsx'

/** What control saved, and what the data tell of the house; never more than they do. */
export function InsightsPage() {
  const houseId = Number(insightsRoute.useParams().houseId)
  const [days, setDays] = useState('90')
  const known = useQuery({ queryKey: ['insights', houseId], queryFn: () => insights(houseId), staleTime: 600_000 })
  return (
    <HouseFrame
      houseId={houseId}
      title="Savings and insights"
      lead="Reckoned from what was measured in your own house. Where the data are too few, it says so."
    >
      {(house) => {
        const { timezone } = house
        // Whole days, so that the question stays the same all day long.
        const now = Date.now()
        const iso = (back: number) => new Date(dayAt(now, timezone, -back, '00:00')).toISOString()
        const range = { from: iso(Number(days)), to: iso(0) }
        return (
          <>
            <SavingsCard houseId={houseId} range={range} days={days} onDays={setDays} />
            <ExperimentCard houseId={houseId} zone={timezone} mayChange={mayChange(house)} />
            <Trouble error={known.error} />
            {known.isPending && <Loader aria-label="Loading" />}
            {known.data && <HouseFacts insights={known.data} />}
            {known.data && <ByHourCard insights={known.data} />}
            <WhatIfCard houseId={houseId} range={range} />
          </>
        )
      }}
    </HouseFrame>
  )
}
