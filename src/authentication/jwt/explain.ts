import type { TokenReason } from '../../errors/reasons'
import { type Mismatch, Refusal } from '../../errors/refusal'
import type { JwsAlgorithm } from '../../jws'
import { hasForeignName, OWN_NAME } from '../authenticate'
import type { Principal } from '../principal'
import type { Check } from './check'
import { claimChecks } from './claim-checks'
import { type CompactToken, readCompact } from './compact'
import { A_JWT, A_KEY, NO_BINDING, refuseKey, refuseSignature } from './fault'
import { headerChecks } from './header-checks'
import { principalOf } from './principal'
import { shown } from './shown'
import { signerOf } from './signer'
import type { TrustedIssuer } from './trusted-issuer'

/** One check of a token, for a person who asks why it is refused. */
export interface Step {
  readonly on: string
  /** Whether the check passed; undefined if it could not be made. */
  readonly passed: boolean | undefined
  readonly found: string
  readonly expected: string
  readonly setting?: string | undefined
}

/** The results of all checks of a token. */
export interface Explanation {
  readonly steps: readonly Step[]
  /** The gateway's answer: `accepted`, `expired`, or the reason of its refusal. */
  readonly verdict: 'accepted' | 'expired' | TokenReason
  readonly issuer?: TrustedIssuer
  /**
   * The caller that the token's claims name, given even if the token is refused because of its
   * times, audience or signature.
   */
  readonly principal?: Principal
}

/**
 * Finds the keys for a token.
 * @returns `unknown` if they cannot be fetched
 * @throws Refusal `token-invalid` with its mismatch, if the keys that fit cannot be used
 */
export type KeysFor = (
  issuer: TrustedIssuer,
  alg: JwsAlgorithm,
  kid: string | undefined,
) => Promise<readonly CryptoKey[] | 'unknown'>

/**
 * Runs all checks of `verify`, from the same tables of checks, and does not stop at the first one
 * that fails. The result never contains the token's text.
 *
 * @param now milliseconds since the epoch
 */
export async function explainToken(
  token: string,
  trust: readonly TrustedIssuer[],
  keysFor: KeysFor,
  now: number,
): Promise<Explanation> {
  const steps: Step[] = []
  const seconds = now / 1000
  let compact: CompactToken
  try {
    compact = readCompact(token)
  } catch (thrown) {
    const { reason, mismatch } = refusalOf(thrown)
    return { steps: [{ on: 'the form', passed: false, ...mismatch }], verdict: reason }
  }
  steps.push({ on: 'the form', passed: true, found: A_JWT, expected: A_JWT })
  const { header, payload } = compact
  const issuer = trust.find((each) => each.issuer === payload.iss)
  const expected = [...new Set(trust.map((each) => each.issuer))].join(' or ')
  steps.push({ on: 'iss', passed: Boolean(issuer), found: shown(payload.iss), expected, setting: 'issuer' })
  if (!issuer) return { steps, verdict: 'issuer' }

  let verdict: Explanation['verdict'] = 'accepted'
  const note = (fault: Explanation['verdict'] | undefined): void => {
    if (verdict === 'accepted' && fault) verdict = fault
  }
  const goThrough = (checks: readonly Check[], part: typeof payload): void => {
    for (const check of checks) {
      const fault = check.fault(part, issuer, seconds)
      const { on, setting } = check
      const found = shown(check.found(part, issuer))
      steps.push({ on, passed: !fault, found, expected: check.expected(issuer, seconds), setting })
      note(fault)
    }
  }
  goThrough(headerChecks, header)
  const signed =
    verdict === 'accepted'
      ? await checkSignature(compact, issuer, keysFor)
      : unchecked('not checked, because the header was refused')
  steps.push(signed.step)
  note(signed.fault)
  goThrough(claimChecks, payload)
  const isBound = 'cnf' in payload
  steps.push({
    on: 'cnf',
    passed: !isBound,
    found: shown(payload.cnf),
    expected: NO_BINDING,
  })
  note(isBound ? 'sender-constrained' : undefined)
  const principal = principalOf(issuer, payload)
  const prefixes = trust.map(({ subjectPrefix }) => subjectPrefix)
  const isForeign = hasForeignName(principal, prefixes)
  const { userId } = principal
  steps.push({
    on: 'the user id',
    passed: !isForeign,
    found: shown(userId),
    expected: OWN_NAME,
    setting: 'subjectPrefix',
  })
  note(isForeign ? 'subject' : undefined)
  return { steps, verdict, issuer, principal }
}

/** Returns the reason for which a token was refused, with the details that operators see. */
function refusalOf(thrown: unknown): { readonly reason: TokenReason; readonly mismatch: Mismatch } {
  if (!(thrown instanceof Refusal) || !thrown.extras.mismatch) throw thrown
  return { reason: thrown.reason as TokenReason, mismatch: thrown.extras.mismatch }
}

interface Signed {
  readonly step: Step
  readonly fault?: TokenReason
}

const unchecked = (found: string): Signed => ({
  step: { on: 'the signature', passed: undefined, found, expected: A_KEY, setting: 'jwksUri' },
})

async function checkSignature(compact: CompactToken, issuer: TrustedIssuer, keysFor: KeysFor): Promise<Signed> {
  const { alg, kid } = compact.header as { alg: JwsAlgorithm; kid?: string }
  const failed = (thrown: unknown): Signed => {
    const { reason, mismatch } = refusalOf(thrown)
    return { step: { on: 'the signature', passed: false, ...mismatch }, fault: reason }
  }
  let keys: Awaited<ReturnType<KeysFor>>
  try {
    keys = await keysFor(issuer, alg, kid)
  } catch (thrown) {
    return failed(thrown)
  }
  if (keys === 'unknown') return unchecked('not checked: the keys of the issuer were not fetched')
  if (keys.length === 0) return failed(refuseKey(kid))
  if (!(await signerOf(compact, alg, keys))) return failed(refuseSignature())
  const found = `a signature by the key ${shown(kid)}`
  return { step: { on: 'the signature', passed: true, found, expected: A_KEY, setting: 'jwksUri' } }
}
