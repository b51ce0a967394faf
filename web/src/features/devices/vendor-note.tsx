import { ago } from '../houses/words.ts'
import { Warning } from '../session/trouble.tsx'
import type { Vendor } from '../vendors/api.ts'

/** That a vendor has trouble with many houses; nothing while it works. */
export function VendorNote({ vendor }: { vendor: Vendor | undefined }) {
  if (!vendor?.incident) return null
  const { since, devices, houses, reason } = vendor.incident
  return (
    <Warning color="orange" title={`${vendor.vendor.charAt(0).toUpperCase()}${vendor.vendor.slice(1)} has trouble`}>
      It began {ago(since)} and hit {devices} {devices === 1 ? 'device' : 'devices'} in {houses}{' '}
      {houses === 1 ? 'house' : 'houses'}: {reason}. It is tried again by itself.
    </Warning>
  )
}
