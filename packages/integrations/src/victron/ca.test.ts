import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { victronAuthority } from './ca.ts'

test('the authority is the one that Victron published, and signed by itself', () => {
  const certificate = new X509Certificate(victronAuthority)
  expect(certificate.fingerprint256).toBe(
    '94:8B:99:B3:DC:BF:93:4D:40:B1:1F:B2:CA:39:55:F2:92:E1:62:C8:08:C1:9C:7C:C4:35:E4:C9:11:DF:50:B0',
  )
  expect(certificate.verify(certificate.publicKey)).toBe(true)
  expect(certificate.ca).toBe(true)
  expect(certificate.subject).toContain('O=Victron Energy B.V.')
})
