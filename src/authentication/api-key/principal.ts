import { type Principal, verifiedPrincipal } from '../principal'
import { idOfKey } from './form'
import type { ApiKeyRecord } from './record'
import type { TrustedKeys } from './trusted-keys'

/**
 * Returns the caller to whom an API key belongs. It checks nothing: it is called for keys that have
 * been found and are valid.
 */
export function principalOfKey(keys: TrustedKeys, name: string, record: ApiKeyRecord): Principal {
  const { subject, kind, roles, scopes, tenant, email, name: called, expiresAt, operations } = record
  return verifiedPrincipal({
    authenticator: 'api-key',
    issuer: keys.issuer,
    identityProvider: keys.issuer,
    issuerId: keys.issuerId,
    subject,
    userId: keys.subjectPrefix + subject,
    kind,
    client: undefined,
    roles,
    scopes,
    tenant,
    email,
    name: called,
    claims: { sub: subject },
    key: idOfKey(name),
    ...(operations && { operations }),
    expiresAt: expiresAt ?? Number.POSITIVE_INFINITY,
  })
}
