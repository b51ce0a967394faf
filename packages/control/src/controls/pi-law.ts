/**
 * The PI law of the thesis (equation 5.3). The error is positive when the room is too warm, and the set-point falls with
 * it.
 *
 *     e(t) = Tmeasured - Treference                          (5.3a)
 *     I(t) = I(t-1) + Son(t) (1 + α) e(t) - α e(t-1)         (5.3b)
 *     u(t) = Treference - Ki I(t) - Kp e(t)                  (5.3c)
 *
 * With the unit off the integrator leaks by α e(t-1): that is its whole anti-windup, and it works in one direction only.
 */
export type PiGains = {
  /** Per step of 5 minutes. */
  readonly integralGain: number
  readonly proportionalGain: number
  /** α, the integral scaling factor. */
  readonly alpha: number
}

export type PiState = {
  /** I(t-1), K times steps. */
  readonly integral: number
  /** e(t-1), K. */
  readonly error: number
}

/** Equation 5.3, once. */
export function piStep(
  { integralGain, proportionalGain, alpha }: PiGains,
  { reference, measured, on }: { readonly reference: number; readonly measured: number; readonly on: boolean },
  { integral, error: before }: PiState,
): PiState & { readonly setpoint: number } {
  const error = measured - reference
  const updated = integral + (on ? 1 : 0) * (1 + alpha) * error - alpha * before
  return { integral: updated, error, setpoint: reference - integralGain * updated - proportionalGain * error }
}
