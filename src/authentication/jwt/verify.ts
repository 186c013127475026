import type { Claims } from '../../claims'
import { Refusal } from '../../errors/refusal'
import type { JwsAlgorithm } from '../../jws'
import type { Background } from '../../ports'
import type { Credential } from '../credential'
import type { Principal } from '../principal'
import { refuseToken } from '../refuse-token'
import type { Check } from './check'
import { claimChecks, expiryCheck } from './claim-checks'
import { isTooLong, readCompact } from './compact'
import { refuseForm, refuseSignature, tokenRefusal } from './fault'
import { headerChecks } from './header-checks'
import { principalOf } from './principal'
import { shown } from './shown'
import { signerOf } from './signer'
import type { TokenStores } from './token-stores'
import type { TrustedIssuer } from './trusted-issuer'

/**
 * Verifies an access token and returns its caller.
 *
 * The token names its issuer, and only this issuer's keys, audience and algorithms count (RFC 8725
 * sections 3.8 to 3.10). The function checks the strict compact form, `iss`, the signature, and all
 * checks in header-checks.ts and claim-checks.ts.
 *
 * Not checked: whether the token is bound to its sender (`cnf`, see the authenticator), whether it
 * was revoked, whether its subject could be another issuer's (see `authenticate`), and what its
 * scopes allow (see the policy).
 *
 * A token that was verified before is not verified again while its issuer still has the same key.
 * Its expiry is checked every time.
 *
 * @param now milliseconds since the epoch
 * @throws Refusal `token-invalid` or `token-expired` (401), or `keys-unavailable` (503)
 */
export async function verify(
  credential: Credential,
  trust: readonly TrustedIssuer[],
  { keys, verified }: TokenStores,
  now: number,
  background: Background,
): Promise<Principal> {
  const token = credential.reveal()
  if (isTooLong(token)) throw refuseForm('form')
  try {
    for (const { issuer, verified: known } of verified.entriesOf(token)) {
      if (!trust.includes(issuer) || now < known.at) continue
      if (!keys.isCurrent(issuer, known.key)) {
        const current = await keys.keysFor(issuer, known.alg, known.kid, background)
        if (!current.includes(known.key)) continue
      }
      demand([expiryCheck], known.principal.claims, issuer, now / 1000)
      return known.principal
    }
    const compact = readCompact(token)
    const issuer = issuerOf(compact.payload, trust)
    demand(headerChecks, compact.header, issuer, now / 1000)
    const { alg, kid } = compact.header as { alg: JwsAlgorithm; kid?: string }
    const key = await signerOf(compact, alg, await keys.keysFor(issuer, alg, kid, background))
    if (!key) throw refuseSignature()
    demand(claimChecks, compact.payload, issuer, now / 1000)
    const principal = principalOf(issuer, compact.payload)
    verified.put(issuer, token, { principal, alg, kid, key, at: now })
    return principal
  } catch (thrown) {
    throw tokenRefusal(thrown)
  }
}

function issuerOf({ iss }: Claims, trust: readonly TrustedIssuer[]): TrustedIssuer {
  const issuer = trust.find(({ issuer }) => issuer === iss)
  if (issuer) return issuer
  const expected = trust.map(({ issuer }) => issuer).join(' or ')
  throw refuseToken('issuer', { found: shown(iss), expected, setting: 'issuer' })
}

/**
 * Runs these checks in order.
 * @throws Refusal for the first check that finds a fault, with what was found and what was expected
 */
function demand(checks: readonly Check[], part: Claims, issuer: TrustedIssuer, now: number): void {
  for (const check of checks) {
    const fault = check.fault(part, issuer, now)
    if (fault === undefined) continue
    const { setting } = check
    const mismatch = { found: shown(check.found(part, issuer)), expected: check.expected(issuer, now), setting }
    throw fault === 'expired' ? new Refusal('token-expired', undefined, { mismatch }) : refuseToken(fault, mismatch)
  }
}
