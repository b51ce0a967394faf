import { useEffect, useReducer } from 'react'

const often = 30_000

/** Has what is told of now told anew as time goes by, also while no answer brings anything new. */
export function useClock(): void {
  const [, tick] = useReducer((ticks: number) => ticks + 1, 0)
  useEffect(() => {
    const timer = setInterval(tick, often)
    return () => clearInterval(timer)
  }, [])
}
