import { randomBytes } from 'node:crypto'
import { keyOfSecret } from '../../src/authentication/api-key/form'
import type { ApiKeyRecord } from '../../src/authentication/api-key/record'

/** A record for alice, with the given members replaced. */
export const recordOf = (more: Partial<ApiKeyRecord> = {}): ApiKeyRecord => ({
  v: 1,
  label: 'a key of tests',
  subject: 'alice',
  kind: 'user',
  roles: ['member'],
  scopes: [],
  createdAt: '2026-11-01T00:00:00.000Z',
  ...more,
})

/** A new key, and the name that it is kept under. */
export const newKey = () => keyOfSecret(randomBytes(32).toString('hex'))
