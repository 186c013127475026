import type { TokenReason } from '../../errors/reasons'
import { Refusal } from '../../errors/refusal'
import { type JwsAlgorithm, jwsAlgorithms } from '../../jws'
import type { Principal } from '../principal'
import { type Check, claimChecks, headerChecks } from './checks'
import { type CompactToken, readCompact } from './compact'
import { principalOf } from './principal'
import { shown } from './shown'
import type { TrustedIssuer } from './trusted-issuer'

/** One check of a token, for a person who asks why it is refused. */
export interface Step {
  readonly on: string
  /** Undefined: it could not be checked. */
  readonly passed: boolean | undefined
  readonly found: string
  readonly expected: string
  readonly setting?: string | undefined
}

/** All that can be said of a token. */
export interface Explanation {
  readonly steps: readonly Step[]
  /** What the gateway would answer: `accepted`, `expired`, or the reason of its refusal. */
  readonly verdict: 'accepted' | 'expired' | TokenReason
  readonly issuer?: TrustedIssuer
  /** Who it would be, also where it is refused for its time, its audience or its signature. */
  readonly principal?: Principal
}

/** Finds the keys for a token. @returns `unknown` where they cannot be had */
export type KeysFor = (
  issuer: TrustedIssuer,
  alg: JwsAlgorithm,
  kid: string | undefined,
) => Promise<readonly CryptoKey[] | 'unknown'>

/**
 * Goes through all checks of `verify`, by the same tables, and does not stop at the first that fails. The token's text is in
 * nothing that is returned.
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
    const verdict = (thrown instanceof Refusal ? thrown.reason : 'form') as TokenReason
    return { steps: [{ on: 'the form', passed: false, found: FORMS[verdict] ?? FORMS.form, expected: A_JWT }], verdict }
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
  const signed = verdict === 'accepted' ? await checkSignature(compact, issuer, keysFor) : unchecked('not looked for')
  steps.push(signed.step)
  note(signed.fault)
  goThrough(claimChecks, payload)
  const isBound = 'cnf' in payload
  steps.push({
    on: 'cnf',
    passed: !isBound,
    found: shown(payload.cnf),
    expected: 'nothing: a bound token is no bearer',
  })
  note(isBound ? 'sender-constrained' : undefined)
  return { steps, verdict, issuer, principal: principalOf(issuer, payload) }
}

const A_JWT = 'a signed JWT: three parts in base64url'
const FORMS: Partial<Record<TokenReason, string>> & { readonly form: string } = {
  form: 'something else: cut, with a character too many, or no JSON inside',
  opaque: 'a reference that only its provider can read (at Auth0: the sign-in named no audience)',
  encrypted: 'an encrypted token (Auth0: the sign-in named no audience; OpenIddict: DisableAccessTokenEncryption())',
}

interface Signed {
  readonly step: Step
  readonly fault?: TokenReason
}

const A_KEY = 'a signature by a key of the issuer'
const unchecked = (found: string): Signed => ({
  step: { on: 'the signature', passed: undefined, found, expected: A_KEY, setting: 'jwksUri' },
})

async function checkSignature(compact: CompactToken, issuer: TrustedIssuer, keysFor: KeysFor): Promise<Signed> {
  const { alg, kid } = compact.header as { alg: JwsAlgorithm; kid?: string }
  const keys = await keysFor(issuer, alg, kid)
  if (keys === 'unknown') return unchecked('not checked: the keys of the issuer are not at hand')
  const step = { on: 'the signature', expected: A_KEY, setting: 'jwksUri' }
  if (keys.length === 0)
    return { step: { ...step, passed: false, found: `the key ${shown(kid)}, which the issuer has not` }, fault: 'key' }
  for (const key of keys) {
    const { webCrypto } = jwsAlgorithms[alg]
    if (await crypto.subtle.verify(webCrypto, key, compact.signature, compact.signed).catch(() => false))
      return { step: { ...step, passed: true, found: `a signature by the key ${shown(kid)}` } }
  }
  return { step: { ...step, passed: false, found: 'a signature by somebody else' }, fault: 'signature' }
}
