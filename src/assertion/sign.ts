import { SignJWT } from 'jose'
import { Refusal } from '../errors/refusal'
import type { Ports } from '../ports'
import type { Principal } from '../token/principal'
import { type AssertionRules, type Binding, bindingClaims, identityClaims } from './claims'
import type { SigningKeys } from './keys'

/** Servers commonly take 8 KB for one header. */
const MAX_CHARS = 8_000
/** Assertions kept for reuse on routes with `bind: 'none'`. */
const MAX_REUSED = 1_000

declare const signed: unique symbol

/** A compact JWS that says who is asking. Only `sign` makes one. */
export type Assertion = string & { readonly [signed]: true }

export interface Signer {
  /**
   * Signs who is asking, for one route, and (unless the route says otherwise) for one request.
   * @param as a bearer is typed `JWT`, for validators that exist; in its own header it has a type of its own, so that it
   *   cannot be taken for anybody's access token
   * @param requestId the assertion's `jti`
   * @throws Refusal `signing-unavailable` or `assertion-too-large`; never an empty assertion
   */
  sign(
    principal: Principal,
    rules: AssertionRules,
    as: 'bearer' | 'header',
    binding: Binding,
    requestId: string,
  ): Promise<Assertion>
}

/** @param issuer the gateway's public URL, the `iss` of everything it signs */
export function createSigner(issuer: string, signingKeys: () => Promise<SigningKeys>, ports: Ports): Signer {
  const reused = new Map<string, { readonly assertion: Assertion; readonly until: number }>()

  return {
    async sign(principal, rules, as, binding, requestId) {
      const typ = as === 'bearer' ? 'JWT' : 'sallyport+jwt'
      const now = Math.floor(ports.now() / 1000)
      const identity = identityClaims(principal, rules)
      // The whole identity and everything about how it is signed is the key, so that two people, two routes or two states
      // of one person's rights can never share an assertion.
      const reuseKey = rules.bind === 'none' ? JSON.stringify([typ, rules, identity, principal.expiresAt]) : undefined
      const kept = reuseKey === undefined ? undefined : reused.get(reuseKey)
      if (kept && now < kept.until) return kept.assertion

      const { keys } = await signingKeys()
      const key = keys.find(({ algorithm }) => algorithm === rules.algorithm)
      if (!key) throw new Refusal('signing-unavailable', `no ${rules.algorithm} key`)
      const binds = rules.bind === 'request' ? await bindingClaims(binding) : {}
      // An identity may not outlive the token that it was read from by more than this one request needs.
      const expires = Math.max(Math.min(now + rules.lifetimeSeconds, principal.expiresAt), now + 1)
      const claims = { ...identity, ...binds, iss: issuer, iat: now, nbf: now, exp: expires, jti: requestId }
      const assertion = await new SignJWT(claims)
        .setProtectedHeader({ alg: key.algorithm, typ, kid: key.kid })
        .sign(key.key)
        .catch(() => {
          throw new Refusal('signing-unavailable', 'signing failed')
        })
      if (assertion.length > MAX_CHARS) throw new Refusal('assertion-too-large', `${assertion.length} characters`)
      if (reuseKey !== undefined) keep(reuseKey, assertion as Assertion, now + (expires - now) / 2)
      return assertion as Assertion
    },
  }

  function keep(key: string, assertion: Assertion, until: number): void {
    if (reused.size >= MAX_REUSED) reused.delete(reused.keys().next().value ?? '')
    reused.set(key, { assertion, until })
  }
}
